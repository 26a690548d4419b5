/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/limits.h - every limit, once: unit, reason, and the test that crosses it.
 */
#ifndef HANSA_BASE_LIMITS_H
#define HANSA_BASE_LIMITS_H

/* clang-format off */
#define KIB 1024
#define MIB (1024 * 1024)

/* ---- wire -------------------------------------------------------------------------------- */
/* One ZeroMQ message, envelope included, bytes. ZMQ_MAXMSGSIZE is this and what CURVE adds: a
 * bigger frame dies at its header, before any allocation. tests/net/test_edge.py */
#define MESSAGE_MAX      (64 * KIB)
#define ENVELOPE_SIZE    36
#define MESSAGE_BODY_MAX (MESSAGE_MAX - ENVELOPE_SIZE)
/* Nested protobuf messages; our deepest is Records > Run > Disclosure > Field. test_prescan.c */
#define PRESCAN_DEPTH_MAX 5
/* protobuf fields in one message, counted over all nesting: bounds what the decoder allocates. */
#define PRESCAN_FIELDS_MAX 16384
/* Revisions in one run of a Records message (DESIGN section 3). test_wire.c */
#define RUN_ITEMS_MAX 64
#define RECORDS_RUNS_MAX 256
/* Revisions under one batch signature; a Merkle path then has at most 16 steps. test_merkle.c */
#define BATCH_MAX       65536
#define MERKLE_PATH_MAX 16

/* ---- records ----------------------------------------------------------------------------- */
#define FIELDS_MAX      120       /* fields of one revision */
#define COMMITMENTS_MAX 128       /* FIELDS_MAX padded to a multiple of 8 */
#define COMMITMENTS_PAD 8
#define FIELD_VALUE_MAX (8 * KIB) /* bytes of one value */
#define RECORD_MAX      (32 * KIB) /* all values of one revision: always fits one message */
#define NAME_SPACE_MAX  64        /* bytes of a field's or type's name space */
#define REVISION_MAX    512       /* bytes of a Revision; the fullest takes under 300. test_prescan.c */
#define TYPES_MAX       256
#define TYPE_FIELDS_MAX 256       /* fields a type may define */

/* ---- rules (schema/rule.h). test_rule.c ---------------------------------------------------- */
#define RULE_MAX       (4 * KIB) /* bytes */
/* Values compared: SQLite joins them to an expression as deep as there are values, of at most 200. */
#define RULE_TERMS_MAX 64
#define RULE_DEPTH_MAX 8         /* open parentheses and "not"s: SQLite's parser keeps 100 symbols */

/* Rows of one event that are one person's line. A value that more rows have tells nobody apart, and one partner
 * could make every change walk over all of them. test_person.c */
#define PERSON_ROWS_MAX 32

/* Sellers among whom leads are dealt out at once; each is looked at for each lead. tests/net/test_guests.py */
#define LEAD_SELLERS_MAX 64

/* Rows of one share that the preview of a revocation looks at, because the loop runs it; beyond, its numbers say "at
 * least". tests/net/test_revocation.py */
#define PREVIEW_ROWS_MAX 4096
/* Rows that it looks at altogether, let through or not, and pairs of shares that it compares: how many shares fall is for
 * partners to say, who pass on. tests/unit/node/test_stop.c */
#define PREVIEW_LOOKS_MAX (16 * PREVIEW_ROWS_MAX)
/* Rows that are named one by one where a number says what may be on the wire. tests/net/test_revocation.py */
#define PREVIEW_NAMED_MAX 20

/* What one partner can make us keep (node/budget.c); test_budget.c. Companies that it introduced: each is a descriptor and a
 * line of people's lists. Shares of its that run, and those that were passed on of what we gave it: each is a verified chain
 * in memory. Revocations that came before their grants: each some 300 bytes until the grant comes; the oldest go. Sealed
 * messages that wait here for the next link, each of one message: more are let go, and their author sends them again. Handles
 * of rows that we carried: more are carried and not counted. Rows refused in its contributions: more are dead letters.
 * Withdrawals of rows that did not come, 100 bytes each: as many rows as may be under way; the older half goes. */
#define INTRODUCED_MAX        1024
#define OFFERS_RUNNING_MAX    4096
#define NOTED_RUNNING_MAX     4096
#define REVOCATIONS_EARLY_MAX 1024
#define CARRY_MAX             4096
#define CARRIED_MAX           16384
#define REFUSED_ROWS_MAX      16384
#define WITHDRAWN_EARLY_MAX   (CREDIT_DATA_FRAMES * RUN_ITEMS_MAX)
/* Control objects that wait for one partner: beyond the first nothing is shared anew with it, beyond the second nothing is
 * taken of it that wants an answer, until it takes some. Far apart, so that two partners never wait for each other.
 * test_exchange_out.c */
#define ACTS_WAITING_MAX      4096
#define ANSWERS_WAITING_MAX   16384

/* Proofs kept that one owner signed two contents with one position, each under 4 KiB; more are frozen and not kept.
 * test_equivocation.c */
#define EQUIVOCATIONS_MAX 256

/* ---- grants ------------------------------------------------------------------------------ */
#define CHAIN_MAX         4   /* links, root included: pass-on depth is at most 3 now */
#define PASS_ON_DEPTH_MAX 3
#define GRANT_FIELDS_MAX  256 /* field entries in one grant */
#define GRANT_RECORDS_MAX 256 /* record ids in one selector */
#define GRANT_LIST_MAX    32  /* purposes, countries */
#define TERMS_WANT_MAX    32  /* fields that a contribution may have, and fields of one ask. test_wire_return.c */
#define LIGHT_COLUMNS_MAX 40  /* columns of a reply sheet: what may be wanted and what a row always may have. test_wire_return.c */
#define VERDICT_ROWS_MAX  64  /* rows judged in one object: what one message brings. test_wire_return.c */
#define ASK_ROWS_MAX      32  /* rows in one ask: fits OBJECT_MAX with every field. test_wire_return.c */
#define RECEIPT_RECORDS_MAX 256 /* records named in one receipt: fits OBJECT_MAX. test_wire_return.c */
#define RECEIPTS_KEPT_MAX   4096 /* that name records, of one company for another; the oldest go. test_receipt.c */
#define RECEIPTS_CARRIED_MAX 4096 /* of others, waiting for one company. test_receipt.c */
#define WITHDRAWAL_ROWS_MAX 64 /* rows that one object takes back: as many handles as a sealed header has. test_wire_return.c */
#define CODE_MAX          32  /* bytes of a reason that programs read. test_wire_return.c */
/* Entries read of a row's consent purposes and of its recipients; those beyond are not there. test_consent.c */
#define CONSENT_ENTRIES_MAX 64
#define PROPOSALS_OPEN_MAX 256  /* open proposals of one company to another. tests/net/test_proposals.py */
#define PROPOSAL_MAX       (15 * KIB) /* values, 16 bytes and name space of each, and comment: fits OBJECT_MAX. tests/net/test_proposals.py */
#define PROPOSALS_KEPT_MAX 1000 /* decided ones remembered per company and direction. test_exchange_return.c */
/* Revoked grants that one head names: fits OBJECT_MAX. No more than so many are passed on below one root, so that all of them
 * could be revoked. test_heads.c, test_budget.c */
#define HEAD_REVOKED_MAX  400
/* How long an owner's word may stand, and the least that an admin may set, milliseconds. test_heads.c,
 * tests/vectors/returns.json, tests/net/test_leases.py */
#define LEASE_MS_MAX      (24 * 3600 * 1000)
#define LEASE_MS_MIN      (60 * 1000)
#define GRANT_MAX         (16 * KIB)
#define OBJECT_MAX        (16 * KIB) /* any other signed object */
#define INTRODUCE_MAX     (4 * KIB)  /* the one message that a guest key may send. test_prescan.c */
#define TEXT_SHORT_MAX    256  /* names, titles, purpose words: bytes */
#define TEXT_LONG_MAX     4096 /* notes, reasons: bytes */
#define ENDPOINT_MAX      256
#define ENDPOINTS_MAX     8
/* Descriptors of one company that are kept, the newest and those before it: what was signed under an older one must
 * verify. test_companies.c */
#define DESCRIPTORS_MAX   8
/* New descriptors of one company that are taken in a day, since each makes the data of others wait; the next day's are taken
 * although some are missing. test_keys.c */
#define KEY_CHANGES_A_DAY_MAX 32
#define BUNDLE_DESCRIPTORS_MAX ((CHAIN_MAX + 1) * DESCRIPTORS_MAX) /* that come with one chain. test_prescan.c */
/* Two clocks may differ by this much before an end date cannot be judged, milliseconds. */
#define CLOCK_TOLERANCE_MS (5 * 60 * 1000)

/* ---- the sealed way (docs/protocol/sealed.md). test_wire_return.c, test_seal.c --------------- */
#define HANDLE_SIZE     16  /* a row's random name for carriers */
#define SEAL_KEY_SIZE   80  /* crypto_box_seal of a 32-byte content key */
#define SEAL_NONCE_SIZE 24
#define SEAL_TAG_SIZE   16
#define SEAL_PAD        256 /* what is sealed is filled up to a multiple: its length says less */
#define SEAL_HEAD       5   /* u8 kind, u32 length */
#define SEAL_HEADER_MAX (4 * KIB) /* Signed header of the fullest: 64 + 64 handles are 2.3 KiB */
#define SEAL_ROOM       ((MESSAGE_BODY_MAX - SEAL_HEADER_MAX) / SEAL_PAD * SEAL_PAD - SEAL_PAD) /* bytes of what is sealed, padding included */

/* ---- letters (docs/protocol/letters.md). test_letter.c ------------------------------------------ */
#define LETTER_PARTS_MAX 31   /* sealed parts of one letter: as many as its file has room for */
#define LETTER_FILE_MAX  (4 * MIB) /* bytes */
#define LETTER_ITEMS_MAX 4096 /* objects in one letter: the loop verifies them in one round, 0.1 ms each */

/* ---- delivery ---------------------------------------------------------------------------- */
/* What one partner may have unacknowledged at us; ZeroMQ's marks are above it, so never reached. */
#define CREDIT_DATA_FRAMES    64
#define CREDIT_DATA_BYTES     (4 * MIB)
#define CREDIT_CONTROL_FRAMES 16
#define ZMQ_HWM_FRAMES        128

/* ---- repair (docs/protocol/repair.md). test_wire_scopes.c, test_scope.c --------------------------- */
#define SCOPE_SUM_SIZE   32
#define SCOPES_MAX       64 /* scopes compared in one message */
#define SCOPE_PARTS      16 /* of a range: by the next hexadecimal digit of the record id */
#define SCOPE_DEPTH_MAX  12 /* digits of the narrowest range: the 6 bytes by which records are found */
#define SCOPE_LIST_MAX   64 /* entries of one range; one with more is split */
#define SCOPE_RANGES_MAX 16 /* ranges of one message: 16 full lists are 45 KiB */
/* Ranges that one comparison may still have before it: all 16 of a message split at each depth. test_repair.c */
#define SCOPE_TODO_MAX   (SCOPE_RANGES_MAX * SCOPE_PARTS * (SCOPE_DEPTH_MAX + 1))

/* ---- edge: what partners and strangers can make it hold. tests/net/test_edge.py --------------- */
#define EDGE_NODES_MAX    512  /* companies and invitations admitted at once */
#define EDGE_FDS_MAX      4096 /* file descriptors of the process */
/* Connections that have not yet delivered a message; the newest beyond is cut. */
#define EDGE_NAMELESS_MAX 256
/* Connections of one company: beyond it its oldest is cut, a leftover of a broken network. */
#define EDGE_LINKS_PER_NODE 4
/* Bytes received on one connection and not yet delivered as messages. libzmq cannot bound the
 * parts of a message that never ends, so edge counts and cuts. A sender whose greeting is not yet
 * answered has sent a few hundred bytes. */
#define EDGE_HELD_MAX          (ZMQ_HWM_FRAMES * (MESSAGE_MAX + 64) + MIB)
#define EDGE_HELD_NAMELESS_MAX (256 * KIB)
#define EDGE_GUEST_MAX         (4 * KIB) /* bytes of an Introduce, envelope included */
/* Data segment of the process: beyond it libzmq aborts, and the parent starts edge anew. */
#define EDGE_MEMORY_MAX ((size_t)512 * MIB)

/* ---- this machine ------------------------------------------------------------------------ */
/* HOME/ballast, bytes: what is kept free for taking back on a full disk (node/disk.h). A row of a share that goes
 * writes about 1 KiB into the log, a scattered one some 24 KiB: LET_GO_PIECE of them always fit. test_disk.c, tests/net/test_disk.py */
#define BALLAST_SIZE (16 * MIB)
#define BALLAST_STEP (1 * MIB)   /* it is filled up again in steps, as far as there is room */
#define DISK_BACK    (16 * MIB)  /* what must be free beside the ballast before work goes on: not full again at once */
#define DISK_LOW     (1 * MIB)   /* with less left the disk counts as full before a write fails */
#define DISK_TIGHT   (256 * MIB) /* with less left the log is emptied early: what waits in it needs room twice */
/* Rows under one share that are erased or hidden in one transaction; more go piece by piece. tests/net/test_disk.py */
#define LET_GO_PIECE 256
/* Objects of one partner that are taken on the ballast's room, some KiB each, until it is whole again; more wait
 * unacknowledged. test_disk.c */
#define DISK_TAKES_MAX 256
/* Control objects that may wait for a partner that says it was restored, before it is answered again, and for how long not again:
 * each answer is work over all that is shared with it. test_give_back.c */
#define RETURN_WAITING_MAX 256
#define GIVE_BACK_EVERY_MS (60 * 1000)
/* HOME/journal: one record, and the whole file, which is written anew when it is long. test_journal.c */
#define JOURNAL_RECORD_MAX 256
#define JOURNAL_MAX        (16 * MIB)
#define ARENA_CAP_DEFAULT (64 * MIB)
#define ARENA_CAP_MESSAGE (4 * MIB)    /* decoding one message of a partner */
#define HTTP_BODY_MAX     (1 * MIB)    /* JSON body of the API */
#define HTTP_UPLOAD_MAX   (256 * MIB)  /* a file to import */
#define HTTP_TARGET_MAX   (64 * KIB)   /* path and query, encoded: a mapping file may be in it */
#define HTTP_HEAD_MEMORY  (160 * KIB)  /* what the server holds of one request's head, target included */
#define HTTP_FILE_MAX     (64 * KIB)   /* a small file sent as text in the body */
#define HTTP_JSON_DEPTH_MAX   16
#define HTTP_CONNECTIONS_MAX  64
#define HTTP_IDLE_SECONDS     60
#define CSV_LINE_MAX      (1 * MIB)    /* bytes of one CSV row */
#define CSV_COLUMNS_MAX   512
/* A calendar answer: some 3 KiB each, a day's in one file at most. test_ical.c */
#define ICAL_FILE_MAX       (256 * KIB)
#define ICAL_LINE_MAX       (8 * KIB)  /* bytes of one line, unfolded, that is read */
#define ICAL_DEPTH_MAX      4          /* components in components: calendar, event, alarm */
#define ICAL_COMPONENTS_MAX 256
#define ICAL_COMPANIONS_MAX 999        /* people that one guest brings along */
/* Bytes of one line of HOME/suppression.list; the longest that we write has under 1 KiB. test_suppression.c */
#define SUPPRESSION_LINE_MAX 4096
/* A reply sheet is taken in one piece and matched against all that came before. tests/net/test_light.py */
#define LIGHT_SHEET_MAX   (1 * MIB)
#define LIGHT_ROWS_MAX    1000         /* rows held under one share by file */
#define PAGE_MAX          200          /* rows of one list page */
/* One part of a file that is exported: rows, and bytes before the last row. test_export.c */
#define EXPORT_ROWS_MAX   10000
#define EXPORT_PART_MAX   (4 * MIB)
#define EXPORTS_MAX       16           /* files of which a part is still to be asked for */
/* clang-format on */

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/prescan_tables.c - one table per message of schema/wire.proto, row i is field number i
 * + 1.
 *
 * An optional field that stands is never empty, zero or false (its minimum is 1), so that
 * absence has one form. Counters and times fit 63 bits: they are stored and compared as signed
 * numbers.
 */
#include <stdint.h>

#include "schema/base/cleanup.h"
#include "schema/base/ids.h"
#include "schema/base/limits.h"
#include "schema/prescan.h"

/* clang-format off */
#define REQ(kind, min, max)         { PRESCAN_##kind, PRESCAN_REQUIRED, (min), (max), 0, 0, NULL }
#define OPT(kind, min, max)         { PRESCAN_##kind, PRESCAN_OPTIONAL, (min), (max), 0, 0, NULL }
#define REP(kind, min, max, cmin, cmax) \
    { PRESCAN_##kind, PRESCAN_REPEATED, (min), (max), (cmin), (cmax), NULL }
#define REQ_FIXED(len)              REQ(BYTES, (len), (len))
#define OPT_FIXED(len)              OPT(BYTES, (len), (len))
#define REQ_COUNTER(min)            REQ(UINT64, (min), INT64_MAX)
#define REQ_TIME                    REQ(UINT64, 0, INT64_MAX)
#define REQ_BOOL                    REQ(BOOL, 0, 1)
#define REQ_MESSAGE(name)           { PRESCAN_MESSAGE, PRESCAN_REQUIRED, 0, MESSAGE_BODY_MAX, 0, 0, &prescan_##name }
#define OPT_MESSAGE(name)           { PRESCAN_MESSAGE, PRESCAN_OPTIONAL, 0, MESSAGE_BODY_MAX, 0, 0, &prescan_##name }
#define REP_MESSAGE(name, cmin, cmax) \
    { PRESCAN_MESSAGE, PRESCAN_REPEATED, 0, MESSAGE_BODY_MAX, (cmin), (cmax), &prescan_##name }
#define TABLE(name, size_max, ...)                                                             \
    static const struct prescan_field fields_##name[] = { __VA_ARGS__ };                       \
    const struct prescan_message prescan_##name = { (size_max), fields_##name, COUNT_OF(fields_##name) };

TABLE(signed, MESSAGE_BODY_MAX,
    REQ(BYTES, 0, OBJECT_MAX),          /* body */
    REQ_FIXED(64))                      /* signature */

TABLE(descriptor, OBJECT_MAX,
    REQ_FIXED(32),                      /* root_key */
    REQ_FIXED(32),                      /* audience */
    REQ_COUNTER(1),                     /* serial */
    OPT_FIXED(ID_SIZE),                 /* previous */
    REQ(TEXT, 1, TEXT_SHORT_MAX),       /* name */
    REQ(TEXT, 2, 2),                    /* country */
    REQ_FIXED(32),                      /* signing_key */
    REQ_FIXED(32),                      /* transport_key */
    REQ_FIXED(32),                      /* sealing_key */
    REP(TEXT, 1, ENDPOINT_MAX, 0, ENDPOINTS_MAX), /* endpoint */
    REQ_TIME,                           /* not_before_ms */
    REQ_TIME,                           /* not_after_ms */
    OPT(UINT64, 2, INT64_MAX))          /* refused_below */

TABLE(revision, REVISION_MAX,
    REQ_FIXED(16),                      /* nonce */
    REQ_FIXED(ID_SIZE),                 /* owner */
    REQ(UINT32, 0, UINT32_MAX),         /* type */
    OPT(TEXT, 1, NAME_SPACE_MAX),       /* type_space */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1),                     /* number */
    OPT_FIXED(ID_SIZE),                 /* previous */
    REQ_FIXED(ID_SIZE),                 /* profile */
    REQ_FIXED(ID_SIZE),                 /* commitments */
    REQ_TIME,                           /* claimed_ms */
    OPT(BOOL, 1, 1))                    /* tombstone */

TABLE(field, MESSAGE_BODY_MAX,
    REQ(UINT32, 0, UINT32_MAX),         /* number */
    OPT(TEXT, 1, NAME_SPACE_MAX),       /* space */
    REQ(BYTES, 0, FIELD_VALUE_MAX),     /* value */
    OPT_FIXED(16))                      /* salt */

TABLE(disclosure, MESSAGE_BODY_MAX,
    REQ(BYTES, 0, REVISION_MAX),        /* revision */
    OPT_FIXED(32),                      /* secret */
    REP_MESSAGE(field, 0, FIELDS_MAX),  /* field */
    OPT(HASHES, ID_SIZE, COMMITMENTS_MAX * ID_SIZE)) /* withheld */

TABLE(run, MESSAGE_BODY_MAX,
    REQ(UINT32, 1, BATCH_MAX),          /* size */
    REQ(UINT32, 0, BATCH_MAX - 1),      /* first */
    REQ_FIXED(64),                      /* signature */
    OPT(HASHES, ID_SIZE, MERKLE_PATH_MAX * ID_SIZE), /* path */
    REP_MESSAGE(disclosure, 1, RUN_ITEMS_MAX)) /* item */

TABLE(records, MESSAGE_BODY_MAX,
    REQ_FIXED(ID_SIZE),                 /* grant */
    REP_MESSAGE(run, 1, RECORDS_RUNS_MAX)) /* run */

TABLE(grant_field, GRANT_MAX,
    REQ(UINT32, 0, UINT32_MAX),         /* type */
    OPT(TEXT, 1, NAME_SPACE_MAX),       /* type_space */
    REQ(UINT32, 0, UINT32_MAX),         /* number */
    OPT(TEXT, 1, NAME_SPACE_MAX))       /* space */

TABLE(terms, GRANT_MAX,
    REP_MESSAGE(grant_field, 1, TERMS_WANT_MAX), /* want */
    OPT(UINT32, 1, UINT32_MAX),         /* quota */
    OPT(UINT64, 1, INT64_MAX),          /* closes_ms */
    OPT(BOOL, 1, 1))                    /* chain */

TABLE(grant, GRANT_MAX,
    REQ_FIXED(ID_SIZE),                 /* issuer */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* owner */
    OPT_FIXED(ID_SIZE),                 /* parent */
    REP(BYTES, ID_SIZE, ID_SIZE, 0, GRANT_RECORDS_MAX), /* record */
    OPT_FIXED(ID_SIZE),                 /* tree */
    OPT_FIXED(ID_SIZE),                 /* segment */
    REP_MESSAGE(grant_field, 0, GRANT_FIELDS_MAX), /* field */
    REQ(UINT32, 0, UINT32_MAX),         /* actions */
    REQ(UINT32, 0, UINT32_MAX),         /* depth */
    REQ_TIME,                           /* not_before_ms */
    REQ_TIME,                           /* not_after_ms */
    REP(TEXT, 1, TEXT_SHORT_MAX, 0, GRANT_LIST_MAX), /* purpose */
    REP(TEXT, 2, 2, 0, GRANT_LIST_MAX), /* country */
    REQ(UINT32, 0, UINT32_MAX),         /* delete_days */
    REQ_BOOL,                           /* receipt */
    REQ_FIXED(16),                      /* nonce */
    OPT_MESSAGE(terms),                 /* terms */
    OPT_FIXED(ID_SIZE))                 /* cites */

TABLE(offer, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(UINT32, 1, 4),                  /* kind */
    REQ(TEXT, 0, TEXT_SHORT_MAX),       /* title */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* note */
    REQ(UINT32, 0, UINT32_MAX),         /* count */
    REQ_TIME)                           /* offered_ms */

TABLE(offer_body, MESSAGE_BODY_MAX, /* and PassOnBody, which is the same on the wire */
    REQ_MESSAGE(signed),                /* offer */
    REP_MESSAGE(signed, 0, CHAIN_MAX),  /* link */
    REP_MESSAGE(signed, 0, BUNDLE_DESCRIPTORS_MAX)) /* descriptor */

TABLE(declined, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* record */
    REQ(TEXT, 0, TEXT_LONG_MAX))        /* reason */

TABLE(answer, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* offer */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_BOOL,                           /* accepted */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* reason */
    REP_MESSAGE(declined, 0, GRANT_RECORDS_MAX), /* declined */
    REQ_TIME)                           /* answered_ms */

TABLE(passon, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_FIXED(ID_SIZE),                 /* next */
    REQ_TIME)                           /* asked_ms */

TABLE(passon_ack, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_BOOL,                           /* noted */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* reason */
    REQ_TIME)                           /* noted_ms */

TABLE(revocation, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* owner */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* reason */
    REQ_TIME)                           /* revoked_ms */

TABLE(judged, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* record */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1),                     /* number */
    REQ_BOOL,                           /* taken */
    REQ(TEXT, 0, CODE_MAX))             /* reason */

TABLE(verdict, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REP_MESSAGE(judged, 1, VERDICT_ROWS_MAX), /* row */
    REQ_TIME)                           /* judged_ms */

TABLE(wanted, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* record */
    REP_MESSAGE(grant_field, 1, TERMS_WANT_MAX)) /* field */

TABLE(ask, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REP_MESSAGE(wanted, 1, ASK_ROWS_MAX), /* row */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* note */
    REQ_TIME)                           /* asked_ms */

TABLE(proposal, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_FIXED(ID_SIZE),                 /* record */
    REQ_FIXED(ID_SIZE),                 /* seen */
    REP_MESSAGE(field, 1, FIELDS_MAX),  /* field */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* note */
    REQ_TIME)                           /* proposed_ms */

TABLE(proposal_answer, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* proposal */
    REQ_BOOL,                           /* accepted */
    REQ(TEXT, 0, TEXT_LONG_MAX),        /* reason */
    REQ_TIME)                           /* answered_ms */

TABLE(withdrawn, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* record */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1))                     /* number */

TABLE(withdrawal, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* owner */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REP_MESSAGE(withdrawn, 1, WITHDRAWAL_ROWS_MAX), /* row */
    REQ(TEXT, 1, CODE_MAX),             /* reason */
    REQ_TIME)                           /* withdrawn_ms */

TABLE(sealed, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(UINT32, 1, UINT32_MAX),         /* epoch */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1),                     /* number */
    REP(BYTES, HANDLE_SIZE, HANDLE_SIZE, 0, RUN_ITEMS_MAX), /* handle */
    REP(BYTES, HANDLE_SIZE, HANDLE_SIZE, 0, RUN_ITEMS_MAX), /* gone */
    REQ_FIXED(SEAL_KEY_SIZE),           /* key */
    REQ_FIXED(SEAL_NONCE_SIZE),         /* nonce */
    REQ_FIXED(ID_SIZE))                 /* box */

TABLE(sealed_body, MESSAGE_BODY_MAX,
    REQ_MESSAGE(signed),                /* header */
    REQ(BYTES, SEAL_PAD + SEAL_TAG_SIZE, SEAL_ROOM + SEAL_TAG_SIZE)) /* box */

TABLE(sealed_receipt, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(0),                     /* have */
    REQ_COUNTER(0),                     /* seen */
    REQ_TIME)                           /* received_ms */

TABLE(receipt, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* owner */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(UINT32, 1, 4),                  /* state */
    REP(BYTES, ID_SIZE, ID_SIZE, 0, RECEIPT_RECORDS_MAX), /* record */
    REQ(UINT32, 0, UINT32_MAX),         /* count */
    REQ(TEXT, 0, CODE_MAX),             /* reason */
    REQ(TEXT, 0, TEXT_SHORT_MAX),       /* basis */
    REQ_TIME)                           /* at_ms */
TABLE(light_offer, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_FIXED(ID_SIZE),                 /* event */
    REP_MESSAGE(grant_field, 0, LIGHT_COLUMNS_MAX), /* column */
    REQ_TIME)                           /* offered_ms */

TABLE(head, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_COUNTER(1),                     /* number */
    REP(BYTES, ID_SIZE, ID_SIZE, 0, HEAD_REVOKED_MAX), /* revoked */
    REQ_TIME,                           /* issued_ms */
    REQ_TIME)                           /* expires_ms */

TABLE(void, OBJECT_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ(UINT32, 1, 2),                  /* stream */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1),                     /* first */
    REQ_COUNTER(1))                     /* last */

TABLE(signed_body, MESSAGE_BODY_MAX, /* and RevocationBody, which is the same on the wire */
    REQ_MESSAGE(signed))                /* object */

TABLE(stream_state, MESSAGE_BODY_MAX,
    REQ(UINT32, 1, 2),                  /* stream */
    REQ(UINT32, 0, UINT32_MAX),         /* incarnation; 0: none heard of */
    REQ_COUNTER(0),                     /* have */
    REQ(UINT32, 0, UINT32_MAX),         /* credit_frames */
    REQ_COUNTER(0))                     /* credit_bytes */

TABLE(hello, MESSAGE_BODY_MAX,
    REQ_FIXED(ID_SIZE),                 /* author */
    REQ_FIXED(ID_SIZE),                 /* audience */
    REQ(UINT64, 1, UINT64_MAX),         /* session */
    REQ(UINT64, 0, UINT64_MAX),         /* answers */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_TIME,                           /* clock_ms */
    REQ_COUNTER(0),                     /* descriptor_serial */
    REP_MESSAGE(stream_state, 0, 2),    /* stream */
    REQ_FIXED(ID_SIZE))                 /* profile */

TABLE(ack, MESSAGE_BODY_MAX,
    REP_MESSAGE(stream_state, 0, 2))    /* stream */

TABLE(scope_state, MESSAGE_BODY_MAX,
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ_COUNTER(0),                     /* count */
    REQ_FIXED(SCOPE_SUM_SIZE))          /* sum */

TABLE(scopes, MESSAGE_BODY_MAX,
    REQ(UINT32, 0, UINT32_MAX),         /* incarnation; 0: none heard of */
    REQ_COUNTER(0),                     /* have */
    OPT(BOOL, 1, 1),                    /* answer */
    REP_MESSAGE(scope_state, 0, SCOPES_MAX)) /* scope */

TABLE(scope_part, MESSAGE_BODY_MAX,
    REQ_COUNTER(0),                     /* count */
    REQ_FIXED(SCOPE_SUM_SIZE))          /* sum */

TABLE(scope_entry, MESSAGE_BODY_MAX,
    REQ_FIXED(ID_SIZE),                 /* record */
    REQ(UINT32, 1, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(1))                     /* number */

TABLE(scope_range, MESSAGE_BODY_MAX,
    REQ(UINT32, 0, SCOPE_DEPTH_MAX),    /* depth */
    REQ_COUNTER(0),                     /* prefix */
    OPT(BOOL, 1, 1),                    /* split */
    OPT(BOOL, 1, 1),                    /* listed */
    REP_MESSAGE(scope_part, 0, SCOPE_PARTS), /* part */
    REP_MESSAGE(scope_entry, 0, SCOPE_LIST_MAX)) /* entry */

TABLE(scope_ids, MESSAGE_BODY_MAX,
    REQ_FIXED(ID_SIZE),                 /* grant */
    REQ(UINT32, 0, UINT32_MAX),         /* incarnation */
    REQ_COUNTER(0),                     /* have */
    OPT(BOOL, 1, 1),                    /* answer */
    REP_MESSAGE(scope_range, 1, SCOPE_RANGES_MAX)) /* range */

TABLE(introduce, INTRODUCE_MAX,
    REQ_FIXED(16),                      /* token */
    REQ_MESSAGE(signed))                /* descriptor */
/* clang-format on */

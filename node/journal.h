/* SPDX-License-Identifier: Apache-2.0
 *
 * node/journal.h - HOME/journal: what must never go back, outside the database and its backups. A database that
 * is older than its journal was restored from a copy.
 *
 * The file: 16 bytes "hansa journal 1\n", then records: u8 kind, u32 length, content, 8 bytes checksum (the first of
 * BLAKE2b-256 over kind, length and content). It only grows; a torn record at the end is dropped when it is opened,
 * and a long file is written anew with what still counts. No personal data.
 */
#ifndef HANSA_NODE_JOURNAL_H
#define HANSA_NODE_JOURNAL_H

#include "schema/base/bytes.h"
#include "schema/base/ids.h"

enum journal_kind {
    JOURNAL_INCARNATION = 1, /* u32 incarnation, u64 number of the last audit entry before it */
    JOURNAL_PARTNER = 2,     /* 32 node id, u8 enum company_state */
    JOURNAL_SERIAL = 3,      /* u64 serial of our newest descriptor */
    JOURNAL_AUDIT = 4,       /* a signed audit head: node/audit.c */
    JOURNAL_ACCEPTED =
        5, /* a signed audit head over an entry "audit.accepted": node/audit_check.c */
};

struct journal;

/* Reads it, makes it when there is none, drops a torn tail. STATUS_CORRUPT: the file is something else. */
MUST_CHECK enum status journal_open(const char *home, struct journal **out);
void journal_close(struct journal **journal);
/* For a look at it while another writes: nothing may be added. An absent one is empty. */
MUST_CHECK enum status journal_read(const char *home, struct journal **out);

/* Waits until journal_flush; undone by journal_undo to what journal_waiting said. */
void journal_add(struct journal *journal, enum journal_kind kind, struct bytes content);
size_t journal_waiting(const struct journal *journal);
void journal_undo(struct journal *journal, size_t waiting);
/* What waits, into the file. durable: also through a loss of power. What fails goes on waiting. */
MUST_CHECK enum status journal_flush(struct journal *journal, bool durable);

/* The records in the file, oldest first. at: 0 to begin, moved on; false: no more. */
bool journal_next(const struct journal *journal, size_t *at, enum journal_kind *kind,
                  struct bytes *content);

#endif

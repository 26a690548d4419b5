/* SPDX-License-Identifier: Apache-2.0
 *
 * node/audit_priv.h - between writing the audit (node/audit.c) and looking at it (node/audit_check.c).
 */
#ifndef HANSA_NODE_AUDIT_PRIV_H
#define HANSA_NODE_AUDIT_PRIV_H

#include "node/core_priv.h"

struct audit_entry {
    int64_t number;
    int64_t at_ms;
    const char *actor, *action;
    struct bytes subject, detail;
};
struct digest audit_entry_hash(const struct digest *before, const struct audit_entry *e);

/* What the key process signs: 32 author, u32 incarnation, u64 number, 32 hash of that entry, u64 time. */
enum { AUDIT_HEAD_SIZE = ID_SIZE + 4 + 8 + ID_SIZE + 8 };
enum {
    AUDIT_RECORD_SIZE = AUDIT_HEAD_SIZE + sizeof(struct signature)
}; /* and that in the journal */
struct audit_head {
    struct node_id author;
    uint32_t incarnation;
    int64_t number;
    struct digest hash;
    struct wall_ms at;
};
void audit_head_format(const struct audit_head *head, uint8_t out[static AUDIT_HEAD_SIZE]);

/* Hashes in an open HOME/audit.hashes. */
int64_t audit_hashes_count(int fd);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/audit.h - what a look at the audit finds (node/audit_check.c).
 */
#ifndef HANSA_NODE_AUDIT_H
#define HANSA_NODE_AUDIT_H

#include "schema/base/ids.h"

enum audit_fault {
    AUDIT_FAULT_NONE,
    AUDIT_FAULT_CHAIN,  /* the hash does not follow */
    AUDIT_FAULT_EDITED, /* HOME/audit.hashes has another one */
    AUDIT_FAULT_CUT,    /* entries are gone that were there */
    AUDIT_FAULT_SIGNED, /* the key process signed another one, for this entry or one soon after */
    AUDIT_FAULT_FORGED, /* a signed head in the journal is not by our key */
};
struct audit_finding {
    int64_t count;
    int64_t bad;       /* number of the first bad entry, 0: all is well */
    int64_t signed_to; /* the newest entry whose hash was signed and fits */
    enum audit_fault fault;
    /* The last time an admin accepted that it is broken: what is said above is about the entries from there on. */
    int64_t since;     /* number of the entry that says so, 0: never */
    int64_t broken_at; /* the first bad entry before it */
    struct wall_ms accepted;
    char accepted_by[64];
};

#endif

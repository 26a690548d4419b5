/* SPDX-License-Identifier: Apache-2.0
 *
 * node/erase.h - a person's own records, found together, and destroyed (P11).
 */
#ifndef HANSA_NODE_ERASE_H
#define HANSA_NODE_ERASE_H

#include "node/service_priv.h"

enum { ERASE_RECORDS_MAX = 4096 };

enum erase_fate {
    ERASE_GONE,   /* becomes a tombstone, its values are destroyed */
    ERASE_UNTIED, /* an order, a ticket: stays, and no longer says of whom it was */
    ERASE_KEPT,   /* a lead that copies nothing of her: stays, and says why it knows no name */
};

/* Every record that is one person's: of ours, and of those that we hold for companies without a node. */
struct erase_set {
    struct erase_item {
        int64_t record;
        const struct type *type;
        struct record_id id;
        enum erase_fate fate;
        int64_t light; /* held for this company without a node: nobody hears of it; 0: ours */
        int64_t leaf;  /* ... under this grant */
    } * items;         /* in the arena */
    size_t count;
    bool is_cut; /* more than ERASE_RECORDS_MAX */
};
/* From one contact, guest or lead of these: those with the same address or mobile number, and all that refer to them. */
MUST_CHECK enum status erase_collect(struct call *call, const struct record_now *person,
                                     struct erase_set *out);
/* Is it held for a company without a node? */
bool erase_is_light(struct call *call, const struct record_now *now);
/* Destroys them, and what jobs remember of these values. */
MUST_CHECK enum status erase_run(struct call *call, const struct erase_set *set,
                                 const char *action);
/* An older database was put back: whoever is on the suppression list goes once more. In core's transaction. */
MUST_CHECK enum status erase_suppressed(struct core *core);

#endif

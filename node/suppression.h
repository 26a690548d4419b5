/* SPDX-License-Identifier: Apache-2.0
 *
 * node/suppression.h - who must not come back (P11): keyed hashes of the values that identify a person who was erased,
 * or who took back her consent, and of the ids of her records. No name, no value.
 *
 * 1. The key is in HOME/suppression.key, and every entry also in HOME/suppression.list, one line each: neither is in the
 *    database, so an older database finds the entries there and obeys them at its start.
 * 2. An entry is in the file, durably, before the act that made it is answered.
 * 3. ERASED: no record of ours may hold the value. WITHDRAWN: a record may, but its ground for sharing says nothing of what
 *    was taken back.
 */
#ifndef HANSA_NODE_SUPPRESSION_H
#define HANSA_NODE_SUPPRESSION_H

#include "node/service_priv.h"

enum { SUPPRESSION_KEY_SIZE = 16, SUPPRESSION_KEYS_MAX = 13 };

#define SUPPRESSION_ERASED    "ERASED"
#define SUPPRESSION_WITHDRAWN "WITHDRAWN"

/* What identifies the person of one record, hashed. */
struct suppression_keys {
    struct suppression_key {
        uint8_t b[SUPPRESSION_KEY_SIZE];
        bool weak, is_record;
    } at[SUPPRESSION_KEYS_MAX];
    size_t count;
};
/* None: the type says nothing of people, or the record has too little to know her again. */
void suppression_keys_of(const struct core *core, const struct type *type,
                         const struct field *fields, size_t count,
                         struct suppression_keys *out);
/* And by its id: an older database has it under the same one, whatever else was known of her then. */
void suppression_keys_add_record(const struct core *core, const struct record_id *id,
                                 struct suppression_keys *keys);
/* A value as somebody types it, as an e-mail address, as a telephone number, or as the id of a record. */
void suppression_keys_typed(struct call *call, const char *text, struct suppression_keys *out);

struct suppression_act {
    uint8_t act[16];
    const char *reason; /* a code, one of the above */
    const char *purposes, *recipients;
    struct wall_ms at;
};
/* Adds what is not there yet; act->act and ->at are made when all zero. */
MUST_CHECK enum status suppression_add(struct core *core, const struct suppression_keys *keys,
                                       struct suppression_act *act);

/* Entries that stand and have one of these keys, oldest first; in the arena. */
MUST_CHECK enum status suppression_find(struct store *st, const struct suppression_keys *keys,
                                        struct arena *arena, struct suppression_act **out,
                                        size_t *count);

/* What the list makes of a record of ours that is to be written. */
enum suppression_verdict { SUPPRESSION_NONE, SUPPRESSION_LIMITED, SUPPRESSION_REFUSED };
/* LIMITED: the draft lost what it said of a ground that was taken back. id: of the record; NULL: it is new. */
MUST_CHECK enum status suppression_judge(struct call *call, const struct type *type,
                                         const struct record_id *id, struct draft *draft,
                                         enum suppression_verdict *out);

/* At start: the key, the file, and what an older database has of the persons in it. In no transaction. */
MUST_CHECK enum status suppression_load(struct core *core, struct diag *diag);
/* After a commit: entries that are not in the file yet go there. */
MUST_CHECK enum status suppression_write(struct core *core);

#endif

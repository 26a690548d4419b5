/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/disclose.h - what leaves: records cleared by a verified chain, packed into messages; and
 * what arrives, checked item by item. Pure.
 *
 * struct cleared is made only by disclose() and, for a record's owner, disclose_back(); only cleared records can be packed:
 * what never met a verified grant cannot be put into a message.
 */
#ifndef HANSA_FEDERATION_DISCLOSE_H
#define HANSA_FEDERATION_DISCLOSE_H

#include "acl/chain.h"
#include "schema/type.h"

/* A stretch of a signed batch whose leaves we know. */
struct run_leaves {
    int64_t id; /* equal ids, equal run */
    uint32_t size, first, count;
    struct signature signature;
    const struct digest *leaves; /* count */
    struct bytes path;           /* from this stretch to the root */
};

struct cleared {
    struct disclosure shown;
    struct object_id grant;
    const struct run_leaves *run;
    uint32_t leaf; /* index in the batch */
};

/* Narrow `full` to what the chain allows the recipient now. STATUS_NOT_GRANTED with *why when nothing
 * may go. `full` keeps its fields; *out borrows from it and the arena. full's salts need not be filled in. */
MUST_CHECK enum status disclose(const struct verified_chain *chain,
                                const struct node_id *recipient,
                                const struct record_facts *facts, struct disclosure *full,
                                struct wall_ms now, struct arena *arena, struct cleared *out,
                                struct decision *why);

/* What we hold of another's record, back to its owner, to whom it says nothing new (docs/protocol/restore.md).
 * STATUS_NOT_GRANTED: the recipient is not its owner. */
MUST_CHECK enum status disclose_back(const struct object_id *grant,
                                     const struct node_id *recipient,
                                     const struct record_facts *facts,
                                     const struct disclosure *held, struct cleared *out);

/* A Records body of at most `room` bytes from the front of items, which all have one grant and stand in
 * (run, leaf) order; *taken says how many went in (at least 1 unless even one does not fit). */
struct bytes records_pack(const struct cleared *items, size_t count, size_t room,
                          struct arena *arena, size_t *taken);

/* One arrived revision. status OK: believed; otherwise say why and go on with the next. */
struct received {
    enum status status;
    const char *detail; /* component at fault; static */
    struct record_facts facts;
    struct revision_id revision_id;
    struct revision *revision;
    const struct disclosure *shown;
    const struct run_leaves *run;
    uint32_t leaf;
};

struct receive_rules {
    const struct verified_chain
        *chain; /* NULL: records of our own come back, from whoever has them */
    struct node_id me;
    struct company_keys owner;
    const struct dictionary *dictionary;
    struct wall_ms now;
};

/* Did the owner sign this stretch of a batch? leaves: one per item. */
MUST_CHECK enum status run_verify(const struct run *run, const struct digest *leaves,
                                  const struct node_id *owner, const struct company_keys *keys);

/* Every revision of the message, judged alone. *out is in the arena. */
MUST_CHECK enum status records_verify(const struct records *message,
                                      const struct receive_rules *rules, struct arena *arena,
                                      struct received **out, size_t *count);

/* Facts that follow from a revision and its fields, which stay borrowed; parent from the type's parent field. */
void record_facts_of(const struct revision *revision, const struct field *fields, size_t count,
                     const struct dictionary *dictionary, struct record_facts *out);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/records_priv.h - what node/records*.c share.
 */
#ifndef HANSA_NODE_RECORDS_PRIV_H
#define HANSA_NODE_RECORDS_PRIV_H

#include "node/core_priv.h"

struct row_in { /* what a row shows */
    const struct field *fields;
    size_t field_count;
    struct wall_ms claimed; /* of the revision */
    int64_t owner;          /* company.id */
};

struct copy_in {
    int64_t record, grant, run, old_run; /* old_run 0: a new copy */
    bool applied;
    struct position position;
    const struct disclosure *shown;
    uint32_t leaf;
};

/* A revision that is being made here: of ours, or of a company for which we keep rows (node/light.h). */
struct made {
    struct node_id owner; /* set by the caller; the rest by records_make() */
    struct revision revision;
    struct disclosure full;
    struct record_facts facts;
    int64_t old_run;
    struct field *old_fields;
    size_t old_count;
};
/* What follows the copy that we hold under this grant, or begins a record. */
MUST_CHECK enum status records_make(struct core *core, const struct mint *in, int64_t grant,
                                    struct arena *arena, struct made *made);
/* One signature of ours over all of them, in the name of the first one's owner. */
MUST_CHECK enum status records_sign(struct core *core, const struct made *made, size_t count,
                                    struct digest *leaves, struct run_leaves *run);
MUST_CHECK enum status records_copy_put(struct core *core, const struct copy_in *in);
MUST_CHECK enum status records_add(struct core *core, const struct record_facts *facts,
                                   int64_t owner, int64_t *out);
/* The first decision: who should get this record now that it changed? source: the grant under which it
 * reached us, OWN_GRANT for our own. */
MUST_CHECK enum status records_fan_out(struct core *core, int64_t record,
                                       const struct record_facts *facts, int64_t source);
/* The one way a row gets into a projection table and out again, with all that is kept beside it. */
MUST_CHECK enum status records_row_put(struct core *core, const struct type *type,
                                       int64_t record, const struct row_in *row);
MUST_CHECK enum status records_row_drop(struct core *core, const struct type *type,
                                        int64_t record);
/* The projection row anew, from every applied copy. */
MUST_CHECK enum status records_project(struct core *core, int64_t record);

/* ---- records_stolen.c ---- */
/* What a kept run's batch signature covers, and that signature. */
MUST_CHECK enum status records_batch_body(struct store *st, const struct node_id *owner,
                                          int64_t run, uint8_t body[static 68],
                                          struct signature *signature);
/* Is a kept run signed with a key that its owner calls stolen? Then what stands in it gives way to anything that counts. */
MUST_CHECK enum status records_run_is_stolen(struct core *core, const struct company *owner,
                                             int64_t run, bool *out);

#endif

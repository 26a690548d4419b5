/* SPDX-License-Identifier: Apache-2.0
 *
 * node/scopes.c - what stands under the grant of a live share, as sums in memory and as entries from the database
 * (contract: node/scopes.h).
 */
#include "node/scopes.h"

#include <stdlib.h>
#include <string.h>

#include "schema/base/cleanup.h"

enum {
    PIECE = 512,      /* rows read in one go */
    STEP_MS = 8,      /* for sums, of a round */
    READ_MOST = 8192, /* rows that questions of one round may make us read for sums */
    ROW_RECORD = 0,   /* columns of the statements SCOPE_* */
    ROW_RID,
    ROW_INCARNATION,
    ROW_NUMBER,
    ROW_MISSED,
};

struct scope_set {
    struct scope *scope; /* NULL: nothing read yet */
    int64_t after;       /* rows up to this record are in it */
    bool is_known;       /* all are */
};

static const struct {
    enum statement next, scan, near;
} sources[] = {
    [ROLE_GIVEN] = { STMT_SCOPE_GIVEN_NEXT, STMT_SCOPE_GIVEN_SCAN, STMT_SCOPE_GIVEN_NEAR },
    [ROLE_RECEIVED] = { STMT_SCOPE_HELD_NEXT, STMT_SCOPE_HELD_SCAN, STMT_SCOPE_HELD_NEAR },
};

static struct scope_row
row_of(struct stmt *q)
{
    struct scope_row row = { .record = stmt_int(q, ROW_RECORD),
                             .missed = (int)stmt_int(q, ROW_MISSED) };

    stmt_copy(q, ROW_RID, row.entry.record.b, ID_SIZE);
    row.entry.position = (struct position){ (uint32_t)stmt_int(q, ROW_INCARNATION),
                                            (uint64_t)stmt_int(q, ROW_NUMBER) };
    return row;
}

/* ---- making ------------------------------------------------------------------------------- */

void
scopes_forget(struct live *live)
{
    if (live->set != NULL)
        scope_free(&live->set->scope);
    free(live->set);
    live->set = NULL;
}

void
scopes_forget_all(struct core *core)
{
    for (size_t i = 0; i < core->live_count; i++)
        scopes_forget(&core->lives[i]);
}

/* The next rows into the sums. A share that is over in the first piece needs no fine ones. */
static enum status
make_piece(struct core *core, const struct live *live)
{
    struct scope_set *set = live->set;
    struct scope_row rows[PIECE];
    size_t count = 0;
    enum status s;

    {
        AUTO(stmt_return)
        struct stmt *q = stmt_borrow(core->store, sources[live->role].next);
        stmt_bind(q, "iii", live->leaf, set->after, (int64_t)PIECE);
        while ((s = stmt_step(q)) == STATUS_OK)
            rows[count++] = row_of(q);
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    if (set->scope == NULL)
        set->scope = scope_new(count < PIECE ? 1 : SCOPE_FINE);
    for (size_t i = 0; i < count; i++)
        scope_add(set->scope, &rows[i].entry);
    if (count > 0)
        set->after = rows[count - 1].record;
    core->scopes_read += count;
    set->is_known = count < PIECE;
    if (set->is_known)
        scope_settle(set->scope);
    return STATUS_OK;
}

enum status
scopes_want(struct core *core, struct live *live, const struct scope **out)
{
    *out = NULL;
    if (live->set != NULL && live->set->is_known && scope_is_coarse(live->set->scope))
        scopes_forget(live);
    if (live->set == NULL)
        live->set = xcalloc(1, sizeof(*live->set));
    if (!live->set->is_known && core->scopes_read < READ_MOST)
        TRY(make_piece(core, live));
    if (live->set->is_known)
        *out = live->set->scope;
    else
        core->scopes_wait = true;
    return STATUS_OK;
}

static const struct live *
next_unknown(const struct core *core)
{
    for (size_t i = 0; i < core->live_count; i++)
        if (core->lives[i].set != NULL && !core->lives[i].set->is_known)
            return &core->lives[i];
    return NULL;
}

enum status
scopes_step(struct core *core)
{
    int64_t start = core_mono(core).ms;

    while (core->scopes_wait && core_mono(core).ms - start < STEP_MS) {
        const struct live *live = next_unknown(core);
        core->scopes_wait = live != NULL;
        if (live == NULL)
            break;
        TRY(make_piece(core, live));
    }
    core->scopes_read = 0;
    return STATUS_OK;
}

/* ---- moving ------------------------------------------------------------------------------- */

enum status
scopes_moved(struct core *core, const struct live *live, int64_t record,
             const struct position *was, const struct position *is)
{
    struct scope_entry entry;

    if (live == NULL || live->set == NULL || live->set->scope == NULL ||
        (!live->set->is_known && record > live->set->after))
        return STATUS_OK; /* read later, as it will be then */
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_RECORD_GET);
        stmt_bind(q, "i", record);
        TRY(stmt_step(q));
        stmt_copy(q, 0, entry.record.b, ID_SIZE);
    }
    core->lives_version++;
    if (was != NULL) {
        entry.position = *was;
        scope_drop(live->set->scope, &entry);
    }
    if (is != NULL) {
        entry.position = *is;
        scope_add(live->set->scope, &entry);
    }
    return STATUS_OK;
}

enum status
scopes_delivered(struct core *core, int64_t leaf, int64_t record, struct position *position,
                 int *missed)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_DELIVERY_AT);

    stmt_bind(q, "ii", leaf, record);
    TRY(stmt_step(q));
    *position = (struct position){ (uint32_t)stmt_int(q, 0), (uint64_t)stmt_int(q, 1) };
    *missed = (int)stmt_int(q, 2);
    return STATUS_OK;
}

/* ---- looking ------------------------------------------------------------------------------ */

static int
by_id(const void *a, const void *b)
{
    const struct scope_row *x = a, *y = b;

    return memcmp(x->entry.record.b, y->entry.record.b, ID_SIZE);
}

static void
take_row(const struct scope_range *range, const struct scope_row *row, struct scope_look *out)
{
    if (range->depth < SCOPE_DEPTH_MAX)
        scope_sum_add(&out->parts[scope_range_digit(range, &row->entry.record)], &row->entry);
    out->is_listed = out->is_listed && out->row_count < SCOPE_LIST_MAX;
    if (out->is_listed)
        out->rows[out->row_count++] = *row;
}

/* By the index of record ids, or all under the grant: whichever has less to read. */
static enum statement
cheaper(struct core *core, const struct live *live, const struct scope_range *range,
        enum status *s)
{
    int64_t all = 0;
    struct scope_sum under =
        scope_sum_of(live->set->scope, &(struct scope_range){ .depth = 0 });

    *s = store_number(core->store, &all, STMT_RECORD_LAST, "");
    return under.count <= (uint64_t)all >> (4 * range->depth) ? sources[live->role].scan
                                                              : sources[live->role].near;
}

static enum status
read_range(struct core *core, const struct live *live, const struct scope_range *range,
           struct scope_look *out)
{
    uint8_t first[6], last[6];
    enum status s;
    enum statement id = cheaper(core, live, range, &s);

    TRY(s);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, id);
    scope_range_ends(range, first, last);
    stmt_bind(q, "ibb", live->leaf, bytes_of(first, 6), bytes_of(last, 6));
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct scope_row row = row_of(q);
        take_row(range, &row, out);
        core->scopes_read++;
    }
    qsort(out->rows, out->row_count, sizeof(*out->rows), by_id);
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
scopes_look(struct core *core, const struct live *live, const struct scope_range *range,
            bool split, struct scope_look *out)
{
    const struct scope *scope = live->set->scope;

    *out = (struct scope_look){ .is_listed = !split || range->depth == SCOPE_DEPTH_MAX };
    if (range->depth < scope_depth(scope) &&
        (split || scope_sum_of(scope, range).count > SCOPE_LIST_MAX)) {
        out->is_listed = false;
        for (uint32_t i = 0; i < SCOPE_PARTS; i++) {
            struct scope_range part = scope_range_child(range, i);
            out->parts[i] = scope_sum_of(scope, &part);
        }
        return STATUS_OK;
    }
    return read_range(core, live, range, out);
}

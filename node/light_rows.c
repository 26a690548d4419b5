/* SPDX-License-Identifier: Apache-2.0
 *
 * node/light_rows.c - rows held for a company without a node (contract: node/light.h): made like our own, but owned by the
 * company, under the grant that asked for them, and handed to nobody.
 */

#include "node/light.h"
#include "node/records_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/merkle.h"

/* By which rows are told apart: the first alone is enough, the second with nothing against it. */
static const char *const form_names[LIGHT_FORMS] = { "email", "name", "organization",
                                                     "telephone", "mobile" };

enum status
light_rows_get(struct call *call, const struct live *live, struct record_now ***out,
               size_t *count)
{
    int64_t records[LIGHT_ROWS_MAX];
    size_t n = 0;
    enum status s;

    *out = ARENA_ARRAY(call->arena, struct record_now *, LIGHT_ROWS_MAX);
    *count = 0;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_COPY_BY_GRANT);
        stmt_bind(q, "iii", live->leaf, (int64_t)0, (int64_t)LIGHT_ROWS_MAX);
        while ((s = stmt_step(q)) == STATUS_OK)
            records[n++] = stmt_int(q, 0);
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    for (; *count < n; (*count)++)
        TRY(record_now(call->store, records[*count], false, call->arena, &(*out)[*count]));
    return STATUS_OK;
}

static enum status
store_row(struct core *core, const struct live *live, struct mint *in, const struct made *made,
          const struct copy_in *of_batch)
{
    const struct type *type = dictionary_find(core->dictionary, in->type);
    struct copy_in copy = *of_batch;

    copy.old_run = made->old_run;
    copy.position = made->revision.position;
    copy.shown = &made->full;
    if (in->record == 0)
        TRY(records_add(core, &made->facts, live->partner, &in->record));
    copy.record = in->record;
    in->id = made->facts.id;
    TRY(records_copy_put(core, &copy));
    struct row_in row = { in->fields, in->field_count, made->revision.claimed, live->partner };
    return records_row_put(core, type, in->record, &row);
}

/* The company is named in what is signed, and the key is ours: nobody who looks for the company's key finds it good. */
static enum status
put_batch(struct core *core, const struct live *live, struct mint *items, size_t count,
          const char *actor)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct made *made = ARENA_ARRAY(arena, struct made, count);
    struct copy_in copy = { .grant = live->leaf, .applied = true };
    struct digest leaves[RUN_ITEMS_MAX];
    struct run_leaves run;

    for (size_t i = 0; i < count; i++) {
        made[i].owner = chain_leaf(live->chain)->audience;
        TRY(records_make(core, &items[i], live->leaf, arena, &made[i]));
    }
    TRY(records_sign(core, made, count, leaves, &run));
    TRY(core_need_txn(core));
    TRY(records_keep_run(core, &run, count, &copy.run));
    for (size_t i = 0; i < count; i++) {
        copy.leaf = (uint32_t)i;
        TRY(store_row(core, live, &items[i], &made[i], &copy));
    }
    struct digest root = merkle_root(leaves, count);
    return audit_add(core, actor, "light.rows",
                     bytes_of(chain_leaf_id(live->chain)->b, ID_SIZE),
                     bytes_of(root.b, ID_SIZE));
}

enum status
light_rows_put(struct core *core, const struct live *live, struct mint *items, size_t count,
               const char *actor)
{
    for (size_t done = 0; done < count; done += RUN_ITEMS_MAX) {
        size_t n = count - done < RUN_ITEMS_MAX ? count - done : RUN_ITEMS_MAX;
        TRY(put_batch(core, live, items + done, n, actor));
    }
    return STATUS_OK;
}

/* ---- whom a row means ---------------------------------------------------------------------- */

void
light_person_of(struct call *call, const struct type *guest, const struct field *fields,
                size_t count, struct light_person *out)
{
    *out = (struct light_person){ 0 };
    for (size_t k = 0; k < LIGHT_FORMS; k++) {
        const struct type_field *field = type_field_find_name(guest, form_names[k]);
        for (size_t i = 0; field != NULL && i < count; i++)
            if (key_is_equal(fields[i].key, field->key))
                out->form[k] =
                    value_match_form(field, fields[i].value, call->core->region, call->arena);
    }
}

bool
light_is_one(const struct light_person *a, const struct light_person *b)
{
    if (a->form[0].len > 0 && b->form[0].len > 0)
        return bytes_is_equal(a->form[0], b->form[0]);
    if (a->form[1].len == 0 || !bytes_is_equal(a->form[1], b->form[1]))
        return false;
    for (size_t k = 2; k < LIGHT_FORMS; k++)
        if (a->form[k].len > 0 && b->form[k].len > 0 && !bytes_is_equal(a->form[k], b->form[k]))
            return false;
    return true;
}

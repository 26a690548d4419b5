/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_stop.c - taking a share back: what falls with it, seen before it is done, and done.
 *
 * 1. What a company may see is asked of the decision of hand-over, for what falls and for other shares that keep access alive.
 * 2. The loop runs it: of each share at most PREVIEW_ROWS_MAX rows are looked at, of all together PREVIEW_LOOKS_MAX, and
 *    beyond that numbers say "at least". Partners decide how many shares fall.
 * 3. Taking back looks only at what is on the wire, and nothing that it fails to see stops it.
 * 4. The answer comes when the link has dropped what it held (node/service.c); what may be on the wire by then is listed.
 */
#include <stdlib.h>
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"

enum { ITEM_SIZE = 20 }; /* u64 record, u32 incarnation, u64 number: node/load.c */

struct rows {
    int64_t *ids; /* ascending; in the arena */
    size_t count;
    bool is_cut; /* there are more */
};

struct falling {
    const struct live *live;
    size_t hop; /* 1: the share itself; 2: the one that its partner passed on; ... */
};

struct seen {
    struct rows rows;
    bool is_read, falls;
};

struct fall {
    struct call *call;
    struct falling *shares;
    size_t count;
    const struct live **answers; /* what answers one of them and ends with it */
    size_t answer_count;
    struct seen *seen; /* of each of core->lives */
    size_t left;       /* rows still to be looked at, and pairs to be compared */
};

/* ---- what falls --------------------------------------------------------------------------- */

/* How far below the grant the live's leaf is, 1: it is the grant itself; 0: it does not hang there. */
static size_t
hop_below(const struct live *live, const struct object_id *gid)
{
    size_t n = chain_length(live->chain);

    for (size_t k = 0; k < n; k++)
        if (ID_IS_EQUAL(*chain_link_id(live->chain, k), *gid))
            return n - k;
    return 0;
}

static struct seen *
seen_of(const struct fall *fall, const struct live *live)
{
    return &fall->seen[live - fall->call->core->lives];
}

static bool
is_cited(const struct fall *fall, const struct live *live)
{
    const struct grant *leaf = chain_leaf(live->chain);
    bool found = false;

    for (size_t i = 0; i < fall->count && leaf->has_cites; i++)
        found = found || ID_IS_EQUAL(leaf->cites, *chain_leaf_id(fall->shares[i].live->chain));
    for (size_t i = 0; i < fall->answer_count && leaf->has_cites; i++)
        found = found || ID_IS_EQUAL(leaf->cites, *chain_leaf_id(fall->answers[i]->chain));
    return found;
}

/* Contributions to what falls, and what goes back for them: as lives.c ends what cites a fallen grant. */
static void
collect_answers(struct fall *fall)
{
    const struct core *core = fall->call->core;
    size_t before;

    fall->answers = ARENA_ARRAY(fall->call->arena, const struct live *, core->live_count);
    do {
        before = fall->answer_count;
        for (size_t i = 0; i < core->live_count; i++)
            if (!fall->seen[i].falls && is_cited(fall, &core->lives[i])) {
                fall->seen[i].falls = true;
                fall->answers[fall->answer_count++] = &core->lives[i];
            }
    } while (fall->answer_count > before);
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Under which grant we have what the share lets through ourselves; below 0: we do not have it. */
static int64_t
held_under(struct core *core, const struct live *live)
{
    if (live->role == ROLE_GIVEN)
        return live->parent_leaf;
    if (ID_IS_EQUAL(*chain_owner(live->chain), core->me))
        return OWN_GRANT;
    for (size_t i = 0; i < chain_length(live->chain); i++) {
        const struct live *ours =
            ID_IS_EQUAL(chain_link(live->chain, i)->audience, core->me)
                ? live_by_gid(core, chain_link_id(live->chain, i), ROLE_RECEIVED)
                : NULL;
        if (ours != NULL)
            return ours->leaf;
    }
    return -1;
}

static enum status
on_row(void *self, struct live *live, const struct copy_row *row)
{
    struct buffer *ids = self;

    (void)live;
    if (row->tombstone)
        return STATUS_OK;
    if (ids->len / sizeof(row->record) == PREVIEW_ROWS_MAX)
        return STATUS_STOPPED; /* far enough */
    buffer_put(ids, &row->record, sizeof(row->record));
    return STATUS_OK;
}

static int
compare_ids(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static enum status
read_rows(struct fall *fall, const struct live *live, struct rows *out)
{
    AUTO(buffer_fini) struct buffer ids = { 0 };
    struct core *core = fall->call->core;
    struct live as_held = *live;

    as_held.parent_leaf = held_under(core, live);
    if (as_held.parent_leaf < 0)
        return STATUS_OK;
    enum status s = records_each_covered(core, &as_held, &fall->left, on_row, &ids);
    if (s != STATUS_OK && s != STATUS_STOPPED)
        return s;
    out->count = ids.len / sizeof(int64_t);
    out->is_cut = s == STATUS_STOPPED;
    out->ids = ARENA_ARRAY(fall->call->arena, int64_t, out->count);
    if (out->count == 0)
        return STATUS_OK;
    memcpy(out->ids, ids.data, ids.len);
    qsort(out->ids, out->count, sizeof(*out->ids), compare_ids);
    return STATUS_OK;
}

/* Read once, whatever asks. */
static enum status
rows_of(struct fall *fall, const struct live *live, const struct rows **out)
{
    struct seen *seen = seen_of(fall, live);

    *out = &seen->rows;
    if (!seen->is_read)
        TRY(read_rows(fall, live, &seen->rows));
    seen->is_read = true;
    return STATUS_OK;
}

static void
fall_init(struct call *call, const struct live *top, struct fall *fall)
{
    const struct object_id *gid = chain_leaf_id(top->chain);
    const struct core *core = call->core;

    *fall = (struct fall){ .call = call, .left = PREVIEW_LOOKS_MAX };
    fall->shares = ARENA_ARRAY(call->arena, struct falling, core->live_count);
    fall->seen = ARENA_ARRAY(call->arena, struct seen, core->live_count);
    for (size_t i = 0; i < core->live_count; i++) {
        size_t hop = hop_below(&core->lives[i], gid);
        fall->seen[i] =
            (struct seen){ .falls = hop > 0 && core->lives[i].role != ROLE_RECEIVED };
        if (fall->seen[i].falls)
            fall->shares[fall->count++] = (struct falling){ &core->lives[i], hop };
    }
    collect_answers(fall);
}

/* ---- saying ------------------------------------------------------------------------------- */

static const char *
name_of(const struct fall *fall, int64_t company)
{
    const struct company *c = company_by_id(fall->call->core, company);

    return c == NULL ? "?" : c->name;
}

static void
set_rows(json_t *o, size_t count, bool is_cut)
{
    reply_set(o, "rows", json_integer((json_int_t)count));
    if (is_cut)
        reply_set(o, "at_least", json_true());
}

/* Of a share that we give, what its partner acknowledged; of one further down, what it may have. */
static enum status
set_held(struct fall *fall, const struct falling *f, json_t *o)
{
    const struct rows *rows;
    int64_t count;

    if (f->live->role != ROLE_GIVEN) {
        TRY(rows_of(fall, f->live, &rows));
        set_rows(o, rows->count, rows->is_cut);
        return STATUS_OK;
    }
    TRY(store_number(fall->call->store, &count, STMT_DELIVERY_UNDER, "ii", f->live->leaf,
                     f->live->partner));
    set_rows(o, (size_t)count, false);
    return STATUS_OK;
}

static enum status
put_falls(struct fall *fall, json_t *reply)
{
    json_t *list = json_array();

    reply_set(reply, "falls", list);
    for (size_t i = 0; i < fall->count; i++) {
        const struct falling *f = &fall->shares[i];
        const char *name = name_of(fall, f->live->partner), *via;
        json_t *o = json_object();
        (void)json_array_append_new(list, o);
        TRY(company_name_of(fall->call, &chain_leaf(f->live->chain)->issuer, &via));
        reply_set(o, "company", json_words(name));
        reply_set(o, "via", json_words(via));
        reply_set(o, "hop", json_integer((json_int_t)f->hop));
        reply_set(o, "state", json_words(share_state_name(f->live->state)));
        TRY(set_held(fall, f, o));
        reply_set(o, "see",
                  json_words(arena_printf(fall->call->arena, "hansa data held \"%s\"", name)));
    }
    return STATUS_OK;
}

static enum status
put_answer(struct fall *fall, const struct live *live, json_t *o)
{
    const char *name = name_of(fall, live->partner);
    const struct rows *rows;
    int64_t count;

    reply_set(o, "company", json_words(name));
    if (live->role == ROLE_RECEIVED) {
        TRY(store_number(fall->call->store, &count, STMT_COPY_VALUES_COUNT, "i", live->leaf));
        set_rows(o, (size_t)count, false);
    } else {
        TRY(rows_of(fall, live, &rows));
        set_rows(o, rows->count, rows->is_cut);
    }
    const char *args[] = { name };
    reply_set(o, "becomes",
              json_words(text_format(fall->call->language,
                                     live->role == ROLE_RECEIVED ? "stop.erased_here"
                                                                 : "stop.goes_from",
                                     args, 1, fall->call->arena)));
    return STATUS_OK;
}

static enum status
put_answers(struct fall *fall, json_t *reply)
{
    json_t *list = json_array();

    reply_set(reply, "contributions", list);
    for (size_t i = 0; i < fall->answer_count; i++) {
        json_t *o = json_object();
        (void)json_array_append_new(list, o);
        TRY(put_answer(fall, fall->answers[i], o));
    }
    return STATUS_OK;
}

/* ---- other ways --------------------------------------------------------------------------- */

static size_t
in_both(const struct rows *a, const struct rows *b)
{
    size_t count = 0;

    for (size_t i = 0, k = 0; i < a->count && k < b->count;) {
        count += a->ids[i] == b->ids[k];
        if (a->ids[i] < b->ids[k])
            i++;
        else
            k++;
    }
    return count;
}

static bool
lets_through(const struct live *live)
{
    return live->role != ROLE_RECEIVED && live->state != SHARE_WAITING;
}

/* Another share that still lets this company see rows of what falls, directly or through others. */
static enum status
put_way(struct fall *fall, const struct falling *f, const struct live *live, json_t *list)
{
    const char *via;
    const struct rows *rows, *gone;

    TRY(rows_of(fall, live, &rows));
    TRY(rows_of(fall, f->live, &gone));
    size_t count = in_both(rows, gone);
    if (count == 0)
        return STATUS_OK;
    TRY(company_name_of(fall->call, &chain_leaf(live->chain)->issuer, &via));
    json_t *o = json_object();
    (void)json_array_append_new(list, o);
    reply_set(o, "company", json_words(name_of(fall, live->partner)));
    reply_set(o, "via", json_words(via));
    reply_set(o, "share", json_id(chain_leaf_id(live->chain)->b));
    set_rows(o, count, rows->is_cut || gone->is_cut);
    return STATUS_OK;
}

static bool
is_way(const struct fall *fall, const struct falling *f, const struct live *live)
{
    return live->partner == f->live->partner && lets_through(live) &&
           !seen_of(fall, live)->falls;
}

static enum status
put_ways(struct fall *fall, json_t *reply)
{
    const struct core *core = fall->call->core;
    json_t *list = json_array();

    reply_set(reply, "other_ways", list);
    for (size_t i = 0; i < fall->count; i++)
        for (size_t k = 0; k < core->live_count && fall->left > 0; k++)
            if (is_way(fall, &fall->shares[i], &core->lives[k])) {
                fall->left--;
                TRY(put_way(fall, &fall->shares[i], &core->lives[k], list));
            }
    return STATUS_OK;
}

/* ---- what the law keeps ------------------------------------------------------------------- */

static void
put_hold(json_t *list, const char *company, int64_t rows, const char *basis)
{
    json_t *o = json_object();

    (void)json_array_append_new(list, o);
    reply_set(o, "company", json_words(company));
    reply_set(o, "rows", json_integer(rows));
    reply_set(o, "basis", json_words(basis));
}

/* Rows of theirs that we keep ourselves. */
static enum status
put_own_holds(const struct fall *fall, json_t *list)
{
    for (size_t i = 0; i < fall->answer_count; i++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(fall->call->store, STMT_HOLD_UNDER);
        stmt_bind(q, "i", fall->answers[i]->leaf);
        TRY(stmt_step(q));
        if (fall->answers[i]->role == ROLE_RECEIVED && stmt_int(q, 0) > 0)
            put_hold(list, name_of(fall, COMPANY_US), stmt_int(q, 0), stmt_text(q, 1));
    }
    return STATUS_OK;
}

/* What holders said that they keep when something was to be erased before. */
static enum status
put_holds(const struct fall *fall, json_t *reply)
{
    json_t *list = json_array();

    reply_set(reply, "holds", list);
    for (size_t i = 0; i < fall->count; i++) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(fall->call->store, STMT_RECEIPT_HELD);
        enum status s;
        stmt_bind(q, "i", fall->shares[i].live->leaf);
        while ((s = stmt_step(q)) == STATUS_OK)
            put_hold(list, stmt_text(q, 0), stmt_int(q, 1), stmt_text(q, 2));
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return put_own_holds(fall, list);
}

/* ---- the wire ----------------------------------------------------------------------------- */

struct flying {
    size_t messages, rows;
    int64_t first_ms, last_ms;
    json_t *records; /* the first of them */
};

static enum status
name_rows(const struct fall *fall, struct bytes items, struct flying *out)
{
    struct reader r = reader_of(items);

    while (r.left >= ITEM_SIZE && json_array_size(out->records) < PREVIEW_NAMED_MAX) {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(fall->call->store, STMT_RECORD_GET);
        struct record_id id;
        stmt_bind(q, "i", (int64_t)reader_u64(&r));
        (void)reader_bytes(&r, ITEM_SIZE - sizeof(int64_t));
        TRY(stmt_step(q));
        stmt_copy(q, 0, id.b, ID_SIZE);
        (void)json_array_append_new(out->records, json_id(id.b));
    }
    return STATUS_OK;
}

static enum status
flying_under(const struct fall *fall, const struct live *live, struct flying *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(fall->call->store, STMT_ON_THE_WIRE);
    enum status s;

    stmt_bind(q, "ii", live->leaf, live->share);
    while ((s = stmt_step(q)) == STATUS_OK) {
        int64_t at = stmt_int(q, 0);
        struct bytes items = stmt_bytes(q, 1);
        out->first_ms = out->messages == 0 || at < out->first_ms ? at : out->first_ms;
        out->last_ms = at > out->last_ms ? at : out->last_ms;
        out->messages++;
        out->rows += items.len / ITEM_SIZE;
        TRY(name_rows(fall, items, out));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
put_flying(const struct fall *fall, const struct live *live, json_t *list)
{
    AUTO(json_decrefp) json_t *records = json_array();
    struct flying f = { .records = records };

    TRY(flying_under(fall, live, &f));
    if (f.messages == 0)
        return STATUS_OK;
    json_t *o = json_object();
    (void)json_array_append_new(list, o);
    reply_set(o, "company", json_words(name_of(fall, live->partner)));
    reply_set(o, "messages", json_integer((json_int_t)f.messages));
    reply_set(o, "rows", json_integer((json_int_t)f.rows));
    reply_set(o, "since", json_time((struct wall_ms){ f.first_ms }));
    reply_set(o, "until", json_time((struct wall_ms){ f.last_ms }));
    reply_set(o, "records", json_incref(records));
    return STATUS_OK;
}

/* Given a number, handed to the link and not acknowledged: it may have arrived, it may not. */
static enum status
put_wire(const struct fall *fall, json_t *reply)
{
    json_t *list = json_array();

    reply_set(reply, "on_the_wire", list);
    for (size_t i = 0; i < fall->count; i++)
        if (fall->shares[i].live->role == ROLE_GIVEN)
            TRY(put_flying(fall, fall->shares[i].live, list));
    for (size_t i = 0; i < fall->answer_count; i++)
        if (fall->answers[i]->role == ROLE_GIVEN)
            TRY(put_flying(fall, fall->answers[i], list));
    return STATUS_OK;
}

static json_t *
losers(const struct fall *fall)
{
    json_t *list = json_array();

    for (size_t i = 0; i < fall->count; i++)
        (void)json_array_append_new(list,
                                    json_words(name_of(fall, fall->shares[i].live->partner)));
    return list;
}

static enum status
preview(struct fall *fall, json_t *out)
{
    TRY(put_falls(fall, out));
    TRY(put_answers(fall, out));
    TRY(put_ways(fall, out));
    if (fall->left == 0) /* there may be more of everything */
        reply_set(out, "at_least", json_true());
    TRY(put_holds(fall, out));
    return put_wire(fall, out);
}

/* ---- stopping ----------------------------------------------------------------------------- */

static enum status
take_back(struct call *call, const struct live *live, const char *reason)
{
    struct object_id gid = *chain_leaf_id(live->chain);

    TRY(audit_add(call->core, call->actor, "share.stopped", bytes_of(gid.b, ID_SIZE),
                  (struct bytes){ 0 }));
    return grant_fall(call->core, &gid, &call->core->me, (struct bytes){ 0 }, SHARE_STOPPED,
                      reason);
}

static enum status
stop_or_show(struct call *call, const struct live *live, const char *reason, json_t *out)
{
    bool is_preview = arg_is_set(call, "preview");
    struct fall fall;

    fall_init(call, live, &fall);
    reply_set(out, "preview", json_boolean(is_preview));
    reply_set(out, "taken_from", losers(&fall));
    if (is_preview)
        return preview(&fall, out);
    (void)put_wire(&fall, out); /* it only informs */
    return take_back(call, live, reason);
}

enum status
service_share_stop(struct call *call)
{
    AUTO(json_decrefp) json_t *found = json_object();
    const char *reason = arg_text_or(call, "reason", "");
    struct live *live;
    int64_t leaf;

    TRY(find_live(call, "share", ROLE_GIVEN, &live));
    if (strlen(reason) > TEXT_LONG_MAX)
        return diag_say(call->diag, STATUS_TOO_BIG, "share.note", NULL);
    int64_t share = live->share;
    const struct company *by_hand =
        live->state == SHARE_FILED ? company_by_id(call->core, live->partner) : NULL;
    TRY(stop_or_show(call, live, reason, found));
    TRY(share_show(call, share, &leaf));
    (void)json_object_update(call->reply, found);
    if (!arg_is_set(call, "preview"))
        reply_set(call->reply, "dropped",
                  json_true()); /* unless the link, asked, does not say so */
    if (by_hand != NULL) {
        const char *args[] = { by_hand->name };
        reply_set(call->reply, "to_do",
                  json_words(text_format(call->language, "light.tell", args, 1, call->arena)));
    }
    return STATUS_OK;
}

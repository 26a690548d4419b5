/* SPDX-License-Identifier: Apache-2.0
 *
 * node/relay.c - control objects that take back or answer, along chains that live or have fallen (contract: node/relay.h)
 */
#include "node/relay.h"

#include "schema/base/cleanup.h"

enum {
    CITES_MOST = 3,    /* what comes back for a contribution to an event that was passed on */
    STRAYS_MOST = 256, /* of one company in one look */
};

/* ---- what it says of itself --------------------------------------------------------------- */

static enum status
address_revocation(struct bytes body, struct arena *arena, struct relay_address *out)
{
    struct revocation *r;

    TRY(wire_revocation_parse(body, arena, &r));
    *out = (struct relay_address){ r->author, r->audience, r->grant };
    return STATUS_OK;
}

static enum status
address_receipt(struct bytes body, struct arena *arena, struct relay_address *out)
{
    struct receipt *r;

    TRY(wire_receipt_parse(body, arena, &r));
    *out = (struct relay_address){ r->author, r->audience, r->grant };
    return STATUS_OK;
}

static enum status
address_withdrawal(struct bytes body, struct arena *arena, struct relay_address *out)
{
    struct withdrawal *w;

    TRY(wire_withdrawal_parse(body, arena, &w));
    *out = (struct relay_address){ w->author, w->audience, w->grant };
    return STATUS_OK;
}

enum status
relay_address_of(uint8_t kind, struct bytes body, struct arena *arena,
                 struct relay_address *out)
{
    static const struct {
        enum message_kind kind;
        enum status (*read)(struct bytes, struct arena *, struct relay_address *);
    } kinds[] = {
        { MESSAGE_REVOCATION, address_revocation },
        { MESSAGE_RECEIPT, address_receipt },
        { MESSAGE_WITHDRAWAL, address_withdrawal },
    };
    struct signed_object *object;

    *out = (struct relay_address){ 0 };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].kind == kind) {
            TRY(wire_signed_body_parse(body, arena, &object));
            return kinds[i].read(object->body, arena, out);
        }
    return STATUS_UNKNOWN_KIND;
}

/* ---- chains, also fallen ones ------------------------------------------------------------- */

/* Companies of a stored chain in order: the owner, then each link's audience. */
struct line {
    struct node_id nodes[CHAIN_MAX + 1];
    size_t count;
};

static enum status
line_of(struct core *core, int64_t leaf, struct arena *arena, struct line *out)
{
    struct signed_object *links;
    size_t count;

    *out = (struct line){ 0 };
    TRY(grant_links(core->store, leaf, arena, &links, &count));
    for (size_t i = 0; i < count; i++) {
        struct grant *g;
        TRY(wire_grant_parse(links[i].body, arena, &g));
        if (i == 0)
            out->nodes[out->count++] = g->owner;
        out->nodes[out->count++] = g->audience;
    }
    return STATUS_OK;
}

/* count when it is not in it */
static size_t
line_index(const struct line *line, const struct node_id *node)
{
    size_t i = 0;

    while (i < line->count && !ID_IS_EQUAL(line->nodes[i], *node))
        i++;
    return i;
}

/* The neighbour towards a company; NULL when there is none that we have a link with. */
static struct company *
hop_by(struct core *core, const struct line *line, const struct node_id *to)
{
    size_t me = line_index(line, &core->me), there = line_index(line, to);

    if (me == line->count || there == line->count || me == there)
        return NULL;
    struct company *c = company_find(core, &line->nodes[me < there ? me + 1 : me - 1]);
    return c != NULL && c->peer != NULL ? c : NULL;
}

/* What a grant answers. STATUS_NOT_FOUND: nothing that we know. */
static enum status
cited_by(struct core *core, int64_t grant, struct arena *arena, int64_t *out)
{
    struct grant_row row;

    TRY(grant_row_get(core, grant, arena, &row));
    return row.grant->has_cites ? grant_find(core, &row.grant->cites, out) : STATUS_NOT_FOUND;
}

enum status
relay_hop(struct core *core, int64_t grant, const struct company *to, struct arena *arena,
          struct company **out)
{
    *out = to->peer != NULL ? company_by_id(core, to->id) : NULL;
    for (int i = 0; i < CITES_MOST && *out == NULL; i++) {
        struct line line;
        TRY(line_of(core, grant, arena, &line));
        *out = hop_by(core, &line, &to->node);
        enum status s = *out != NULL ? STATUS_NOT_FOUND : cited_by(core, grant, arena, &grant);
        if (s != STATUS_OK)
            return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    }
    return STATUS_OK;
}

/* ---- carrying ----------------------------------------------------------------------------- */

/* Between author and audience in this chain, and it came from the author's side? *after: the next. */
static enum status
between(struct taking *t, int64_t leaf, const struct relay_address *r, struct company **after)
{
    struct line line;

    TRY(line_of(t->core, leaf, t->arena, &line));
    size_t me = line_index(&line, &t->core->me), from = line_index(&line, &r->author),
           to = line_index(&line, &r->audience);
    if (me == line.count || from == line.count || to == line.count || from == to ||
        me == from || me == to || (from < to) != (from < me) || (from < to) != (me < to))
        return STATUS_NOT_GRANTED;
    if (!ID_IS_EQUAL(line.nodes[from < me ? me - 1 : me + 1], t->from->node))
        return STATUS_NOT_GRANTED;
    *after = company_find(t->core, &line.nodes[from < me ? me + 1 : me - 1]);
    if (*after == NULL || (*after)->peer == NULL)
        *after = company_find(t->core, &r->audience);
    return STATUS_OK;
}

enum status
relay_after(struct taking *t, const struct relay_address *address, struct company **after)
{
    const struct company *author = company_find(t->core, &address->author);
    const struct company *audience = company_find(t->core, &address->audience);
    AUTO(stmt_return) struct stmt *q = NULL;
    int64_t leaf;
    enum status s;

    *after = NULL;
    t->detail = "way";
    if (author == NULL || audience == NULL)
        return STATUS_NOT_GRANTED;
    if (grant_find(t->core, &address->grant, &leaf) == STATUS_OK &&
        between(t, leaf, address, after) == STATUS_OK)
        return STATUS_OK;
    q = stmt_borrow(t->core->store, STMT_GRANT_TOWARDS);
    stmt_bind(q, "ii", author->id, audience->id);
    while ((s = stmt_step(q)) == STATUS_OK) {
        s = between(t, stmt_int(q, 0), address, after);
        if (s != STATUS_NOT_GRANTED)
            return s;
    }
    return s == STATUS_NOT_FOUND ? STATUS_NOT_GRANTED : s;
}

enum status
relay_are_in_line(struct core *core, const struct company *a, const struct company *b,
                  bool *out)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_GRANT_TOWARDS);
    enum status s;

    *out = false;
    stmt_bind(q, "ii", a->id, b->id);
    while (!*out && (s = stmt_step(q)) == STATUS_OK) {
        struct line line;
        TRY(line_of(core, stmt_int(q, 0), arena, &line));
        *out = line_index(&line, &a->node) < line.count &&
               line_index(&line, &b->node) < line.count;
    }
    return *out || s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
relay_carry(struct taking *t, struct company *after)
{
    int64_t waiting;

    t->detail = "waiting";
    TRY(store_number(t->core->store, &waiting, STMT_CONTROL_KIND_COUNT, "ii", after->id,
                     (int64_t)t->env->kind));
    if (waiting >= RECEIPTS_CARRIED_MAX)
        return STATUS_TOO_BIG;
    return control_queue(t->core, after->id, t->env->kind, t->env->body, 0);
}

/* ---- without a way ------------------------------------------------------------------------ */

/* One that waits: in a queue, in a frame that was not acknowledged, or sealed and without a receipt. */
struct stray {
    int64_t place, number;
    uint8_t kind;
    struct bytes body;
};
enum { PLACE_QUEUE, PLACE_FRAME, PLACE_PARCEL };

static enum status
strays_of(struct core *core, const struct company *c, struct arena *arena, struct stray **out,
          size_t *count)
{
    enum { PLACE, NUMBER, KIND, BODY };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_WAITING_BACK);
    enum status s;

    *count = 0;
    *out = ARENA_ARRAY(arena, struct stray, STRAYS_MOST);
    stmt_bind(q, "ii", c->id, (int64_t)STRAYS_MOST);
    while ((s = stmt_step(q)) == STATUS_OK)
        (*out)[(*count)++] =
            (struct stray){ stmt_int(q, PLACE), stmt_int(q, NUMBER), (uint8_t)stmt_int(q, KIND),
                            arena_copy(arena, stmt_bytes(q, BODY)) };
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
stray_drop(struct core *core, const struct company *c, const struct stray *stray)
{
    if (stray->place == PLACE_QUEUE)
        return store_exec(core->store, STMT_CONTROL_DROP, "i", stray->number);
    return store_exec(core->store,
                      stray->place == PLACE_PARCEL ? STMT_PARCEL_EMPTY : STMT_FRAME_LOSE, "ii",
                      c->id, stray->number);
}

enum status
relay_strays(struct core *core, const struct company *to)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct stray *strays;
    size_t count;

    TRY(strays_of(core, to, arena, &strays, &count));
    for (size_t i = 0; i < count; i++) {
        struct relay_address address;
        struct company *hop;
        int64_t grant;
        TRY(relay_address_of(strays[i].kind, strays[i].body, arena, &address));
        enum status s = grant_find(core, &address.grant, &grant);
        if (s == STATUS_NOT_FOUND)
            continue;
        TRY(s);
        TRY(relay_hop(core, grant, to, arena, &hop));
        if (hop == NULL)
            continue;
        TRY(control_queue(core, hop->id, strays[i].kind, strays[i].body, 0));
        TRY(stray_drop(core, to, &strays[i]));
    }
    return STATUS_OK;
}

enum status
relay_lose(struct core *core, struct company *carrier)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct stray *strays;
    size_t count;

    carrier->is_lost = false;
    TRY(strays_of(core, carrier, arena, &strays, &count));
    for (size_t i = 0; i < count; i++) {
        struct relay_address address;
        TRY(relay_address_of(strays[i].kind, strays[i].body, arena, &address));
        const struct company *audience = company_find(core, &address.audience);
        if (audience == NULL || audience == carrier)
            continue;
        TRY(control_queue(core, audience->id, strays[i].kind, strays[i].body, 0));
        TRY(stray_drop(core, carrier, &strays[i]));
    }
    return STATUS_OK;
}

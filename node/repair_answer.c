/* SPDX-License-Identifier: Apache-2.0
 *
 * node/repair_answer.c - the holder's side: what we hold under a share, to who gave it. Keeps nothing of the
 * conversation.
 */
#include "node/repair_priv.h"
#include "schema/base/cleanup.h"

enum {
    READ_MOST = 8192, /* rows read for one message; its first range is answered in any case */
    NOTE_MS = 10 * 1000, /* who asks more often is not noted each time */
};

/* Only what the asker itself gave: of other shares, and of other partners', it learns nothing. */
static struct live *
live_of(struct core *core, const struct peer *peer, const struct object_id *grant)
{
    struct live *live = live_by_gid(core, grant, ROLE_RECEIVED);

    return live != NULL && live->partner == peer_company(peer) ? live : NULL;
}

enum status
repair_note(struct core *core, int64_t leaf, bool same, const struct repair_tally *tally)
{
    return store_exec(core->store, STMT_COMPARED_PUT, "iiiiii", leaf, core_wall(core).ms,
                      (int64_t)same, (int64_t)tally->again, (int64_t)tally->back,
                      (int64_t)tally->odd);
}

/* Unequal twice running: perhaps it is our sums that are wrong. */
static enum status
note_asked(struct core *core, struct live *live, bool same)
{
    static const struct repair_tally none = { 0 };
    bool is_news =
        core_wall(core).ms - live->compared_ms >= NOTE_MS || same == live->was_unequal;

    if (!same && live->was_unequal && core_wall(core).ms - live->compared_ms >= NOTE_MS)
        scopes_forget(live);
    live->was_unequal = !same;
    if (!is_news)
        return STATUS_OK;
    live->compared_ms = core_wall(core).ms;
    return repair_note(core, live->leaf, same, &none);
}

enum status
repair_answer_scopes(struct core *core, struct peer *peer, const struct scopes *asked)
{
    struct peer_in in = peer_has(peer, STREAM_DATA);
    struct scope_state *list = ARENA_ARRAY(core->round, struct scope_state, SCOPES_MAX);
    struct live *lives[SCOPES_MAX];
    struct scopes answer = {
        .incarnation = in.incarnation, .have = in.have, .answer = true, .list = list
    };

    for (size_t i = 0; i < asked->count; i++) {
        struct live *live = live_of(core, peer, &asked->list[i].grant);
        const struct scope *scope;
        if (live == NULL)
            continue;
        TRY(scopes_want(core, live, &scope));
        if (scope == NULL)
            return STATUS_OK; /* it will ask again */
        lives[answer.count] = live;
        list[answer.count].grant = asked->list[i].grant;
        list[answer.count++].held = scope_sum_of(scope, &(struct scope_range){ 0 });
    }
    peer_say(peer, MESSAGE_SCOPES, wire_scopes_format(&answer, core->round));
    if (asked->incarnation != in.incarnation || asked->have != in.have)
        return STATUS_OK;
    for (size_t i = 0, k = 0; i < asked->count && k < answer.count; i++)
        if (ID_IS_EQUAL(asked->list[i].grant, list[k].grant)) {
            TRY(note_asked(core, lives[k],
                           scope_sum_is_equal(&asked->list[i].held, &list[k].held)));
            k++;
        }
    return STATUS_OK;
}

static enum status
answer_range(struct core *core, const struct live *live, const struct scope_range *asked,
             struct scope_look *look, struct scope_range *out)
{
    TRY(scopes_look(core, live, asked, asked->split, look));
    *out = (struct scope_range){ .depth = asked->depth,
                                 .prefix = asked->prefix,
                                 .listed = look->is_listed };
    if (!look->is_listed && asked->depth < SCOPE_DEPTH_MAX) {
        out->part_count = SCOPE_PARTS;
        out->parts = ARENA_ARRAY(core->round, struct scope_sum, SCOPE_PARTS);
        for (size_t i = 0; i < SCOPE_PARTS; i++)
            out->parts[i] = look->parts[i];
    }
    if (look->is_listed) {
        out->entry_count = look->row_count;
        out->entries = ARENA_ARRAY(core->round, struct scope_entry, look->row_count);
        for (size_t i = 0; i < look->row_count; i++)
            out->entries[i] = look->rows[i].entry;
    }
    return STATUS_OK;
}

enum status
repair_answer_ids(struct core *core, struct peer *peer, const struct scope_ids *asked)
{
    struct peer_in in = peer_has(peer, STREAM_DATA);
    struct live *live = live_of(core, peer, &asked->grant);
    struct scope_ids answer = {
        .grant = asked->grant, .incarnation = in.incarnation, .have = in.have, .answer = true
    };
    size_t before = core->scopes_read;
    const struct scope *scope;

    if (live == NULL || before > READ_MOST)
        return STATUS_OK; /* enough for this round: it will ask again */
    TRY(scopes_want(core, live, &scope));
    if (scope == NULL)
        return STATUS_OK;
    struct scope_look *look = ARENA_NEW(core->round, struct scope_look);
    answer.ranges = ARENA_ARRAY(core->round, struct scope_range, asked->range_count);
    for (size_t i = 0; i < asked->range_count; i++) {
        TRY(answer_range(core, live, &asked->ranges[i], look, &answer.ranges[i]));
        answer.range_count++;
        if (core->scopes_read - before > READ_MOST)
            break;
    }
    peer_say(peer, MESSAGE_SCOPE_IDS, wire_scope_ids_format(&answer, core->round));
    return STATUS_OK;
}

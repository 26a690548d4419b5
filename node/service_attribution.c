/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_attribution.c - who brought whom first.
 *
 * What counts is when the organiser had the row, not what its owner says: an owner could say anything. Both times
 * are signed, the owner's in the revision, the organiser's in its Verdict (docs/protocol/contributions.md), which both
 * sides keep: the same object id on both lists is the same word. A bringer has its own rows here and no others, so
 * its report cannot depend on what somebody else brought.
 */
#include <stdlib.h>
#include <string.h>

#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

struct word { /* on one claim */
    const struct claim *claim;
    struct wall_ms claimed;
    struct wall_ms acknowledged; /* 0: the organiser said nothing yet */
    const char *evidence;        /* id of the signed Verdict; NULL: none */
};

static enum status
word_of(struct call *call, const struct claim *claim, bool is_ours, struct word *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_CLAIM_WORD);

    *out = (struct word){ .claim = claim, .claimed = claim->claimed };
    if (is_ours) /* without a Verdict, what we noted when it came */
        out->acknowledged = claim->since;
    stmt_bind(q, "b", bytes_of(claim->now->id.b, ID_SIZE));
    enum status s = stmt_step(q);
    if (s != STATUS_OK)
        return s == STATUS_NOT_FOUND ? STATUS_OK : s;
    out->claimed.ms = stmt_int(q, 0);
    out->acknowledged.ms = stmt_int(q, 1);
    if (stmt_bytes(q, 2).len == ID_SIZE)
        out->evidence = id_text(call, stmt_bytes(q, 2).data);
    return STATUS_OK;
}

/* The unacknowledged last. */
static int
compare(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    int64_t mine = x->acknowledged.ms > 0 ? x->acknowledged.ms : INT64_MAX;
    int64_t theirs = y->acknowledged.ms > 0 ? y->acknowledged.ms : INT64_MAX;

    if (mine != theirs)
        return mine < theirs ? -1 : 1;
    return x->claim->now->record < y->claim->now->record ? -1 : 1;
}

static void
put_word(struct call *call, const struct word *word, json_t *o)
{
    reply_set(o, "company", json_words(word->claim->company));
    reply_set(o, "via", word->claim->via == NULL ? json_null() : json_words(word->claim->via));
    reply_set(o, "verified", json_boolean(word->claim->is_verified));
    reply_set(o, "record", json_id(word->claim->now->id.b));
    reply_set(o, "claimed", json_time(word->claimed));
    reply_set(o, "acknowledged",
              word->acknowledged.ms > 0 ? json_time(word->acknowledged) : json_null());
    reply_set(o, "evidence", word->evidence == NULL ? json_null() : json_words(word->evidence));
    (void)call;
}

static enum status
line_json(struct call *call, const struct type *type, int64_t person, bool is_ours, json_t *o)
{
    struct word words[PERSON_ROWS_MAX];
    struct claim *claims;
    const char *name;
    json_t *list;
    size_t count;

    TRY(person_claims(call, person, &claims, &count));
    if (count == 0)
        return STATUS_NOT_FOUND;
    for (size_t i = 0; i < count; i++)
        TRY(word_of(call, &claims[i], is_ours, &words[i]));
    qsort(words, count, sizeof(*words), compare);
    name = person_text(call, type, claims, count, "name");
    reply_set(o, "id", json_id(claims[0].now->id.b));
    reply_set(o, "name", json_words(name));
    put_word(call, &words[0], o);
    reply_set(o, "brought_first", json_words(claim_words(call, words[0].claim)));
    reply_set(o, "others", json_integer((json_int_t)count - 1));
    list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();
        put_word(call, &words[i], one);
        (void)json_array_append_new(list, one);
    }
    reply_set(o, "claims", list);
    return STATUS_OK;
}

/* Of an event of ours every row; of a partner's only what we brought. */
enum status
service_event_attribution(struct call *call)
{
    struct project_query query = { .people = true };
    int64_t persons[PAGE_MAX + 1], total;
    struct record_now *event;
    struct page page;
    size_t count;

    TRY(guests_event(call, &event));
    TRY(find_type(call, "attendee", &query.type));
    TRY(page_begin(call, &page));
    query.parent = &event->id;
    query.own_only = event->owner != COMPANY_US;
    query.search = page.search;
    query.after = page.after;
    query.limit = page.limit + 1;
    TRY(project_list(call->store, &query, persons, &count));
    TRY(project_count(call->store, &query, &total));
    bool more = count > (size_t)page.limit;
    count -= more;
    for (size_t i = 0; i < count; i++) {
        json_t *o = json_object();
        (void)json_array_append_new(page.items, o);
        TRY(line_json(call, query.type, persons[i], event->owner == COMPANY_US, o));
    }
    page_end(call, &page, count > 0 ? persons[count - 1] : 0, more, total);
    return STATUS_OK;
}

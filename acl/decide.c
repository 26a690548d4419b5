/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/decide.c - the decision. Everything must hold; what is not asked for is denied.
 */
#include "acl/chain_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"

const char *
stop_name(enum stop stop)
{
    static const char *const names[] = {
#define X(name) #name,
        STOP_TABLE(X)
#undef X
    };

    assert(stop < STOP_COUNT_);
    return names[stop];
}

static struct decision
stopped(enum stop stop, size_t link)
{
    return (struct decision){ .stop = stop, .link = link };
}

/* Last of all: the record goes as a whole, or stays home. */
static struct decision
decide_consent(const struct verified_chain *chain, const struct record_facts *facts,
               struct stretch granted)
{
    enum consent_lack lack = consent_decide(chain, facts, granted);

    if (lack == LACK_NONE)
        return stopped(STOP_NONE, 0);
    return (struct decision){ .stop = STOP_CONSENT, .link = chain->count - 1, .lack = lack };
}

/* ---- does one link's selector match? ---- */

static bool
is_listed(const struct grant *link, const struct record_id *id)
{
    size_t low = 0, high = link->record_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(link->records[middle].b, id->b, ID_SIZE);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool
is_member(const struct record_facts *facts, const struct revision_id *segment)
{
    for (size_t i = 0; i < facts->segment_count; i++)
        if (ID_IS_EQUAL(facts->segments[i], *segment))
            return true;
    return false;
}

static bool
is_selected(const struct grant *link, const struct record_facts *facts)
{
    switch (link->selector) {
    case SELECTOR_RECORDS:
        return is_listed(link, &facts->id);
    case SELECTOR_TREE:
        return ID_IS_EQUAL(facts->id, link->tree) ||
               (facts->has_parent && (ID_IS_EQUAL(facts->parent, link->tree) ||
                                      (PLANTED(FEEDBACK_TO_ALL) && link->has_cites)));
    case SELECTOR_SEGMENT:
        return is_member(facts, &link->segment);
    }
    return false;
}

/* ---- fields ---- */

static size_t
type_start(const struct grant_field *fields, size_t count, struct key type, bool after)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = key_compare(fields[middle].type, type);
        if (order < 0 || (order == 0 && after))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct stretch
type_stretch(const struct grant_field *fields, size_t count, struct key type)
{
    return (struct stretch){ type_start(fields, count, type, false),
                             type_start(fields, count, type, true) };
}

static bool
has_field(const struct grant_field *fields, struct stretch s, struct key field)
{
    while (s.first < s.end) {
        size_t middle = (s.first + s.end) / 2;
        int order = key_compare(fields[middle].field, field);
        if (order == 0)
            return true;
        if (order < 0)
            s.first = middle + 1;
        else
            s.end = middle;
    }
    return false;
}

/* For the explanation: the first link without any field of the type. */
static size_t
link_without_type(const struct verified_chain *chain, struct key type)
{
    size_t i = 0;

    for (; i + 1 < chain->count; i++) {
        const struct grant *link = chain->links[i];
        struct stretch s = type_stretch(link->fields, link->field_count, type);
        if (s.first == s.end)
            break;
    }
    return i;
}

/* For the explanation: the first link without this field. */
static size_t
link_without_field(const struct verified_chain *chain, struct key type, struct key field)
{
    size_t i = 0;

    for (; i + 1 < chain->count; i++) {
        const struct grant *link = chain->links[i];
        if (!has_field(link->fields, type_stretch(link->fields, link->field_count, type),
                       field))
            break;
    }
    return i;
}

/* ---- the decision ---- */

static struct decision
decide_links(const struct verified_chain *chain, const struct record_facts *facts,
             struct wall_ms now)
{
    for (size_t i = 0; i < chain->count; i++)
        if (!grant_is_open(chain->links[i], now))
            return stopped(STOP_NOT_YET, i);
    for (size_t i = 0; i < chain->count; i++)
        if (grant_is_over(chain->links[i], now))
            return stopped(STOP_ENDED, i);
    for (size_t i = 0; i < chain->count; i++)
        if (!is_selected(chain->links[i], facts))
            return stopped(STOP_SELECTOR, i);
    return stopped(STOP_NONE, 0);
}

/* On STOP_NONE *granted is the stretch of chain->fields that is of the record's type. */
static struct decision
decide_type(const struct verified_chain *chain, const struct node_id *recipient,
            const struct record_facts *facts, struct wall_ms now, struct stretch *granted)
{
    size_t leaf = chain->count - 1;

    *granted = (struct stretch){ 0 };
    if (!ID_IS_EQUAL(facts->owner, chain->links[0]->owner))
        return stopped(STOP_OWNER, 0);
    if (!ID_IS_EQUAL(*recipient, chain->links[leaf]->audience))
        return stopped(STOP_RECIPIENT, leaf);
    if ((chain->links[leaf]->actions & ACTION_READ) == 0)
        return stopped(STOP_ACTION, leaf);
    struct decision d = decide_links(chain, facts, now);
    if (d.stop != STOP_NONE)
        return d;
    *granted = type_stretch(chain->fields, chain->field_count, facts->type);
    if (granted->first == granted->end)
        return stopped(STOP_TYPE, link_without_type(chain, facts->type));
    return d;
}

struct decision
decide_record(const struct verified_chain *chain, const struct node_id *recipient,
              const struct record_facts *facts, struct wall_ms now)
{
    struct stretch granted;
    struct decision d = decide_type(chain, recipient, facts, now, &granted);

    return d.stop != STOP_NONE ? d : decide_consent(chain, facts, granted);
}

struct decision
decide_field(const struct verified_chain *chain, const struct node_id *recipient,
             const struct record_facts *facts, struct key field, struct wall_ms now)
{
    struct stretch granted;
    struct decision d = decide_type(chain, recipient, facts, now, &granted);

    if (d.stop != STOP_NONE)
        return d;
    if (!has_field(chain->fields, granted, field))
        return stopped(STOP_FIELD, link_without_field(chain, facts->type, field));
    return decide_consent(chain, facts, granted);
}

struct decision
decide_fields(const struct verified_chain *chain, const struct node_id *recipient,
              const struct record_facts *facts, const struct field *fields, size_t count,
              struct wall_ms now, bool *keep)
{
    struct stretch granted;
    struct decision d = decide_type(chain, recipient, facts, now, &granted);

    if (d.stop == STOP_NONE)
        d = decide_consent(chain, facts, granted);
    if (d.stop != STOP_NONE)
        granted = (struct stretch){ 0 };
    for (size_t i = 0; i < count; i++) {
        keep[i] = false;
        while (granted.first < granted.end &&
               key_compare(chain->fields[granted.first].field, fields[i].key) < 0)
            granted.first++;
        if (granted.first < granted.end)
            keep[i] = key_is_equal(chain->fields[granted.first].field, fields[i].key);
    }
    return d;
}

struct decision
decide_lease(const struct verified_chain *chain, struct wall_ms until, struct wall_ms now)
{
    return stopped(chain->count > 1 && now.ms >= until.ms && !PLANTED(LEASE_IGNORED)
                       ? STOP_LEASE
                       : STOP_NONE,
                   0);
}

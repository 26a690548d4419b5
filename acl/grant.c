/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/grant.c - a grant's own rules, and the order between a grant and the one it hangs under
 * (docs/protocol/grants.md). Two tables; the first row that fails names the component.
 */
#include "acl/chain_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/plant.h"

static bool
has_selector(const struct grant *g)
{
    return g->selector == SELECTOR_TREE || g->selector == SELECTOR_SEGMENT ||
           (g->selector == SELECTOR_RECORDS && g->record_count > 0);
}

static bool
has_fields(const struct grant *g)
{
    return g->field_count > 0;
}

static bool
has_purposes(const struct grant *g)
{
    return g->purpose_count > 0;
}

static bool
has_known_actions(const struct grant *g)
{
    return (g->actions & ~(uint32_t)ACTION_ALL) == 0 && (g->actions & ACTION_READ) != 0;
}

static bool
has_sound_depth(const struct grant *g)
{
    return g->depth <= PASS_ON_DEPTH_MAX &&
           (g->depth > 0) == ((g->actions & ACTION_PASS_ON) != 0);
}

static bool
has_window(const struct grant *g)
{
    return g->not_before.ms < g->not_after.ms;
}

/* Nobody grants to itself; a root comes from the owner; nothing is passed on to the owner. */
static bool
has_sound_parties(const struct grant *g)
{
    return !ID_IS_EQUAL(g->issuer, g->audience) &&
           (g->has_parent ? !ID_IS_EQUAL(g->audience, g->owner)
                          : ID_IS_EQUAL(g->issuer, g->owner));
}

/* Terms are the other half of the right to contribute. */
static bool
has_sound_terms(const struct grant *g)
{
    return !g->has_terms || (g->actions & ACTION_CONTRIBUTE) != 0;
}

/* An answer to another grant is the author's own, for one company, and asks for nothing in turn. */
static bool
has_sound_cites(const struct grant *g)
{
    return !g->has_cites || (!g->has_parent && g->depth == 0 && !g->has_terms);
}

enum status
grant_check(const struct grant *grant, const char **component)
{
    static const struct {
        const char *component;
        bool (*holds)(const struct grant *);
    } rules[] = {
        { "selector", has_selector },     { "fields", has_fields },
        { "purposes", has_purposes },     { "actions", has_known_actions },
        { "depth", has_sound_depth },     { "window", has_window },
        { "parties", has_sound_parties }, { "order", wire_grant_is_ordered },
        { "terms", has_sound_terms },     { "cites", has_sound_cites },
    };

    *component = NULL;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (rules[i].holds(grant))
            continue;
        *component = rules[i].component;
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

/* ---- between parent and child ---- */

static bool
may_pass_on(const struct grant *parent, const struct grant *child)
{
    (void)child;
    return (parent->actions & ACTION_PASS_ON) != 0;
}

static bool
are_actions_within(const struct grant *parent, const struct grant *child)
{
    return (child->actions & ~parent->actions) == 0;
}

static bool
is_depth_less(const struct grant *parent, const struct grant *child)
{
    return child->depth < parent->depth;
}

static bool
are_fields_within(const struct grant *parent, const struct grant *child)
{
    size_t p = 0;

    for (size_t c = 0; c < child->field_count; c++, p++) {
        while (p < parent->field_count &&
               grant_field_compare(&parent->fields[p], &child->fields[c]) < 0)
            p++;
        if (p == parent->field_count ||
            grant_field_compare(&parent->fields[p], &child->fields[c]) != 0)
            return false;
    }
    return true;
}

static bool
are_texts_within(const char **outer, size_t outer_count, const char **inner, size_t inner_count)
{
    size_t o = 0;

    for (size_t i = 0; i < inner_count; i++, o++) {
        while (o < outer_count && strcmp(outer[o], inner[i]) < 0)
            o++;
        if (o == outer_count || strcmp(outer[o], inner[i]) != 0)
            return false;
    }
    return true;
}

static bool
are_purposes_within(const struct grant *parent, const struct grant *child)
{
    return are_texts_within(parent->purposes, parent->purpose_count, child->purposes,
                            child->purpose_count);
}

/* No list means anywhere, so a child of a listed parent needs a list. */
static bool
are_countries_within(const struct grant *parent, const struct grant *child)
{
    return parent->country_count == 0 ||
           (child->country_count > 0 &&
            are_texts_within(parent->countries, parent->country_count, child->countries,
                             child->country_count));
}

static bool
is_window_within(const struct grant *parent, const struct grant *child)
{
    return child->not_before.ms >= parent->not_before.ms &&
           child->not_after.ms <= parent->not_after.ms;
}

static bool
are_duties_kept(const struct grant *parent, const struct grant *child)
{
    return child->delete_days <= parent->delete_days && (child->receipt || !parent->receipt);
}

static bool
is_same_want(const struct terms *parent, const struct terms *child)
{
    if (parent->want_count != child->want_count)
        return false;
    for (size_t i = 0; i < parent->want_count; i++)
        if (grant_field_compare(&parent->want[i], &child->want[i]) != 0)
            return false;
    return true;
}

/* What is asked for stays the owner's question; how much, until when and who sees it may only shrink. Without terms
 * nobody was asked, so no link may ask. */
static bool
are_terms_within(const struct grant *parent, const struct grant *child)
{
    const struct terms *p = &parent->terms, *c = &child->terms;

    if (!parent->has_terms || (child->actions & ACTION_CONTRIBUTE) == 0)
        return !child->has_terms;
    return child->has_terms && is_same_want(p, c) &&
           (p->quota == 0 || (c->quota != 0 && c->quota <= p->quota)) &&
           (p->closes.ms == 0 || (c->closes.ms != 0 && c->closes.ms <= p->closes.ms)) &&
           (p->chain || !c->chain);
}

static bool
does_follow(const struct grant *parent, const struct object_id *parent_id,
            const struct grant *child)
{
    return child->has_parent && ID_IS_EQUAL(child->parent, *parent_id) &&
           ID_IS_EQUAL(child->issuer, parent->audience) &&
           ID_IS_EQUAL(child->owner, parent->owner);
}

enum status
grant_narrows(const struct grant *parent, const struct object_id *parent_id,
              const struct grant *child, const char **component)
{
    static const struct {
        const char *component;
        bool (*holds)(const struct grant *, const struct grant *);
    } rules[] = {
        { "pass_on", may_pass_on },          { "actions", are_actions_within },
        { "depth", is_depth_less },          { "fields", are_fields_within },
        { "purposes", are_purposes_within }, { "countries", are_countries_within },
        { "window", is_window_within },      { "duties", are_duties_kept },
        { "terms", are_terms_within },
    };

    *component = NULL;
    if (!does_follow(parent, parent_id, child)) {
        *component = "parent";
        return STATUS_BROKEN_CHAIN;
    }
    for (size_t i = 0; i < COUNT_OF(rules) && !PLANTED(WIDEN_ACCEPTED); i++) {
        if (rules[i].holds(parent, child) ||
            (PLANTED(KEPT_LONGER) && rules[i].holds == are_duties_kept))
            continue;
        *component = rules[i].component;
        return STATUS_WIDENED;
    }
    return STATUS_OK;
}

bool
grant_is_open(const struct grant *grant, struct wall_ms now)
{
    return grant->not_before.ms - CLOCK_TOLERANCE_MS <= now.ms;
}

bool
grant_is_over(const struct grant *grant, struct wall_ms now)
{
    return now.ms >= grant->not_after.ms;
}

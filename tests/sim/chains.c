/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/chains.c - what is signed and goes from company to company, held against two promises, by comparing alone:
 * a link of a chain is nowhere wider than the one before it (P4), and one position of a record has one revision, by its
 * one owner (P7).
 */
#include <stdlib.h>

#include "schema/digest.h"
#include "tests/sim/sim.h"

/* ---- links -------------------------------------------------------------------------------- */

static bool
has_field(const struct grant *g, const struct grant_field *field)
{
    for (size_t i = 0; i < g->field_count; i++)
        if (key_is_equal(g->fields[i].type, field->type) &&
            key_is_equal(g->fields[i].field, field->field))
            return true;
    return false;
}

static bool
are_fields_within(const struct grant *in, const struct grant *of)
{
    for (size_t i = 0; i < in->field_count; i++)
        if (!has_field(of, &in->fields[i]))
            return false;
    return true;
}

static bool
are_records_within(const struct grant *in, const struct grant *of)
{
    for (size_t i = 0; i < in->record_count; i++) {
        bool is_there = ID_IS_EQUAL(in->records[i], of->tree);
        for (size_t k = 0; k < of->record_count && of->selector == SELECTOR_RECORDS; k++)
            is_there = is_there || ID_IS_EQUAL(in->records[i], of->records[k]);
        if (!is_there)
            return false;
    }
    return in->selector != SELECTOR_TREE ||
           (of->selector == SELECTOR_TREE && ID_IS_EQUAL(in->tree, of->tree));
}

static bool
are_words_within(const char **in, size_t in_count, const char **of, size_t of_count)
{
    for (size_t i = 0; i < in_count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < of_count; k++)
            is_there = is_there || strcmp(in[i], of[k]) == 0;
        if (!is_there)
            return false;
    }
    return true;
}

/* Who may take how many guests, until when, and who sees them. */
static bool
are_terms_within(const struct grant *in, const struct grant *of)
{
    const struct terms *a = &in->terms, *b = &of->terms;

    return !in->has_terms ||
           (of->has_terms && (b->quota == 0 || (a->quota > 0 && a->quota <= b->quota)) &&
            (b->closes.ms == 0 || (a->closes.ms > 0 && a->closes.ms <= b->closes.ms)) &&
            (!a->chain || b->chain));
}

/* NULL: in nothing. */
static const char *
wider_in(const struct grant *in, const struct grant *of, const struct object_id *of_id)
{
    const struct {
        bool is_within;
        const char *what;
    } parts[] = {
        { in->has_parent && ID_IS_EQUAL(in->parent, *of_id), "parent" },
        { ID_IS_EQUAL(in->issuer, of->audience), "issuer" },
        { ID_IS_EQUAL(in->owner, of->owner), "owner" },
        { are_fields_within(in, of), "fields" },
        { are_records_within(in, of), "records" },
        { (in->actions & ~of->actions) == 0, "actions" },
        { (of->actions & ACTION_PASS_ON) != 0 && in->depth < of->depth, "depth" },
        { in->not_before.ms >= of->not_before.ms && in->not_after.ms <= of->not_after.ms,
          "time" },
        { are_words_within(in->purposes, in->purpose_count, of->purposes, of->purpose_count),
          "purposes" },
        { of->country_count == 0 ||
              (in->country_count > 0 && are_words_within(in->countries, in->country_count,
                                                         of->countries, of->country_count)),
          "countries" },
        { in->delete_days <= of->delete_days, "days to erase in" },
        { in->receipt || !of->receipt, "receipt" },
        { are_terms_within(in, of), "terms" },
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!parts[i].is_within)
            return parts[i].what;
    return NULL;
}

void
chains_watch(struct sim *sim, int from, const struct bundle *bundle)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct grant *before = NULL, *g;

    for (size_t i = 0; i < bundle->link_count && !sim_failed(sim); i++, before = g) {
        if (wire_grant_parse(bundle->links[i].body, arena, &g) != STATUS_OK) {
            sim_fail(sim, "%s sends a grant that does not parse", sim->nodes[from].name);
            return;
        }
        struct object_id id = { 0 };
        if (i > 0)
            id = digest_object_id(bundle->links[i - 1].body);
        const char *what = before == NULL ? NULL : wider_in(g, before, &id);
        sim->counts[COUNT_links] += i > 0;
        if (what != NULL)
            sim_fail(sim, "%s sends a chain whose link %zu is wider than the one before: %s",
                     sim->nodes[from].name, i + 1, what);
        if (before == NULL && !ID_IS_EQUAL(g->issuer, g->owner))
            sim_fail(sim, "%s sends a chain that its owner did not begin",
                     sim->nodes[from].name);
    }
}

/* ---- revisions ---------------------------------------------------------------------------- */

struct seen_revision {
    struct seen_revision *next;
    struct record_id record;
    struct position position;
    struct revision_id id;
};

static void
watch_revision(struct sim *sim, int from, const struct share *s, struct bytes raw)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct seen_revision seen = { 0 };
    struct revision *r;

    if (wire_revision_parse(raw, arena, &r) != STATUS_OK) {
        sim_fail(sim, "%s sends a revision that does not parse", sim->nodes[from].name);
        return;
    }
    seen.record = digest_record_id(r->type.space, r->type.number, &r->owner, r->nonce);
    seen.position = r->position;
    seen.id = digest_revision_id(raw);
    if (node_index_of(sim, &r->owner) != s->owner)
        sim_fail(sim, "%s sends a revision that is not %s's", sim->nodes[from].name,
                 sim->nodes[s->owner].name);
    struct seen_revision **at = &sim->revisions[seen.record.b[0] % REVISION_SLOTS];
    for (; *at != NULL; at = &(*at)->next) {
        if (!ID_IS_EQUAL((*at)->record, seen.record) ||
            position_compare((*at)->position, seen.position) != 0)
            continue;
        if (!ID_IS_EQUAL((*at)->id, seen.id))
            sim_fail(sim, "%s sends a second revision of %s's at position %u.%llu",
                     sim->nodes[from].name, sim->nodes[s->owner].name,
                     (unsigned)r->position.incarnation, (unsigned long long)r->position.number);
        return;
    }
    *at = xcalloc(1, sizeof(**at));
    **at = seen;
    sim->counts[COUNT_revisions]++;
}

void
chains_watch_records(struct sim *sim, int from, const struct share *s,
                     const struct records *records)
{
    for (size_t i = 0; i < records->run_count; i++)
        for (size_t k = 0; k < records->runs[i].item_count && !sim_failed(sim); k++)
            watch_revision(sim, from, s, records->runs[i].items[k].revision);
}

void
chains_fini(struct sim *sim)
{
    for (int i = 0; i < REVISION_SLOTS; i++) {
        for (struct seen_revision *r = sim->revisions[i], *next; r != NULL; r = next) {
            next = r->next;
            free(r);
        }
        sim->revisions[i] = NULL;
    }
}

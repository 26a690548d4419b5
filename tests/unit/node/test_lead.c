/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_lead.c - leads are dealt out by the rule, the same way every time.
 */
#include <stdio.h>
#include <string.h>

#include "node/lead.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

enum { SELLERS = 3 };

/* The first letters of who gets a lead from each of these regions. */
static const char *
deal(const char *const *texts, const int64_t *open, enum lead_rule rule, const char *regions)
{
    static char got[32];
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct seller sellers[SELLERS];
    char *rest = arena_text(arena, bytes_text(regions)), *region;
    size_t n = 0;

    for (size_t i = 0; i < SELLERS; i++) {
        if (lead_seller_of(texts[i], arena, &sellers[i]) != STATUS_OK)
            return "?";
        sellers[i].open = open[i];
    }
    while ((region = strsep(&rest, " ")) != NULL) {
        const struct seller *s =
            lead_deal(sellers, SELLERS, rule, strcmp(region, "-") == 0 ? "" : region);
        got[n++] = s == NULL ? '.' : s->name[0];
    }
    got[n] = '\0';
    return got;
}

static void
test_deals(struct check *t)
{
    static const struct {
        const char *why;
        const char *sellers[SELLERS];
        int64_t open[SELLERS];
        enum lead_rule rule;
        const char *regions, *want;
    } rows[] = {
        { "in turn, whatever they have",
          { "Ann", "Ben", "Cy" },
          { 9, 0, 0 },
          LEAD_ROUND_ROBIN,
          "- - - - -",
          "ABCAB" },
        { "by region",
          { "Ann", "Ben:DE/AT", "Cy:CN" },
          { 0 },
          LEAD_REGION,
          "DE AT CN DE",
          "BBCB" },
        { "in turn inside a region",
          { "Ann:DE", "Ben:de", "Cy:CN" },
          { 0 },
          LEAD_REGION,
          "DE DE DE CN",
          "ABAC" },
        { "who is for no region gets the others",
          { "Ann", "Ben:DE", "Cy:CN" },
          { 0 },
          LEAD_REGION,
          "FR - DE",
          "AAB" },
        { "without such a one nobody gets them",
          { "Ann:DE", "Ben:DE", "Cy:CN" },
          { 0 },
          LEAD_REGION,
          "FR DE",
          ".A" },
        { "a region is a whole word",
          { "Ann", "Ben:DEN", "Cy:D" },
          { 0 },
          LEAD_REGION,
          "DE",
          "A" },
        { "the fewest open first",
          { "Ann", "Ben", "Cy" },
          { 3, 1, 2 },
          LEAD_LOAD,
          "- - - - - -",
          "BBCABC" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              strcmp(deal(rows[i].sellers, rows[i].open, rows[i].rule, rows[i].regions),
                     rows[i].want) == 0);
}

static void
test_words(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct seller s;

    CHECK(t, "blanks around do not count",
          lead_seller_of(" Sue Kim : DE/AT ", arena, &s) == STATUS_OK &&
              strcmp(s.name, "Sue Kim") == 0 && strcmp(s.regions, "DE/AT") == 0);
    CHECK(t, "a region needs a name", lead_seller_of(":DE", arena, &s) == STATUS_USAGE);
    CHECK(t, "the rules have names", lead_rule_of("load") == LEAD_LOAD);
    CHECK(t, "others are none", lead_rule_of("luck") == LEAD_RULE_COUNT_);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "a deal follows its rule", test_deals },
        { "sellers as people write them", test_words },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/lead.c - dealing leads out to sellers (contract: node/lead.h).
 */
#include "node/lead.h"

#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"

static const char *const rule_names[] = {
#define X(name, text) [LEAD_##name] = text,
    LEAD_RULES(X)
#undef X
};

enum lead_rule
lead_rule_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(rule_names); i++)
        if (strcmp(rule_names[i], name) == 0)
            return (enum lead_rule)i;
    return LEAD_RULE_COUNT_;
}

static const char *
trimmed(const char *text, size_t len, struct arena *arena)
{
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return arena_text(arena, bytes_of(text, len));
}

enum status
lead_seller_of(const char *text, struct arena *arena, struct seller *out)
{
    const char *colon = strchr(text, ':');
    size_t len = colon == NULL ? strlen(text) : (size_t)(colon - text);

    *out = (struct seller){ .name = trimmed(text, len, arena),
                            .regions = colon == NULL
                                           ? ""
                                           : trimmed(colon + 1, strlen(colon + 1), arena) };
    return out->name[0] == '\0' ? STATUS_USAGE : STATUS_OK;
}

static bool
is_for(const struct seller *seller, const char *region)
{
    size_t wanted = strlen(region);
    const char *at = seller->regions;

    while (wanted > 0 && *at != '\0') {
        size_t len = strcspn(at, "/");
        if (len == wanted && strncasecmp(at, region, len) == 0)
            return true;
        at += len + (at[len] == '/');
    }
    return false;
}

struct seller *
lead_deal(struct seller *sellers, size_t count, enum lead_rule rule, const char *region)
{
    struct seller *best = NULL;
    bool is_local = false;

    for (size_t i = 0; rule == LEAD_REGION && i < count; i++)
        is_local = is_local || is_for(&sellers[i], region);
    for (size_t i = 0; i < count; i++) {
        struct seller *s = &sellers[i];
        if (rule == LEAD_REGION && !(is_local ? is_for(s, region) : s->regions[0] == '\0'))
            continue;
        int64_t has = s->given + (rule == LEAD_LOAD ? s->open : 0);
        if (best == NULL || has < best->given + (rule == LEAD_LOAD ? best->open : 0))
            best = s;
    }
    if (best != NULL)
        best->given++;
    return best;
}

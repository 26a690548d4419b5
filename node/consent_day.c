/* SPDX-License-Identifier: Apache-2.0
 *
 * node/consent_day.c - consents that run out (contract: node/consent_day.h).
 */
#include "node/consent_day.h"

#include <string.h>
#include <time.h>

#include "node/consent.h"
#include "node/store/project.h"
#include "schema/base/cleanup.h"

enum { PIECE = 256, PIECES = 16, DAY_TEXT = 10 };

static const char meta_name[] = "consent-day";

/* "2027-03-12", UTC: as dates are stored. */
static void
day_of(struct wall_ms at, char out[static DAY_TEXT + 1])
{
    time_t seconds = (time_t)(at.ms / 1000);
    struct tm tm;

    out[0] = '\0';
    if (gmtime_r(&seconds, &tm) == NULL || strftime(out, DAY_TEXT + 1, "%Y-%m-%d", &tm) == 0)
        out[0] = '\0';
}

static enum status
spread_one(struct core *core, int64_t record)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };
    struct call call = service_own_call(core, arena, &diag);
    struct record_now *now;

    TRY(record_now(core->store, record, false, arena, &now));
    return consent_spread(&call, now->fields, now->field_count);
}

/* Those that ended from the day `since` on and before today. *over: all of them are done. */
static enum status
pass_piece(struct core *core, struct bytes since, struct bytes today, bool *over)
{
    const struct type *type = dictionary_find_name(core->dictionary, "consent");
    const struct type_field *until = type_field_find_name(type, "expiryDate");
    const struct rule from = { RULE_FIELD, RULE_MORE_EQUAL, NULL, NULL, until, since };
    const struct rule to = { RULE_FIELD, RULE_LESS, NULL, NULL, until, today };
    const struct rule both = { .kind = RULE_AND, .left = &from, .right = &to };
    struct project_query query = { .type = type,
                                   .where = &both,
                                   .own_only = true,
                                   .after = core->consent_after,
                                   .limit = PIECE };
    int64_t records[PIECE];
    size_t count;

    TRY(project_list(core->store, &query, records, &count));
    for (size_t i = 0; i < count; i++)
        TRY(spread_one(core, records[i]));
    core->consent_after = count > 0 ? records[count - 1] : core->consent_after;
    *over = count < PIECE;
    return STATUS_OK;
}

enum status
consent_day_pass(struct core *core)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes since = { 0 };
    char today[DAY_TEXT + 1];
    bool over = false;

    day_of(core_wall(core), today);
    if (strcmp(today, core->consent_day) == 0 || today[0] == '\0')
        return STATUS_OK;
    enum status s = store_meta_get(core->store, meta_name, arena, &since);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    TRY(core_need_txn(core));
    for (int i = 0; i < PIECES && !over; i++) {
        s = pass_piece(core, since.len > 0 ? since : bytes_text("0000-00-00"),
                       bytes_text(today), &over);
        if (s == STATUS_LOCKED)
            return STATUS_OK; /* the key will be back */
        TRY(s);
    }
    if (!over)
        return STATUS_OK;
    core->consent_after = 0;
    memcpy(core->consent_day, today, sizeof(today));
    return store_meta_put(core->store, meta_name, bytes_text(today));
}

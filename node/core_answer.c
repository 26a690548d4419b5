/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_answer.c - requests that get their answer: after the commit, when it failed, or when the link has let go what it
 * held. What takes back and found no room on the disk is tried once more, on the room kept for it (node/disk.h).
 */
#include <stdlib.h>

#include "node/core_answer.h"
#include "schema/base/log.h"
#include "schema/text.h"

/* Its change did not happen. */
static void
fail_request(struct core *core, struct api_request *r, enum status failure)
{
    if (r->status == STATUS_OK)
        r->status = failure;
    json_decref(r->reply);
    r->reply = NULL;
    if (failure == STATUS_DISK_FULL && r->service->effect == SERVICE_TAKES_BACK &&
        !r->is_again) {
        r->is_again = true;
        core_submit(core, r);
        return;
    }
    if (r->status == STATUS_DISK_FULL)
        (void)disk_say(core->home, &r->diag);
    r->done(r);
}

void
core_answer_all(struct core *core, enum status failure)
{
    for (size_t i = 0; i < core->answer_count; i++) {
        struct api_request *r = core->answers[i];
        if (failure != STATUS_OK)
            fail_request(core, r, failure);
        else
            r->done(r);
    }
}

void
core_answer_waiters_fail(struct core *core, enum status failure)
{
    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        if (!w->fresh) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        fail_request(core, w->request, failure);
        free(w);
    }
}

/* Says whether the link has confirmed. */
static void
answer_waiter(struct waiter *w, bool is_dropped)
{
    struct api_request *r = w->request;

    if (json_is_object(r->reply))
        (void)json_object_set_new(r->reply, "dropped", json_boolean(is_dropped));
    if (json_is_object(r->reply) && !is_dropped)
        (void)json_object_set_new(r->reply, "to_do",
                                  json_string(text_get(r->language, "stop.not_dropped")));
    if (!is_dropped)
        LOG(LOG_WARN, "link.not_dropped", log_num("epoch", (int64_t)w->epoch));
    r->done(r);
    free(w);
}

void
core_answer_expired(struct core *core)
{
    struct mono_ms now = core_mono(core);

    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        w->fresh = false;
        if (w->until.ms > now.ms) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        answer_waiter(w, false);
    }
}

void
core_answer_waiters(struct core *core, const struct node_id *node, uint64_t epoch)
{
    for (struct waiter **at = &core->waiters; *at != NULL;) {
        struct waiter *w = *at;
        if (epoch == 0 ? w->epoch != 0 || !ID_IS_EQUAL(w->node, *node)
                       : w->epoch == 0 || w->epoch > epoch) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        answer_waiter(w, true);
    }
}

void
core_on_link_new(struct core *core)
{
    for (struct waiter *w = core->waiters, *next; w != NULL; w = next) {
        next = w->next;
        answer_waiter(w, true);
    }
    core->waiters = NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/notices.c - what somebody knows once it acknowledges a number.
 */
#include <stdlib.h>

#include "tests/sim/sim.h"

void
notice_add(struct sim *sim, int from, int to, const struct envelope *env, int share)
{
    struct notice *n = xcalloc(1, sizeof(*n));

    n->from = from;
    n->to = to;
    n->is_sealed = env->stream == 0;
    n->seq = env->seq;
    n->kind = env->kind;
    n->share = share;
    n->next = sim->notices;
    sim->notices = n;
}

static void
notice_known(struct sim *sim, const struct notice *n)
{
    if (n->kind == MESSAGE_ANSWER) {
        sim->shares[n->share].answer_known = true;
        return;
    }
    for (int i = 0; i < sim->share_count; i++)
        if (sim->shares[i].receiver == n->to && share_is_below(sim, i, n->share))
            sim->shares[i].fall_known = true;
}

void
watch_known(struct sim *sim, int by, int toward, bool is_sealed, uint64_t have)
{
    for (struct notice **at = &sim->notices; *at != NULL;) {
        struct notice *n = *at;
        if (n->from != toward || n->to != by || n->is_sealed != is_sealed || n->seq > have) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        notice_known(sim, n);
        free(n);
    }
}

/* Something else has the number now. */
void
notice_void(struct sim *sim, int from, int to, const struct envelope *env)
{
    for (struct notice **at = &sim->notices; *at != NULL;) {
        struct notice *n = *at;
        if (n->from != from || n->to != to || n->is_sealed || env->stream != STREAM_CONTROL ||
            n->seq != env->seq) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        free(n);
    }
}

void
notice_fini(struct sim *sim)
{
    for (struct notice *n = sim->notices, *next; n != NULL; n = next) {
        next = n->next;
        free(n);
    }
    sim->notices = NULL;
}

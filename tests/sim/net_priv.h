/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/net_priv.h - what is under way, and links: what net.c and faults.c share.
 */
#ifndef HANSA_TESTS_SIM_NET_PRIV_H
#define HANSA_TESTS_SIM_NET_PRIV_H

#include "tests/sim/sim.h"

enum happening_kind { COMES_MESSAGE, COMES_UP, COMES_PROVED, COMES_DROPPED, COMES_EPOCH };

struct happening {
    struct happening *next;
    int64_t at;
    uint64_t order;
    enum happening_kind kind;
    int from, to; /* node indexes; to: who learns of it */
    int life;     /* of `to`, for notices */
    struct node_id who;
    uint64_t epoch;
    size_t len;
    uint8_t data[];
};

/* What is under way from one to the other is lost; each message with this chance. */
void net_lose(struct sim *sim, int from, int to, unsigned percent);
/* If there is a link between these two, they hear of it. */
void net_tell_up(struct sim *sim, int a, int b);
/* Would its edge let this message in? */
bool net_admits(struct sim *sim, const struct happening *h);

#endif

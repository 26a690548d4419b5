/* SPDX-License-Identifier: Apache-2.0
 *
 * node/exchange_priv.h - what the files share that talk to partners: an object being taken, and records
 * being loaded into a message.
 */
#ifndef HANSA_NODE_EXCHANGE_PRIV_H
#define HANSA_NODE_EXCHANGE_PRIV_H

#include "node/core_priv.h"

/* An object of the control stream being taken, over a link or by the sealed way. */
struct taking {
    struct core *core;
    struct company *from; /* who sent it: over the link, or the origin of a sealed message */
    struct arena *arena;
    const struct envelope *env; /* kind and body; the rest only over a link */
    const char *detail;         /* component at fault; static */
};

/* The chain that came with an object, and the descriptors that it names. */
MUST_CHECK enum status exchange_verify_links(struct taking *t, const struct bundle *bundle,
                                             struct verified_chain **chain);
/* One object by the table of kinds; STATUS_UNKNOWN_KIND when the table has none. */
MUST_CHECK enum status exchange_take_object(struct taking *taking);
/* A Records body under one of from's shares. *detail: component at fault. */
MUST_CHECK enum status exchange_take_records(struct core *core, const struct company *from,
                                             const struct envelope *env, const char **detail);
/* The object is refused, not the stream: these are the sender's fault. The others are ours, "not now". */
bool exchange_is_their_fault(enum status s);
/* A receiver has the offer: now its records may follow. */
MUST_CHECK enum status exchange_offer_delivered(struct core *core, int64_t share);
/* What a receiver acknowledged: items as made by load_items(). */
MUST_CHECK enum status exchange_records_delivered(struct core *core, int64_t company,
                                                  int64_t leaf, struct bytes items);
/* An offer whose share has ended since must not arrive any more, nor the head stapled to it. */
bool exchange_offer_is_past(struct core *core, uint8_t kind, int64_t share);
/* The next control object for a company, out of its queue. STATUS_NOT_FOUND. */
MUST_CHECK enum status exchange_control_pull(struct core *core, int64_t company,
                                             struct arena *arena, struct peer_frame *out,
                                             int64_t *share);

/* ---- exchange_return.c: handlers of the table of kinds ---- */
MUST_CHECK enum status exchange_take_proposal(struct taking *t);
MUST_CHECK enum status exchange_take_proposal_answer(struct taking *t);
MUST_CHECK enum status exchange_take_ask(struct taking *t);

/* ---- load.c: records that go in one message, all under one grant ---- */

enum { LOAD_MAX = RUN_ITEMS_MAX }; /* about what fits */

struct load {
    const struct live *live;
    struct cleared items[LOAD_MAX];
    int64_t records[LOAD_MAX];
    struct position positions[LOAD_MAX];
    bool gone[LOAD_MAX]; /* tombstones */
    size_t count;
};

/* May records of this share go to this company now? Not while an owner's word that it needs is not news: then what is due
 * stays due. Of a share that we received: back to its owner, while that one is told what it forgot (node/give_back.h). */
bool load_may_carry(struct core *core, const struct live *live, int64_t company);
/* May this record go now, and which revision would? STATUS_NOT_GRANTED, STATUS_NOT_FOUND: no. */
MUST_CHECK enum status load_may_go(struct core *core, const struct live *live, int64_t record,
                                   struct position *out);
/* What is due under the share and may still go, the second decision taken; what may not is struck off. Nothing
 * left: count 0. */
MUST_CHECK enum status load_due(struct core *core, struct live *live, struct arena *arena,
                                struct load *out);
/* The same revisions as before, decided again. STATUS_NOT_GRANTED, STATUS_NOT_FOUND: not all of them may go as they
 * were. */
MUST_CHECK enum status load_again(struct core *core, int64_t leaf, int64_t company,
                                  struct bytes items, struct arena *arena, struct load *out);
/* A Records body of the first *taken, at most `room` bytes. */
struct bytes load_pack(const struct load *load, size_t room, struct arena *arena,
                       size_t *taken);
/* The first `count` are handed over: no longer due; their names and positions into `items`. */
MUST_CHECK enum status load_handed(struct core *core, const struct load *load, size_t count,
                                   struct buffer *items);
/* What was handed over is due again, if anything still lets it go. */
MUST_CHECK enum status load_requeue(struct core *core, int64_t leaf, struct bytes items);

#endif

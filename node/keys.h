/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys.h - keys of companies over time (docs/protocol/objects.md, docs/adr/0016-keys-over-time.md).
 *
 * 1. A company's descriptors are a chain: each newer one has a higher serial than the one that we know,
 *    and names its hash when it is the next. The newest is in
 *    `company`, those before it in `descriptor`, DESCRIPTORS_MAX in all; what was signed under any of them verifies, but
 *    for those that the newest calls stolen, which count only for what we had before.
 * 2. Data for a partner stands still while a descriptor is under way to it, so that nothing arrives under a key that it
 *    does not know.
 * 3. Our own new descriptor is found beside the keys at start, by keys_begin, and goes to everybody in that transaction.
 */
#ifndef HANSA_NODE_KEYS_H
#define HANSA_NODE_KEYS_H

#include "node/core_priv.h"

/* Signing keys of a company, the newest first; *good of them count for what is new. Any thread. */
MUST_CHECK enum status keys_signing(struct store *st, int64_t company,
                                    const struct descriptor *newest,
                                    struct sign_key out[static DESCRIPTORS_MAX], size_t *count,
                                    size_t *good);
/* A descriptor of a company that we know, verified. Older and known, nothing happens; newer, it is taken and passed on to
 * partners that are or were in a chain with it, but for `from` (company.id). STATUS_EQUIVOCATION: another one with this serial, or
 * one that follows another; STATUS_BROKEN_CHAIN: it takes back what was called stolen;
 * STATUS_CONFLICT: its transport key is another's; STATUS_TOO_BIG: there
 * were KEY_CHANGES_A_DAY_MAX. */
MUST_CHECK enum status keys_take(struct core *core, struct company *company,
                                 const struct descriptor *d, const struct signed_object *object,
                                 int64_t from);
/* STATUS_CONFLICT: its transport key is that of a partner, now or before: the link is by key, and each key is one company's.
 * Company: whose descriptor it is; NULL: it is not known yet. */
MUST_CHECK enum status keys_check_transport(struct core *core, const struct company *company,
                                            const struct descriptor *d);
/* What takes back goes first, and is verified with its author's key: a descriptor of that one that waits for the same
 * company (control.id) goes before it. STATUS_NOT_FOUND: none does. */
MUST_CHECK enum status keys_before(struct core *core, int64_t company, uint8_t kind,
                                   struct bytes body, int64_t *out);
/* A descriptor that cannot be beside what is known was refused: it is kept as evidence. */
MUST_CHECK enum status keys_fault(struct core *core, const struct company *company,
                                  int64_t from, const struct descriptor *d,
                                  const struct signed_object *refused);
/* Those that are kept of a company, at most the `most` newest, oldest first, after the `count` that stand there. In the
 * arena. STATUS_UNKNOWN_KEY. */
MUST_CHECK enum status keys_history(struct core *core, const struct node_id *node, size_t most,
                                    struct arena *arena, struct signed_object *list,
                                    size_t *count);
/* The bundle with what is kept of each of these companies: of each so many, the newest, as have room in one message on any
 * way. In the arena. STATUS_TOO_BIG: one of each has no room beside the links. */
MUST_CHECK enum status keys_bundle(struct core *core, struct bundle *bundle,
                                   const struct node_id *const *about, size_t count,
                                   struct arena *arena, struct bytes *out);

/* ---- ours ---- */
/* In the transaction of the start: a newer descriptor beside our keys is ours from now on. STATUS_CONFIG: the keys are
 * older than what is known of them. */
MUST_CHECK enum status keys_begin(struct core *core, struct diag *diag);
/* Ours that the company has not acknowledged are queued for it. */
MUST_CHECK enum status keys_tell(struct core *core, struct company *company);
/* A queued descriptor arrived: share is as it was queued. */
MUST_CHECK enum status keys_told(struct core *core, int64_t company, int64_t share);
/* A partner knows a newer one of ours than we do: our keys came out of an old backup. The node ends, and does not start
 * again with them. */
MUST_CHECK enum status keys_overtaken(struct core *core, const struct descriptor *d,
                                      const struct signed_object *object);
/* Has it acknowledged our newest, or can it reach us by none? link_only: over a link. */
bool keys_are_known(struct core *core, const struct company *company, bool link_only);
/* The sealing and transport keys before ours go when everybody knows the new ones; or at once. */
MUST_CHECK enum status keys_retire(struct core *core, bool at_once, const char *actor);
/* Our descriptor with the transport key that the edge has: for who meets us. In the arena. */
MUST_CHECK enum status keys_linked(struct core *core, struct arena *arena,
                                   struct signed_object *out);

/* ---- keys_anew.c: ours were stolen ---- */
/* Everything that waits is to be signed anew; whether that goes on, from the database; a piece of it. */
MUST_CHECK enum status keys_anew_begin(struct core *core);
MUST_CHECK enum status keys_anew_load(struct core *core);
MUST_CHECK enum status keys_anew_pass(struct core *core);
/* A word of ours that was kept goes again: signed anew when the key was stolen since. STATUS_LOCKED: it is as it was. */
MUST_CHECK enum status keys_anew_word(struct core *core, enum message_kind kind,
                                      struct signed_object *object);
/* Nothing of ours goes yet. */
bool keys_anew_holds(const struct core *core);

/* ---- the link to a company whose transport key changes ---- */
/* After its descriptor was read: the key of its descriptor `linked` is tried too, until it is proved that it is over. */
MUST_CHECK enum status keys_link(struct core *core, struct company *company, uint64_t linked);
/* There was a handshake with the newest: the one before is over there. */
void keys_proved(struct core *core, struct company *company);

/* Is one under way to it? Asks the database only while it may be. */
MUST_CHECK enum status keys_wait(struct core *core, struct company *company);

#endif

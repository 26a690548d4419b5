/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/identity.h - who a company is: descriptors, fingerprint words, invitations
 * (docs/protocol/objects.md and invitation.md), and the common check of signed objects.
 */
#ifndef HANSA_FEDERATION_IDENTITY_H
#define HANSA_FEDERATION_IDENTITY_H

#include "acl/chain.h"

/* A descriptor that verifies under its own root key, with its node id; valid at `now` give or take the
 * clock tolerance. *out is in the arena. STATUS_BAD_SIGNATURE, _MALFORMED, _EXPIRED, _NOT_YET. */
MUST_CHECK enum status descriptor_verify(const struct signed_object *object, struct wall_ms now,
                                         struct arena *arena, struct descriptor **out,
                                         struct node_id *node);

/* The six words that two companies compare. Static texts. */
enum { FINGERPRINT_WORDS = 6 };
void fingerprint_words(const struct node_id *a, const struct node_id *b,
                       const char *words[static FINGERPRINT_WORDS]);
/* Joined by blanks, in the arena. */
const char *fingerprint_text(const struct node_id *a, const struct node_id *b, struct arena *arena);

struct invitation {
    struct signed_object descriptor; /* of the inviter */
    uint8_t token[16];
    uint8_t guest_secret[32];
    struct wall_ms ends;
};
/* STATUS_MALFORMED: not an invitation or mistyped. White space around it is forgiven. The descriptor is
 * not verified here. */
MUST_CHECK enum status invitation_parse(struct bytes text, struct arena *arena,
                                        struct invitation **out);
const char *invitation_format(const struct invitation *in, struct arena *arena);

/* Signed by its author, for us? STATUS_WRONG_AUDIENCE, _UNKNOWN_KEY, _BAD_SIGNATURE. */
MUST_CHECK enum status object_verify(enum sign_type type, const struct signed_object *object,
                                     const struct node_id *author, const struct node_id *audience,
                                     const struct node_id *me, const struct key_directory *keys);

#endif

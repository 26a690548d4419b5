/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/invitation.h - first contact: one line of text (docs/protocol/invitation.md).
 */
#ifndef HANSA_FEDERATION_INVITATION_H
#define HANSA_FEDERATION_INVITATION_H

#include "schema/wire.h"

struct invitation {
    struct signed_object descriptor; /* of the inviter */
    uint8_t token[16];
    uint8_t guest_secret[32]; /* X25519, made for this invitation alone */
    struct wall_ms ends;
};

/* STATUS_MALFORMED: not an invitation or mistyped. White space around it is forgiven. The descriptor is
 * not verified here. */
MUST_CHECK enum status invitation_parse(struct bytes text, struct arena *arena,
                                        struct invitation **out);
const char *invitation_format(const struct invitation *in, struct arena *arena);
/* The public half that the inviter's link admits. */
MUST_CHECK enum status invitation_guest_key(const uint8_t secret[static 32],
                                            struct box_key *out);

#endif

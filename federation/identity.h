/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/identity.h - who a company is: its descriptor; and the common check of signed objects
 * (docs/protocol/objects.md).
 */
#ifndef HANSA_FEDERATION_IDENTITY_H
#define HANSA_FEDERATION_IDENTITY_H

#include "acl/chain.h"

/* A descriptor that verifies under its own root key, with its node id; valid at `now` give or take the
 * clock tolerance. *out is in the arena. STATUS_BAD_SIGNATURE, _MALFORMED, _EXPIRED, _NOT_YET. */
MUST_CHECK enum status descriptor_verify(const struct signed_object *object, struct wall_ms now,
                                         struct arena *arena, struct descriptor **out,
                                         struct node_id *node);

/* Signed by its author, for us? STATUS_WRONG_AUDIENCE, _UNKNOWN_KEY, _BAD_SIGNATURE. */
MUST_CHECK enum status object_verify(enum sign_type type, const struct signed_object *object,
                                     const struct node_id *author,
                                     const struct node_id *audience, const struct node_id *me,
                                     const struct key_directory *keys);

#endif

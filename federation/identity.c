/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/identity.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum status
descriptor_verify(const struct signed_object *object, struct wall_ms now, struct arena *arena,
                  struct descriptor **out, struct node_id *node)
{
    struct descriptor *d;

    *out = NULL;
    memset(node, 0, sizeof(*node));
    TRY(wire_descriptor_parse(object->body, arena, &d));
    TRY(signature_verify(SIGN_DESCRIPTOR, &d->root_key, object->body, &object->signature));
    if (now.ms + CLOCK_TOLERANCE_MS < d->not_before.ms)
        return STATUS_NOT_YET;
    if (now.ms - CLOCK_TOLERANCE_MS >= d->not_after.ms)
        return STATUS_EXPIRED;
    *node = digest_node_id(&d->root_key);
    *out = d;
    return STATUS_OK;
}

enum status
object_verify(enum sign_type type, const struct signed_object *object,
              const struct node_id *author, const struct node_id *audience,
              const struct node_id *me, const struct key_directory *keys)
{
    struct company_keys company;

    if (!ID_IS_EQUAL(*audience, *me))
        return STATUS_WRONG_AUDIENCE;
    if (!keys->find(keys->self, author, &company))
        return STATUS_UNKNOWN_KEY;
    return signature_verify_any(type, company.signing, company.signing_count, object->body,
                                &object->signature);
}

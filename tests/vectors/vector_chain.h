/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/vector_chain.h - the chain that a vector brings along: "links", "companies",
 * "revoked", "now".
 */
#ifndef HANSA_TESTS_VECTOR_CHAIN_H
#define HANSA_TESTS_VECTOR_CHAIN_H

#include "acl/chain.h"
#include "tests/vectors/vector.h"

/* "type" of the vector, and the message that an object of the type has inside. */
enum sign_type vector_sign_type(const struct vector *v);
const char *vector_message_of(enum sign_type type);

bool vector_company(const struct vector *v, const struct node_id *node,
                    struct company_keys *out);
struct key_directory vector_directory(struct vector *v);
/* The caller frees *out. On failure v->link says which link. */
MUST_CHECK enum status vector_chain(struct vector *v, struct verified_chain **out);

#endif

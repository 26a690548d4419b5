/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/judge_federation.c - vectors of descriptors, envelopes, records under a chain and
 * first contact.
 */
#include "tests/vectors/vector_chain.h"

const struct vector_kind vector_kinds_federation[] = {
    { NULL, NULL },
};

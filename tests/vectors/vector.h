/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/vectors/vector.h - one vector of docs/protocol/vectors.md, judged by the node's own code.
 *
 * vector_judge() is the C side of tests/interop/judge.py: same kinds, same inputs, same answer. A
 * vector file is ours, so what is missing in it stops the program with the name of the vector.
 */
#ifndef HANSA_TESTS_VECTOR_H
#define HANSA_TESTS_VECTOR_H

#include <jansson.h>

#include "schema/base/limits.h"
#include "schema/wire.h"

struct vector {
    json_t *in;
    json_t *out; /* object: what the check found, filled in on STATUS_OK */
    struct arena *arena;
    int link; /* the link at fault, -1 when none is */
};

typedef enum status (*vector_fn)(struct vector *v);

struct vector_kind {
    const char *name;
    vector_fn judge;
};

extern const struct vector_kind vector_kinds_schema[], vector_kinds_acl[],
    vector_kinds_federation[]; /* ended by a NULL name */

/* The answer as an object of its own: {"status": ..., outputs}. NULL: no check for this kind. */
json_t *vector_judge(json_t *in);

/* ---- inputs: borrowed, or in the arena ---- */
json_t *vector_get(const struct vector *v, const char *name);
struct bytes vector_text(const struct vector *v, const char *name);
struct bytes vector_hex(const struct vector *v, const char *name);
void vector_copy(const struct vector *v, const char *name, void *out, size_t len);
uint32_t vector_u32(const struct vector *v, const char *name);
struct wall_ms vector_ms(const struct vector *v, const char *name);
struct bytes vector_unhex(const struct vector *v, const json_t *text);
void vector_field(const struct vector *v, const json_t *in, struct field *out);
/* "field": [...] of the vector. */
struct field *vector_fields(const struct vector *v, size_t *count);

/* ---- outputs ---- */
void put_hex(json_t *out, const char *name, const void *raw, size_t len);
void put_text(json_t *out, const char *name, const char *text);
void put_number(json_t *out, const char *name, uint32_t value);
void put_number_64(json_t *out, const char *name, uint64_t value); /* as decimal text */
void put_bool(json_t *out, const char *name, bool value);

/* Parse raw as the message with this name in schema/wire.proto, say its fields in v->out, and insist
 * that formatting it gives raw again. */
enum status vector_message(struct vector *v, const char *message, struct bytes raw);
json_t *dump_field(const struct field *field);

#endif

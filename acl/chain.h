/* SPDX-License-Identifier: Apache-2.0
 *
 * acl/chain.h - who may: grants, chains of grants, and the decision (docs/protocol/grants.md).
 *
 * Pure: no I/O, no clock, no globals; safe on any thread. Default is deny. An unverified grant is a
 * different type from a verified one: only chain_verify() makes a struct verified_chain, and
 * federation/ discloses nothing without one, so a record that never met the rules cannot leave:
 * the code does not compile.
 */
#ifndef HANSA_ACL_CHAIN_H
#define HANSA_ACL_CHAIN_H

#include "acl/signature.h"
#include "schema/base/limits.h"
#include "schema/wire.h"

/* What is known of a company: from its verified descriptor. */
struct company_keys {
    struct sign_key signing_key;
    char country[3];
};

/* Looks companies up; false when there is no descriptor. */
struct key_directory {
    bool (*find)(void *self, const struct node_id *node, struct company_keys *out);
    void *self;
};

/* Has one of `may` taken this grant back? They are the issuers from the root down to the grant itself: whose word
 * counts. Anybody else's, even if it came before the grant was known, does not. */
struct revocation_view {
    bool (*is_revoked)(void *self, const struct object_id *grant, const struct node_id *may,
                       size_t count);
    void *self;
};

struct verified_chain; /* opaque, made only by chain_verify() */

/* What went wrong, for the dead-letter and for people: which link (0 is the root), which component. */
struct chain_fault {
    size_t link;
    const char *component; /* "fields", "window", ...; static; NULL when all is well */
};

/*
 * Verify every link from the owner's root to the leaf, narrowing as it goes. Statuses as in the
 * table of docs/protocol/grants.md. On STATUS_OK *out is owned by the caller and copies what it needs;
 * on failure *out is NULL and nothing of the links may be used. fault may be NULL.
 */
MUST_CHECK enum status chain_verify(const struct signed_object *links, size_t count,
                                    const struct key_directory *keys,
                                    const struct revocation_view *revoked, struct wall_ms now,
                                    struct verified_chain **out, struct chain_fault *fault);
void verified_chain_free(struct verified_chain **chain);

/* A grant's own rules (docs/protocol/grants.md, "A grant on its own"), before it is signed. */
MUST_CHECK enum status grant_check(const struct grant *grant, const char **component);
/* May `child` hang under `parent`? Everything of the chain table that compares two links. */
MUST_CHECK enum status grant_narrows(const struct grant *parent,
                                     const struct object_id *parent_id,
                                     const struct grant *child, const char **component);

size_t chain_length(const struct verified_chain *chain);
/* Borrowed, valid as long as the chain. Index 0 is the root. */
const struct grant *chain_link(const struct verified_chain *chain, size_t index);
const struct object_id *chain_link_id(const struct verified_chain *chain, size_t index);
const struct grant *chain_leaf(const struct verified_chain *chain);
const struct object_id *chain_leaf_id(const struct verified_chain *chain);
const struct node_id *chain_owner(const struct verified_chain *chain);
/* The earliest end of any link. */
struct wall_ms chain_end(const struct verified_chain *chain);

/* What the decision needs to know of a record. */
struct record_facts {
    struct record_id id;
    struct node_id owner;
    struct key type;
    bool has_parent; /* the committed parent field */
    struct record_id parent;
    const struct revision_id *segments; /* segment revisions that it is a member of */
    size_t segment_count;
};

/* clang-format off */
/*    name        what stopped it, in the order in which it is asked */
#define STOP_TABLE(X) \
    X(NONE)           \
    X(OWNER)          \
    X(RECIPIENT)      \
    X(ACTION)         \
    X(NOT_YET)        \
    X(ENDED)          \
    X(SELECTOR)       \
    X(TYPE)           \
    X(FIELD)
/* clang-format on */

enum stop {
#define X(name) STOP_##name,
    STOP_TABLE(X)
#undef X
        STOP_COUNT_
};
const char *stop_name(enum stop stop); /* "NONE", "OWNER", ... */

struct decision {
    enum stop stop; /* STOP_NONE: yes */
    size_t link;    /* the link that stops it; 0 when not of a link */
};

/* May `recipient` get anything of this record now? */
struct decision decide_record(const struct verified_chain *chain,
                              const struct node_id *recipient, const struct record_facts *facts,
                              struct wall_ms now);

/* May it get this field? Includes decide_record. */
struct decision decide_field(const struct verified_chain *chain,
                             const struct node_id *recipient, const struct record_facts *facts,
                             struct key field, struct wall_ms now);

/* decide_field for many fields in one pass: keep[i] for fields[i], ascending by key. Returns the
 * decision on the record; when it is not STOP_NONE all of keep is false. The hot path. */
struct decision decide_fields(const struct verified_chain *chain,
                              const struct node_id *recipient, const struct record_facts *facts,
                              const struct field *fields, size_t count, struct wall_ms now,
                              bool *keep);

#endif

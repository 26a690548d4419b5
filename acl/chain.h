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
#include "schema/type.h"
#include "schema/wire.h"

/* What is known of a company: from its verified descriptors. */
struct company_keys {
    struct sign_key signing[DESCRIPTORS_MAX]; /* that count, the newest first */
    size_t signing_count;
    char country[3];
    char name[TEXT_SHORT_MAX + 1];
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
/* The leaf's purposes and audience. */
const struct consent_target *chain_consent_target(const struct verified_chain *chain);
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
    /* For consent: what the discloser holds of the record, ascending, borrowed. Without fields, or with a type that
     * is not known, nothing is personal. */
    const struct type *known_type; /* or NULL */
    const struct field *fields;
    size_t field_count;
    bool consent_waived; /* the discloser waived it in writing for the recipient */
    struct wall_ms
        lease; /* until when the discloser has the owner's word (decide_lease); disclose() asks */
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
    X(FIELD)          \
    X(CONSENT)        \
    X(LEASE)      /* decide_lease() */
/* clang-format on */

enum stop {
#define X(name) STOP_##name,
    STOP_TABLE(X)
#undef X
        STOP_COUNT_
};
const char *stop_name(enum stop stop); /* "NONE", "OWNER", ... */

/* ---- consent (acl/consent.c; docs/protocol/grants.md, "Consent") ---- */

/* clang-format off */
/*    name       why a personal record stays home, in the order in which it is asked */
#define LACK_TABLE(X) \
    X(NONE)      /* it does not */ \
    X(NO_BASIS)  \
    X(UNKNOWN)   /* "not known yet" */ \
    X(PURPOSE)   /* none of the grant's purposes is among those allowed */ \
    X(RECIPIENT) /* the company is not among those allowed */ \
    X(WITHDRAWN) /* the person said no; never of the row alone (node/consent.h) */
/* clang-format on */

enum consent_lack {
#define X(name) LACK_##name,
    LACK_TABLE(X)
#undef X
        LACK_COUNT_
};
const char *consent_lack_name(enum consent_lack lack); /* "NONE", "NO_BASIS", ... */

/* Who is to get something, and for what: in the form in which texts are compared. */
struct consent_target {
    const char **purposes;
    size_t purpose_count;
    const char *recipient;              /* the company's name; "" when it is not known */
    char id[(ID_SIZE * 8 + 4) / 5 + 1]; /* base32 of its node id */
};
void consent_target_make(const char *const *purposes, size_t count, const char *name,
                         const struct node_id *node, struct arena *arena,
                         struct consent_target *out);
/* May a record with these fields, personal as it is, go there? */
enum consent_lack consent_of(const struct type *type, const struct field *fields, size_t count,
                             const struct consent_target *target);
/* Is `entry` one of the entries of `list`? Both as people write them; an empty text has none and is none. */
bool consent_lists(struct bytes list, struct bytes entry);

struct decision {
    enum stop stop;         /* STOP_NONE: yes */
    size_t link;            /* the link that stops it; 0 when not of a link */
    enum consent_lack lack; /* STOP_CONSENT: what is missing */
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

/*
 * May who issued the leaf disclose anything new now? The owner needs nobody's word. Everybody below needs the owner's
 * newest head of the root (docs/protocol/heads.md) to be still news: `until` is when it expires, 0: there is none.
 */
struct decision decide_lease(const struct verified_chain *chain, struct wall_ms until,
                             struct wall_ms now);

#endif

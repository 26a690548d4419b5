/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/wire.h - message bodies as our own structs. Generated protobuf types never leave
 * schema/wire*.c.
 *
 * X_parse: pre-scan, decode, check ranges and orders; *out lives in the arena and its bytes point
 * into the arena or into raw, so raw must outlive it. STATUS_MALFORMED or STATUS_TOO_BIG on bad
 * input, never more. X_format: bytes in the arena, deterministic for equal input; asserts on input
 * that X_parse would refuse, so check your own data first. Nothing here checks a signature or a hash.
 */
#ifndef HANSA_SCHEMA_WIRE_H
#define HANSA_SCHEMA_WIRE_H

#include "schema/base/arena.h"
#include "schema/base/bytes.h"
#include "schema/base/ids.h"
#include "schema/base/limits.h"

/* A number in a name space; an empty space is the common schema. Ordered by space, then number. */
struct key {
    struct bytes space;
    uint32_t number;
};
int key_compare(struct key a, struct key b);
bool key_is_equal(struct key a, struct key b);

/* Order of revisions of one record: incarnation first. */
struct position {
    uint32_t incarnation;
    uint64_t number;
};
int position_compare(struct position a, struct position b);

struct signed_object {
    struct bytes body;
    struct signature signature;
};

struct descriptor {
    struct sign_key root_key;
    uint64_t serial;
    bool has_previous;
    struct object_id previous;
    const char *name;
    const char *country;
    struct sign_key signing_key;
    struct box_key transport_key;
    struct box_key sealing_key;
    const char **endpoints;
    size_t endpoint_count;
    struct wall_ms not_before, not_after;
    uint64_t refused_below; /* 0: none; keys of lower serials are stolen */
};

struct revision {
    uint8_t nonce[16];
    struct node_id owner;
    struct key type;
    struct position position;
    bool has_previous;
    struct revision_id previous;
    struct digest profile;
    struct digest commitments;
    struct wall_ms claimed;
    bool tombstone;
};

struct field {
    struct key key;
    struct bytes value;
    bool has_salt;
    uint8_t salt[16];
};

struct disclosure {
    struct bytes revision; /* exact bytes */
    bool has_secret;
    uint8_t secret[32];
    struct field *fields; /* ascending by key */
    size_t field_count;
    struct bytes withheld; /* n * 32 */
};

struct run {
    uint32_t size;
    uint32_t first;
    struct signature signature;
    struct bytes path; /* n * 32 */
    struct disclosure *items;
    size_t item_count;
};

struct records {
    struct object_id grant;
    struct run *runs;
    size_t run_count;
};

struct grant_field {
    struct key type;
    struct key field;
};
int grant_field_compare(const struct grant_field *a, const struct grant_field *b);

enum action {
    ACTION_READ = 1,
    ACTION_CONTRIBUTE = 2,
    ACTION_PROPOSE = 4,
    ACTION_PASS_ON = 8,
    ACTION_ALL = 15,
};

enum selector { SELECTOR_RECORDS, SELECTOR_TREE, SELECTOR_SEGMENT };

/* What a contribution may and should be. */
struct terms {
    struct grant_field *want; /* ascending */
    size_t want_count;
    uint32_t quota;        /* 0: no limit */
    struct wall_ms closes; /* 0: until the grant's end */
    bool chain;            /* for every company of the chain, not for the owner alone */
};

struct grant {
    struct node_id issuer, audience, owner;
    bool has_parent;
    struct object_id parent;
    enum selector selector;
    struct record_id *records; /* SELECTOR_RECORDS: ascending */
    size_t record_count;
    struct record_id tree;      /* SELECTOR_TREE */
    struct revision_id segment; /* SELECTOR_SEGMENT */
    struct grant_field *fields; /* ascending */
    size_t field_count;
    uint32_t actions; /* bits of enum action */
    uint32_t depth;
    struct wall_ms not_before, not_after;
    const char **purposes; /* ascending */
    size_t purpose_count;
    const char **countries; /* ascending; none: anywhere */
    size_t country_count;
    uint32_t delete_days;
    bool receipt;
    uint8_t nonce[16];
    bool has_terms;
    struct terms terms;
    bool has_cites;
    struct object_id cites;
};

/* Are all lists of the grant ascending, without repetition? Those of a parsed grant are. */
bool wire_grant_is_ordered(const struct grant *grant);

enum offer_kind {
    OFFER_EVENT = 1,
    OFFER_RECORDS = 2,
    OFFER_CONTRIBUTION = 3,
    OFFER_FEEDBACK = 4,
};

struct offer {
    struct node_id author, audience;
    struct object_id grant;
    enum offer_kind kind;
    const char *title;
    const char *note;
    uint32_t count;
    struct wall_ms offered;
};

/* One object with the chain and the descriptors that go with it: OfferBody, PassOnBody. */
struct bundle {
    struct signed_object object;
    struct signed_object *links;
    size_t link_count;
    struct signed_object *descriptors;
    size_t descriptor_count;
};

struct declined {
    struct record_id record;
    const char *reason;
};

struct answer {
    struct node_id author, audience;
    struct object_id offer;
    struct object_id grant;
    bool accepted;
    const char *reason;
    struct declined *declined; /* ascending by record */
    size_t declined_count;
    struct wall_ms answered;
};

struct passon {
    struct node_id author, audience;
    struct object_id grant;
    struct node_id next;
    struct wall_ms asked;
};

struct passon_ack {
    struct node_id author, audience;
    struct object_id grant;
    bool noted;
    const char *reason;
    struct wall_ms noted_at;
};

struct revocation {
    struct node_id author, audience, owner;
    struct object_id grant;
    const char *reason;
    struct wall_ms revoked;
};

struct head {
    struct node_id author, audience; /* the audience is zero: anyone */
    struct object_id grant;          /* the root */
    uint64_t number;
    struct object_id *revoked;
    size_t revoked_count;
    struct wall_ms issued, expires;
};

struct judged {
    struct record_id record;
    struct position position;
    bool taken;
    const char *reason; /* a code; empty when taken */
};

struct verdict {
    struct node_id author, audience;
    struct object_id grant;
    struct judged *rows; /* ascending by record */
    size_t row_count;
    struct wall_ms judged;
};

struct wanted {
    struct record_id record;
    struct grant_field *fields; /* ascending */
    size_t field_count;
};

struct ask {
    struct node_id author, audience;
    struct object_id grant;
    struct wanted *rows; /* ascending by record */
    size_t row_count;
    const char *note;
    struct wall_ms asked;
};

struct proposal {
    struct node_id author, audience;
    struct object_id grant;
    struct record_id record;
    struct revision_id seen;
    struct field *fields; /* ascending; an empty value takes the field away */
    size_t field_count;
    const char *note;
    struct wall_ms proposed;
};

struct proposal_answer {
    struct node_id author, audience;
    struct object_id proposal;
    bool accepted;
    const char *reason;
    struct wall_ms answered;
};

struct withdrawn {
    struct record_id record;
    struct position upto; /* this revision and those before it */
};

struct withdrawal {
    struct node_id author, audience, owner;
    struct object_id grant;
    struct withdrawn *rows; /* ascending by record */
    size_t row_count;
    const char *reason; /* a code */
    struct wall_ms withdrawn;
};

struct handle {
    uint8_t b[HANDLE_SIZE];
};

struct sealed {
    struct node_id author, audience;
    struct object_id grant;
    uint32_t epoch, incarnation;
    uint64_t number;
    struct handle *handles; /* ascending */
    size_t handle_count;
    struct handle *gone; /* ascending */
    size_t gone_count;
    uint8_t key[SEAL_KEY_SIZE];
    uint8_t nonce[SEAL_NONCE_SIZE];
    struct digest box;
};

struct sealed_body {
    struct signed_object header;
    struct bytes box;
};

struct sealed_receipt {
    struct node_id author, audience;
    struct object_id grant;
    uint32_t incarnation; /* of the origin, whose numbers these are */
    uint64_t have, seen;
    struct wall_ms received;
};

/* What a holder says of what it holds. PURGED is the last word; REFUSED may still become it. */
enum receipt_state {
    RECEIPT_RECEIVED = 1, /* it is in the tray */
    RECEIPT_APPLIED = 2,  /* it is in use */
    RECEIPT_PURGED = 3,   /* it is erased */
    RECEIPT_REFUSED = 4,  /* it is kept though it should be erased, on a basis in law */
};

struct receipt {
    struct node_id author, audience, owner;
    struct object_id grant;
    enum receipt_state state;
    struct record_id *records; /* ascending; none: all under the grant */
    size_t record_count;
    uint32_t count;
    const char *reason; /* a code */
    const char *basis;  /* of REFUSED alone */
    struct wall_ms at;
};

struct light_offer {
    struct node_id author, audience;
    struct object_id grant;
    struct record_id event;
    struct grant_field *columns; /* ascending */
    size_t column_count;
    struct wall_ms offered;
};

enum stream { STREAM_SESSION = 0, STREAM_CONTROL = 1, STREAM_DATA = 2 };

struct void_range {
    struct node_id author, audience;
    enum stream stream; /* control or data */
    uint32_t incarnation;
    uint64_t first, last;
};

struct stream_state {
    enum stream stream;
    uint32_t incarnation;
    uint64_t have;
    uint32_t credit_frames;
    uint64_t credit_bytes;
};

struct hello {
    struct node_id author, audience;
    uint64_t session;
    uint64_t answers;
    uint32_t incarnation;
    struct wall_ms clock;
    uint64_t descriptor_serial;
    struct stream_state streams[2];
    size_t stream_count;
    struct digest profile;
};

struct ack {
    struct stream_state streams[2];
    size_t stream_count;
};

/* How many entries, and their hashes added up modulo 2^256 (federation/scope.h). */
struct scope_sum {
    uint64_t count;
    uint8_t sum[SCOPE_SUM_SIZE];
};

struct scope_state {
    struct object_id grant;
    struct scope_sum held;
};

struct scopes {
    uint32_t incarnation; /* of the giver */
    uint64_t have;        /* on its data stream */
    bool answer;
    struct scope_state *list;
    size_t count;
};

struct scope_entry {
    struct record_id record;
    struct position position;
};

/* Records whose ids begin with these hexadecimal digits. */
struct scope_range {
    uint32_t depth;
    uint64_t prefix;
    bool split, listed;
    struct scope_sum *parts; /* none, or SCOPE_PARTS */
    size_t part_count;
    struct scope_entry *entries; /* ascending by record; all of them within the range */
    size_t entry_count;
};
bool wire_scope_range_has(const struct scope_range *range, const struct record_id *record);

struct scope_ids {
    struct object_id grant;
    uint32_t incarnation;
    uint64_t have;
    bool answer;
    struct scope_range *ranges;
    size_t range_count;
};

struct introduce {
    uint8_t token[16];
    struct signed_object descriptor;
};

/* One row per message: name of the struct, of the functions wire_NAME_parse / wire_NAME_format. */
#define WIRE_MESSAGES(X)                                                                       \
    X(signed_object)                                                                           \
    X(descriptor)                                                                              \
    X(revision)                                                                                \
    X(grant)                                                                                   \
    X(offer)                                                                                   \
    X(answer)                                                                                  \
    X(passon)                                                                                  \
    X(passon_ack)                                                                              \
    X(revocation)                                                                              \
    X(verdict)                                                                                 \
    X(ask)                                                                                     \
    X(proposal)                                                                                \
    X(proposal_answer)                                                                         \
    X(sealed)                                                                                  \
    X(sealed_body)                                                                             \
    X(sealed_receipt)                                                                          \
    X(receipt)                                                                                 \
    X(head)                                                                                    \
    X(withdrawal)                                                                              \
    X(light_offer)                                                                             \
    X(void_range)                                                                              \
    X(hello)                                                                                   \
    X(ack)                                                                                     \
    X(scopes)                                                                                  \
    X(scope_ids)                                                                               \
    X(introduce)

#define X(name)                                                                                \
    MUST_CHECK enum status wire_##name##_parse(struct bytes raw, struct arena *arena,          \
                                               struct name **out);                             \
    struct bytes wire_##name##_format(const struct name *in, struct arena *arena);
WIRE_MESSAGES(X)
#undef X

/* Copies nothing: texts, values, paths and revisions point into raw. */
MUST_CHECK enum status wire_records_parse(struct bytes raw, struct arena *arena,
                                          struct records **out);
struct bytes wire_records_format(const struct records *in, struct arena *arena);

/* SignedBody and RevocationBody: one Signed inside. */
MUST_CHECK enum status wire_signed_body_parse(struct bytes raw, struct arena *arena,
                                              struct signed_object **out);
struct bytes wire_signed_body_format(const struct signed_object *in, struct arena *arena);

/* OfferBody and PassOnBody. */
MUST_CHECK enum status wire_bundle_parse(struct bytes raw, struct arena *arena,
                                         struct bundle **out);
struct bytes wire_bundle_format(const struct bundle *in, struct arena *arena);

#endif

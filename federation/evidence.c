/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/evidence.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "federation/equivocation.h"
#include "federation/identity.h"
#include "schema/base/cleanup.h"
#include "schema/digest.h"

enum { COMPANIES_MOST = 256, GRANTS_MOST = 4096, TEXT_SMALL = 64 };

struct known_company {
    struct node_id node;
    struct company_keys keys;
    uint64_t serial;                       /* of the oldest descriptor so far */
    struct object_id ids[DESCRIPTORS_MAX]; /* of its descriptors, as many as keys */
    uint64_t serials[DESCRIPTORS_MAX];
};

struct known_grant {
    struct object_id id;
    struct signed_object object;
    const struct grant *grant;
};

struct evidence {
    struct arena *arena;
    enum language language;
    evidence_said_fn *said;
    void *self;
    struct known_company companies[COMPANIES_MOST];
    size_t company_count;
    struct known_grant grants[GRANTS_MOST];
    size_t grant_count;
};

/* ---- saying ------------------------------------------------------------------------------- */

static void
say(const struct evidence *ev, const char *key, const char *const *args, size_t count)
{
    ev->said(ev->self, text_format(ev->language, key, args, count, ev->arena));
}

#define SAY(ev, key, ...)                                                                      \
    say((ev), (key), (const char *const[]){ __VA_ARGS__ },                                     \
        COUNT_OF(((const char *const[]){ __VA_ARGS__ })))

static const char *
moment(const struct evidence *ev, struct wall_ms at)
{
    time_t seconds = (time_t)(at.ms / 1000);
    char text[TEXT_SMALL];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 8000)
        return "?";
    size_t len = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    return arena_text(ev->arena, bytes_of((const uint8_t *)text, len));
}

static const char *
id_of(const struct evidence *ev, const uint8_t *id)
{
    char text[TEXT_SMALL];

    base32_format(bytes_of(id, ID_SIZE), text);
    return arena_text(ev->arena, bytes_text(text));
}

/* ---- what is known ------------------------------------------------------------------------ */

/* company_count when it is not there */
static size_t
company_index(const struct evidence *ev, const struct node_id *node)
{
    size_t i = 0;

    while (i < ev->company_count && !ID_IS_EQUAL(ev->companies[i].node, *node))
        i++;
    return i;
}

static const struct known_company *
company_of(const struct evidence *ev, const struct node_id *node)
{
    size_t i = company_index(ev, node);

    return i < ev->company_count ? &ev->companies[i] : NULL;
}

static const char *
name_of(const struct evidence *ev, const struct node_id *node)
{
    const struct known_company *c = company_of(ev, node);

    return c != NULL ? c->keys.name : id_of(ev, node->b);
}

static bool
on_find(void *self, const struct node_id *node, struct company_keys *out)
{
    const struct known_company *c = company_of(self, node);

    if (c != NULL)
        *out = c->keys;
    return c != NULL;
}

static bool
on_revoked(void *self, const struct object_id *grant, const struct node_id *may, size_t count)
{
    (void)self;
    (void)grant;
    (void)may;
    (void)count;
    return false; /* what was granted counts here, also when it was taken back later */
}

static const struct known_grant *
grant_of(const struct evidence *ev, const struct object_id *id)
{
    for (size_t i = 0; i < ev->grant_count; i++)
        if (ID_IS_EQUAL(ev->grants[i].id, *id))
            return &ev->grants[i];
    return NULL;
}

static enum status
signed_by(struct evidence *ev, enum sign_type type, const struct signed_object *object,
          const struct node_id *author)
{
    const struct known_company *c = company_of(ev, author);

    return c == NULL ? STATUS_UNKNOWN_KEY
                     : signature_verify_any(type, c->keys.signing, c->keys.signing_count,
                                            object->body, &object->signature);
}

/* ---- lines -------------------------------------------------------------------------------- */

static void
add_descriptor(struct known_company *c, const struct descriptor *d, const struct object_id *id)
{
    c->serial = d->serial;
    c->ids[c->keys.signing_count] = *id;
    c->serials[c->keys.signing_count] = d->serial;
    c->keys.signing[c->keys.signing_count++] = d->signing_key;
}

/* One from before the newest, which stands above it. Keys that were called stolen since count as well: only who kept a
 * thing knows whether it came before. */
static enum status
take_older(struct evidence *ev, const struct descriptor *d, const struct object_id *id,
           struct known_company *c)
{
    if (d->serial >= c->serial || c->keys.signing_count == COUNT_OF(c->keys.signing))
        return STATUS_BROKEN_CHAIN;
    add_descriptor(c, d, id);
    SAY(ev, "verify.older_keys", c->keys.name,
        arena_printf(ev->arena, "%llu", (unsigned long long)d->serial));
    return STATUS_OK;
}

/* Valid on the day that it begins: whether it has run out since is no matter here. */
static enum status
take_descriptor(struct evidence *ev, const struct signed_object *object)
{
    const struct object_id id[1] = { digest_object_id(object->body) };
    struct descriptor *d;
    struct node_id node;

    TRY(wire_descriptor_parse(object->body, ev->arena, &d));
    TRY(descriptor_verify(object, d->not_before, ev->arena, &d, &node));
    size_t i = company_index(ev, &node);
    if (i < ev->company_count)
        return take_older(ev, d, id, &ev->companies[i]);
    if (i == COMPANIES_MOST)
        return STATUS_TOO_BIG;
    struct known_company *c = &ev->companies[ev->company_count++];
    c->node = node;
    add_descriptor(c, d, id);
    memcpy(c->keys.country, d->country, sizeof(c->keys.country));
    (void)snprintf(c->keys.name, sizeof(c->keys.name), "%s", d->name);
    SAY(ev, "verify.company", c->keys.name, c->keys.country, id_of(ev, node.b));
    return STATUS_OK;
}

/* Signed by the same root as those above it, and none of them. With the serial of one of them it proves two lines. */
static enum status
take_refused(struct evidence *ev, const struct signed_object *object)
{
    struct object_id id = digest_object_id(object->body);
    const char *key = "verify.descriptor_refused";
    struct descriptor *d;
    struct node_id node;

    TRY(wire_descriptor_parse(object->body, ev->arena, &d));
    TRY(descriptor_verify(object, d->not_before, ev->arena, &d, &node));
    const struct known_company *c = company_of(ev, &node);
    if (c == NULL)
        return STATUS_UNKNOWN_KEY;
    for (size_t i = 0; i < c->keys.signing_count; i++) {
        if (ID_IS_EQUAL(c->ids[i], id))
            return STATUS_REPLAY;
        if (c->serials[i] == d->serial)
            key = "verify.two_descriptors";
    }
    SAY(ev, key, c->keys.name, arena_printf(ev->arena, "%llu", (unsigned long long)d->serial),
        id_of(ev, id.b), id_of(ev, d->transport_key.b));
    return STATUS_OK;
}

/* Its parents stand before it. */
static enum status
check_chain(struct evidence *ev, const struct known_grant *leaf)
{
    AUTO(verified_chain_free) struct verified_chain *chain = NULL;
    struct key_directory keys = { .find = on_find, .self = ev };
    struct revocation_view revoked = { .is_revoked = on_revoked };
    struct signed_object links[CHAIN_MAX];
    size_t first = CHAIN_MAX;
    struct chain_fault fault;

    for (const struct known_grant *g = leaf; g != NULL && first > 0;) {
        links[--first] = g->object;
        if (!g->grant->has_parent)
            return chain_verify(links + first, CHAIN_MAX - first, &keys, &revoked,
                                leaf->grant->not_before, &chain, &fault);
        g = grant_of(ev, &g->grant->parent);
    }
    return STATUS_BROKEN_CHAIN;
}

static enum status
take_grant(struct evidence *ev, const struct signed_object *object)
{
    struct grant *grant;

    TRY(wire_grant_parse(object->body, ev->arena, &grant));
    if (ev->grant_count == GRANTS_MOST)
        return STATUS_TOO_BIG;
    struct known_grant *g = &ev->grants[ev->grant_count];
    *g = (struct known_grant){ digest_object_id(object->body), *object, grant };
    TRY(check_chain(ev, g));
    ev->grant_count++;
    SAY(ev, "verify.grant", name_of(ev, &grant->issuer), name_of(ev, &grant->audience),
        name_of(ev, &grant->owner), moment(ev, grant->not_before), moment(ev, grant->not_after),
        id_of(ev, g->id.b));
    return STATUS_OK;
}

/* The owner, the issuer, the issuer of one above, or the holder itself when it lets go. */
static bool
may_revoke(const struct evidence *ev, const struct known_grant *g, const struct node_id *author)
{
    for (; g != NULL; g = g->grant->has_parent ? grant_of(ev, &g->grant->parent) : NULL)
        if (ID_IS_EQUAL(g->grant->issuer, *author) || ID_IS_EQUAL(g->grant->owner, *author))
            return true;
    return false;
}

static enum status
take_revocation(struct evidence *ev, const struct signed_object *object)
{
    struct revocation *r;

    TRY(wire_revocation_parse(object->body, ev->arena, &r));
    const struct known_grant *g = grant_of(ev, &r->grant);
    if (g == NULL || !may_revoke(ev, g, &r->author))
        return STATUS_NOT_GRANTED;
    TRY(signed_by(ev, SIGN_REVOCATION, object, &r->author));
    SAY(ev, "verify.revocation", name_of(ev, &r->author), name_of(ev, &g->grant->audience),
        moment(ev, r->revoked), id_of(ev, r->grant.b));
    return STATUS_OK;
}

static enum status
take_receipt(struct evidence *ev, const struct signed_object *object)
{
    static const char *const keys[] = { [RECEIPT_RECEIVED] = "verify.received",
                                        [RECEIPT_APPLIED] = "verify.applied",
                                        [RECEIPT_PURGED] = "verify.purged",
                                        [RECEIPT_REFUSED] = "verify.refused" };
    struct receipt *r;

    TRY(wire_receipt_parse(object->body, ev->arena, &r));
    const struct known_grant *g = grant_of(ev, &r->grant);
    if (g == NULL)
        return STATUS_NOT_GRANTED;
    if (!ID_IS_EQUAL(g->grant->audience, r->author) || !ID_IS_EQUAL(g->grant->owner, r->owner))
        return STATUS_BROKEN_CHAIN;
    TRY(signed_by(ev, SIGN_RECEIPT, object, &r->author));
    SAY(ev, keys[r->state], name_of(ev, &r->author), name_of(ev, &r->audience),
        moment(ev, r->at), arena_printf(ev->arena, "%u", r->count), r->reason, r->basis,
        id_of(ev, r->grant.b));
    return STATUS_OK;
}

static enum status
take_equivocation(struct evidence *ev, struct bytes proof)
{
    struct key_directory keys = { .find = on_find, .self = ev };
    struct equivocation e;

    TRY(equivocation_verify(proof, &keys, ev->arena, &e));
    SAY(ev, "verify.equivocation", name_of(ev, &e.owner), id_of(ev, e.record.b),
        arena_printf(ev->arena, "%u.%llu", e.position.incarnation,
                     (unsigned long long)e.position.number),
        id_of(ev, e.revisions[0].b), id_of(ev, e.revisions[1].b));
    return STATUS_OK;
}

static const struct {
    const char *word;
    enum status (*take)(struct evidence *ev, const struct signed_object *object);
    enum status (*take_proof)(struct evidence *ev,
                              struct bytes proof); /* it has its own signatures */
} lines[] = {
    { "descriptor ", take_descriptor, NULL }, { "refused ", take_refused, NULL },
    { "grant ", take_grant, NULL },           { "revocation ", take_revocation, NULL },
    { "receipt ", take_receipt, NULL },       { "equivocation ", NULL, take_equivocation },
};

static enum status
take_line(struct evidence *ev, struct bytes line)
{
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        size_t n = strlen(lines[i].word);
        if (line.len <= n || memcmp(line.data, lines[i].word, n) != 0)
            continue;
        struct bytes hex = bytes_of(line.data + n, line.len - n);
        uint8_t *raw = arena_alloc(ev->arena, hex.len / 2 + 1);
        struct signed_object *object;
        TRY(hex_parse(hex, raw, hex.len / 2));
        if (lines[i].take_proof != NULL)
            return lines[i].take_proof(ev, bytes_of(raw, hex.len / 2));
        TRY(wire_signed_object_parse(bytes_of(raw, hex.len / 2), ev->arena, &object));
        return lines[i].take(ev, object);
    }
    return STATUS_MALFORMED;
}

/* The last line is the digest of all before it: a file cut short, or a letter changed anywhere, shows at once. */
static enum status
check_end(struct bytes all, struct bytes *rest)
{
    static const char word[] = "end ";
    enum { END = sizeof(word) - 1 + 2 * ID_SIZE + 1 };
    char want[END + 1];

    if (all.len < END)
        return STATUS_MALFORMED;
    *rest = bytes_of(all.data, all.len - END);
    struct digest digest = digest_plain(*rest);
    memcpy(want, word, sizeof(word));
    hex_format(bytes_of(digest.b, ID_SIZE), want + sizeof(word) - 1);
    want[END - 1] = '\n';
    return memcmp(all.data + rest->len, want, END) == 0 ? STATUS_OK : STATUS_CORRUPT;
}

static enum status
check_lines(struct evidence *ev, struct bytes rest, size_t *number)
{
    static const char first[] = "hansa-evidence 1";

    for (*number = 1; rest.len > 0; (*number)++) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        if (end == NULL)
            return STATUS_MALFORMED;
        struct bytes line = bytes_of(rest.data, (size_t)(end - rest.data));
        if (*number > 1)
            TRY(take_line(ev, line));
        else if (!bytes_is_equal(line, bytes_text(first)))
            return STATUS_MALFORMED;
        rest = bytes_of(end + 1, rest.len - line.len - 1);
    }
    return STATUS_OK;
}

enum status
evidence_check(struct bytes file, const struct evidence_reader *reader, struct arena *arena,
               size_t *line)
{
    struct evidence *ev = ARENA_NEW(arena, struct evidence);
    struct bytes rest;

    *line = 0;
    ev->arena = arena;
    ev->language = reader->language;
    ev->said = reader->said;
    ev->self = reader->self;
    TRY(check_end(file, &rest));
    return check_lines(ev, rest, line);
}

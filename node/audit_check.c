/* SPDX-License-Identifier: Apache-2.0
 *
 * node/audit_check.c - does the audit still say what it said? The chain in the database against itself, against
 * HOME/audit.hashes, and against the heads that the key process signed (node/audit.c says who writes what).
 *
 * Runs on a reader's snapshot beside the writer: what stands outside is read before the snapshot is taken, and is
 * therefore never ahead of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/audit_priv.h"
#include "schema/base/cleanup.h"

enum { HASHES_READ = 1024 };

void
audit_head_format(const struct audit_head *head, uint8_t out[static AUDIT_HEAD_SIZE])
{
    uint8_t *at = out;

    memcpy(at, head->author.b, ID_SIZE);
    put_u32(at + ID_SIZE, head->incarnation);
    put_u64(at + ID_SIZE + 4, (uint64_t)head->number);
    memcpy(at + ID_SIZE + 12, head->hash.b, ID_SIZE);
    put_u64(at + ID_SIZE * 2 + 12, (uint64_t)head->at.ms);
}

/* ---- the hashes outside ------------------------------------------------------------------- */

struct outside {
    int fd;
    int64_t count;
    int64_t first; /* number of the first one in the buffer */
    size_t held;
    struct digest buf[HASHES_READ];
};

/* NULL: not so many there. Numbers only rise. */
static const struct digest *
outside_get(struct outside *o, int64_t number)
{
    if (number < 1 || number > o->count)
        return NULL;
    if (number < o->first || number >= o->first + (int64_t)o->held) {
        ssize_t n = pread(o->fd, o->buf, sizeof(o->buf), (off_t)(number - 1) * ID_SIZE);
        o->first = number;
        o->held = n > 0 ? (size_t)n / ID_SIZE : 0;
    }
    return o->held > 0 ? &o->buf[number - o->first] : NULL;
}

/* ---- signed heads ------------------------------------------------------------------------- */

struct kept {
    struct audit_head head;
    size_t order; /* in the journal */
    bool accepts; /* it is over an entry "audit.accepted" */
    bool
        is_void; /* signed before a break was accepted, for an entry after it: of a chain that is no more */
};

struct heads {
    struct kept *items;
    size_t count, next;
    size_t forged; /* order of the last whose signature is not ours, 0: none */
};

static void
heads_free(struct heads *heads)
{
    free(heads->items);
}

/* Where a later incarnation began: heads of this one say nothing about what came after. */
static int64_t
end_of(const struct journal *journal, uint32_t incarnation)
{
    int64_t end = INT64_MAX;
    enum journal_kind kind;
    struct bytes content;

    for (size_t at = 0; journal_next(journal, &at, &kind, &content);) {
        struct reader r = reader_of(content);
        if (kind != JOURNAL_INCARNATION || reader_u32(&r) <= incarnation)
            continue;
        int64_t number = (int64_t)reader_u64(&r);
        end = number < end ? number : end;
    }
    return end;
}

static bool
head_read(struct bytes content, const struct core *core, struct audit_head *out)
{
    struct reader r = reader_of(content);
    struct bytes body = reader_bytes(&r, AUDIT_HEAD_SIZE);
    struct signature signature = { { 0 } };

    reader_copy(&r, signature.b, sizeof(signature.b));
    if (reader_finish(&r) != STATUS_OK ||
        signature_verify_any(SIGN_AUDIT, core->companies[0]->signing,
                             core->companies[0]->signing_count, body, &signature) != STATUS_OK)
        return false;
    r = reader_of(body);
    reader_copy(&r, out->author.b, ID_SIZE);
    out->incarnation = reader_u32(&r);
    out->number = (int64_t)reader_u64(&r);
    reader_copy(&r, out->hash.b, ID_SIZE);
    out->at.ms = (int64_t)reader_u64(&r);
    return ID_IS_EQUAL(out->author, core->me);
}

static int
by_number(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->head.number != y->head.number)
        return x->head.number > y->head.number ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

static enum status
heads_load(const struct core *core, struct heads *heads)
{
    AUTO(journal_close) struct journal *journal = NULL;
    enum journal_kind kind;
    struct bytes content;

    TRY(journal_read(core->home, &journal));
    for (size_t at = 0, order = 1; journal_next(journal, &at, &kind, &content); order++) {
        struct kept k = { .order = order, .accepts = kind == JOURNAL_ACCEPTED };
        if (kind != JOURNAL_AUDIT && kind != JOURNAL_ACCEPTED)
            continue;
        if (!head_read(content, core, &k.head)) {
            heads->forged = order;
            continue;
        }
        if (k.head.number > end_of(journal, k.head.incarnation))
            continue;
        heads->items = xrealloc(heads->items, (heads->count + 1) * sizeof(*heads->items));
        heads->items[heads->count++] = k;
    }
    if (heads->count > 0)
        qsort(heads->items, heads->count, sizeof(*heads->items), by_number);
    return STATUS_OK;
}

/* ---- the walk ----------------------------------------------------------------------------- */

static void
find(struct audit_finding *f, enum audit_fault fault, int64_t number)
{
    if (f->bad != 0)
        return;
    f->bad = number;
    f->fault = fault;
}

/* From this entry on it is judged anew. */
static void
accept(struct heads *heads, const struct kept *k, const struct audit_entry *e,
       struct audit_finding *f)
{
    struct reader r = reader_of(e->subject);
    int64_t said = (int64_t)reader_u64(&r);

    f->broken_at = f->bad != 0 ? f->bad : said;
    f->since = f->signed_to = e->number;
    f->accepted.ms = e->at_ms;
    (void)snprintf(f->accepted_by, sizeof(f->accepted_by), "%s", e->actor);
    f->bad = 0;
    f->fault = AUDIT_FAULT_NONE;
    for (size_t i = 0; i < heads->count; i++)
        if (heads->items[i].order < k->order && heads->items[i].head.number >= e->number)
            heads->items[i].is_void = true;
    if (heads->forged < k->order)
        heads->forged = 0;
}

/* Heads signed when this entry was the newest. */
static void
check_heads(struct heads *heads, const struct audit_entry *e, const struct digest *hash,
            struct audit_finding *f)
{
    for (; heads->next < heads->count && heads->items[heads->next].head.number <= e->number;
         heads->next++) {
        const struct kept *k = &heads->items[heads->next];
        bool fits = ID_IS_EQUAL(k->head.hash, *hash);
        if (k->is_void)
            continue;
        if (k->accepts && fits && strcmp(e->action, "audit.accepted") == 0)
            accept(heads, k, e, f);
        else if (!fits || k->accepts) /* somewhere after the last that fits */
            find(f, AUDIT_FAULT_SIGNED, f->signed_to + 1);
        else
            f->signed_to = e->number;
    }
}

/* Was one signed for an entry that is not there? */
static bool
is_cut(const struct heads *heads)
{
    for (size_t i = heads->next; i < heads->count; i++)
        if (!heads->items[i].is_void)
            return true;
    return false;
}

static enum status
walk(struct store *st, struct outside *outside, struct heads *heads, struct audit_finding *f)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_AUDIT_WALK);
    struct digest before = { 0 };
    enum status s;

    while ((s = stmt_step(q)) == STATUS_OK) {
        struct digest there = { 0 };
        struct audit_entry e = { .number = stmt_int(q, 0),
                                 .at_ms = stmt_int(q, 1),
                                 .actor = stmt_text(q, 2),
                                 .action = stmt_text(q, 3),
                                 .subject = stmt_bytes(q, 4),
                                 .detail = stmt_bytes(q, 5) };
        stmt_copy(q, 6, there.b, ID_SIZE);
        struct digest hash = audit_entry_hash(&before, &e);
        const struct digest *kept = outside_get(outside, ++f->count);
        if (e.number != f->count || !ID_IS_EQUAL(hash, there))
            find(f, AUDIT_FAULT_CHAIN, f->count);
        if (kept != NULL && !ID_IS_EQUAL(there, *kept))
            find(f, AUDIT_FAULT_EDITED, f->count);
        check_heads(heads, &e, &there, f);
        before = there;
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
audit_verify(struct store *st, const struct core *core, struct audit_finding *f)
{
    AUTO(xfree) struct outside *outside = xcalloc(1, sizeof(*outside));
    AUTO(heads_free) struct heads heads = { 0 };
    AUTO(fd_close) int fd = -1;
    char path[4096];

    *f = (struct audit_finding){ 0 };
    (void)snprintf(path, sizeof(path), "%s/audit.hashes", core->home);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    outside->fd = fd;
    outside->count = audit_hashes_count(fd);
    TRY(heads_load(core, &heads));
    store_rollback(st);
    TRY(store_begin_read(st));
    TRY(walk(st, outside, &heads, f));
    if (outside->count > f->count || is_cut(&heads))
        find(f, AUDIT_FAULT_CUT, f->count + 1);
    if (heads.forged != 0)
        find(f, AUDIT_FAULT_FORGED, f->signed_to + 1);
    return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/audit.c - one entry per change, in the same transaction; each entry's hash covers the one before.
 *
 * 1. Entries hold ids and hashes, no personal data, so erasing never has to touch them.
 * 2. The newest number and hash also stand in HOME/audit.head, outside the database and its backups,
 *    written after each commit. At start the database must contain the head: if it does not, the file was
 *    rolled back or cut, and the node says so and does not write.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/core_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { HEAD_SIZE = 8 + ID_SIZE };

struct entry {
    int64_t number;
    int64_t at_ms;
    const char *actor, *action;
    struct bytes subject, detail;
};

static struct digest
entry_hash(const struct digest *before, const struct entry *e)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };

    buffer_put(&buf, before->b, ID_SIZE);
    buffer_put_u64(&buf, (uint64_t)e->number);
    buffer_put_u64(&buf, (uint64_t)e->at_ms);
    buffer_put_u32(&buf, (uint32_t)strlen(e->actor));
    buffer_put_text(&buf, e->actor);
    buffer_put_u32(&buf, (uint32_t)strlen(e->action));
    buffer_put_text(&buf, e->action);
    buffer_put_u32(&buf, (uint32_t)e->subject.len);
    buffer_put_bytes(&buf, e->subject);
    buffer_put_u32(&buf, (uint32_t)e->detail.len);
    buffer_put_bytes(&buf, e->detail);
    struct bytes parts[] = { buffer_bytes(&buf) };
    return digest_tagged("hansa/1/audit", parts, 1);
}

enum status
audit_add(struct core *core, const char *actor, const char *action, struct bytes subject,
          struct bytes detail)
{
    struct entry e = { .number = core->audit_number + 1,
                       .at_ms = core_wall(core).ms,
                       .actor = actor,
                       .action = action,
                       .subject = subject,
                       .detail = detail };
    struct digest hash = entry_hash(&core->audit_hash, &e);

    TRY(core_need_txn(core));
    TRY(store_exec(core->store, STMT_AUDIT_ADD, "iittbbb", e.number, e.at_ms, actor, action,
                   subject, detail, bytes_of(hash.b, ID_SIZE)));
    core->audit_number = e.number;
    core->audit_hash = hash;
    return STATUS_OK;
}

static const char *
head_path(const char *home, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/audit.head", home);
    return path;
}

/* Written in place: 40 bytes in one sector. A torn or lost write leaves an older head, which the database
 * contains as well. */
void
audit_write_head(struct core *core)
{
    AUTO(fd_close) int fd = -1;
    char path[4096];
    uint8_t raw[HEAD_SIZE];

    if (core->home == NULL || core->audit_number == core->audit_written)
        return;
    put_u64(raw, (uint64_t)core->audit_number);
    memcpy(raw + 8, core->audit_hash.b, ID_SIZE);
    fd = open(head_path(core->home, path, sizeof(path)), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, raw, sizeof(raw), 0) != (ssize_t)sizeof(raw)) {
        LOG(LOG_WARN, "audit.head_not_written", log_num("errno", errno));
        return;
    }
    core->audit_written = core->audit_number;
}

/* false: there is none yet. */
static bool
read_head(const char *home, int64_t *number, struct digest *hash)
{
    AUTO(fd_close) int fd = -1;
    char path[4096];
    uint8_t raw[HEAD_SIZE];

    if (home == NULL)
        return false;
    fd = open(head_path(home, path, sizeof(path)), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
        return false;
    *number = (int64_t)get_u64(raw);
    memcpy(hash->b, raw + 8, ID_SIZE);
    return true;
}

/* Does the database contain this head? */
static enum status
check_head(struct store *st, int64_t number, const struct digest *hash)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_AUDIT_GET);
    struct digest there;

    if (number == 0)
        return STATUS_OK;
    stmt_bind(q, "i", number);
    enum status s = stmt_step(q);
    if (s == STATUS_NOT_FOUND)
        return STATUS_CORRUPT;
    TRY(s);
    stmt_copy(q, 0, there.b, ID_SIZE);
    return ID_IS_EQUAL(there, *hash) ? STATUS_OK : STATUS_CORRUPT;
}

enum status
audit_load(struct core *core, struct diag *diag)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_AUDIT_LAST);
    struct digest head;
    int64_t number = 0;

    core->audit_number = 0;
    core->audit_hash = (struct digest){ 0 };
    enum status s = stmt_step(q);
    if (s == STATUS_OK) {
        core->audit_number = stmt_int(q, 0);
        stmt_copy(q, 1, core->audit_hash.b, ID_SIZE);
    } else if (s != STATUS_NOT_FOUND) {
        return s;
    }
    if (!read_head(core->home, &number, &head))
        return STATUS_OK;
    if (check_head(core->store, number, &head) != STATUS_OK)
        return diag_say(diag, STATUS_CORRUPT, "home.rolled_back", NULL);
    core->audit_written = number;
    return STATUS_OK;
}

enum status
audit_verify(struct store *st, const char *home, int64_t *count, int64_t *bad)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_AUDIT_WALK);
    struct digest before = { 0 }, head = { 0 };
    int64_t number = 0;
    bool has_head =
        read_head(home, &number, &head); /* before the snapshot, which is then as new */
    enum status s;

    *count = 0;
    *bad = 0;
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct digest there = { 0 };
        struct entry e = { .number = stmt_int(q, 0),
                           .at_ms = stmt_int(q, 1),
                           .actor = stmt_text(q, 2),
                           .action = stmt_text(q, 3),
                           .subject = stmt_bytes(q, 4),
                           .detail = stmt_bytes(q, 5) };
        stmt_copy(q, 6, there.b, ID_SIZE);
        struct digest hash = entry_hash(&before, &e);
        if (*bad == 0 && (e.number != *count + 1 || !ID_IS_EQUAL(hash, there)))
            *bad = *count + 1;
        before = there;
        (*count)++;
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    if (*bad == 0 && has_head && check_head(st, number, &head) != STATUS_OK)
        *bad = number <= *count ? number : *count + 1;
    return STATUS_OK;
}

const char *
actor_partner(struct core *core, const struct node_id *node)
{
    char text[ID_SIZE * 2];

    base32_format(bytes_of(node->b, ID_SIZE), text);
    return arena_printf(core->round, "partner:%.16s", text);
}

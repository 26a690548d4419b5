/* SPDX-License-Identifier: Apache-2.0
 *
 * node/audit.c - one entry per change, in the same transaction; each entry's hash covers the one before.
 *
 * 1. Entries hold ids and hashes, no personal data, so erasing never has to touch them.
 * 2. Each entry's hash also stands in HOME/audit.hashes, 32 bytes each, outside the database and its backups: one
 *    append after each commit. A file that is behind (a crash) is completed at start; a database that is behind, or
 *    says something else, was rolled back or edited.
 * 3. The newest hash is signed by the key process at most once a second and kept in HOME/journal, so that who
 *    changes database and hashes alike is found out too. node/audit_check.c looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/audit_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/digest.h"

enum { SIGN_EVERY_MS = 1000 };

struct digest
audit_entry_hash(const struct digest *before, const struct audit_entry *e)
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
    struct audit_entry e = { .number = core->audit_number + 1,
                             .at_ms = core_wall(core).ms,
                             .actor = actor,
                             .action = action,
                             .subject = subject,
                             .detail = detail };
    struct digest hash = audit_entry_hash(&core->audit_hash, &e);

    TRY(core_need_txn(core));
    TRY(store_exec(core->store, STMT_AUDIT_ADD, "iittbbb", e.number, e.at_ms, actor, action,
                   subject, detail, bytes_of(hash.b, ID_SIZE)));
    core->audit_number = e.number;
    core->audit_hash = hash;
    buffer_put(&core->audit_tail, hash.b, ID_SIZE);
    return STATUS_OK;
}

void
audit_undo(struct core *core, int64_t number, const struct digest *hash)
{
    core->audit_number = number;
    core->audit_hash = *hash;
    core->audit_accepts = false;
    if (core->audit_state != AUDIT_WELL) {
        buffer_clear(&core->audit_tail);
        return;
    }
    core->audit_tail.len = (size_t)(number - core->audit_written) * ID_SIZE;
}

/* ---- outside the database ----------------------------------------------------------------- */

/* The newest entry, signed. */
static enum status
sign_head(struct core *core, uint8_t raw[static AUDIT_RECORD_SIZE])
{
    struct audit_head head = { .author = core->me,
                               .incarnation = core->incarnation,
                               .number = core->audit_number,
                               .hash = core->audit_hash,
                               .at = core_wall(core) };
    struct signature signature;

    audit_head_format(&head, raw);
    TRY(core->env.keyring.sign(core->env.keyring.self, SIGN_AUDIT,
                               bytes_of(raw, AUDIT_HEAD_SIZE), &signature));
    memcpy(raw + AUDIT_HEAD_SIZE, signature.b, sizeof(signature.b));
    return STATUS_OK;
}

enum status
audit_accept(struct core *core, const char *actor, const struct audit_finding *finding)
{
    uint8_t raw[AUDIT_RECORD_SIZE], bad[8];

    put_u64(bad, (uint64_t)finding->bad);
    TRY(audit_add(core, actor, "audit.accepted", bytes_of(bad, sizeof(bad)),
                  (struct bytes){ 0 }));
    TRY(sign_head(core, raw));
    journal_add(core->journal, JOURNAL_ACCEPTED, bytes_of(raw, sizeof(raw)));
    core->audit_accepts = true;
    return STATUS_OK;
}

/* What a crash kept from being written. */
static enum status
complete(struct core *core, int64_t count)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_AUDIT_AFTER);
    enum status s;

    core->audit_written = count;
    stmt_bind(q, "i", count);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct digest hash = { 0 };
        stmt_copy(q, 0, hash.b, ID_SIZE);
        buffer_put(&core->audit_tail, hash.b, ID_SIZE);
    }
    if (s != STATUS_NOT_FOUND)
        return s;
    (void)audit_write(core); /* goes with the next ones */
    return STATUS_OK;
}

/* The hashes outside as the database has them now. */
static enum status
write_anew(struct core *core)
{
    if (ftruncate(core->audit_fd, 0) != 0)
        return file_status(errno);
    buffer_clear(&core->audit_tail);
    core->audit_accepts = false;
    core->audit_state = AUDIT_WELL;
    LOG(LOG_WARN, "audit.accepted", log_num("number", core->audit_number));
    return complete(core, 0);
}

/* A lost write leaves a shorter file, which the next start completes from the database. */
enum status
audit_write(struct core *core)
{
    if (core->audit_accepts)
        return write_anew(core);
    struct bytes tail = buffer_bytes(&core->audit_tail);
    if (tail.len == 0 || core->audit_fd < 0)
        return STATUS_OK;
    errno = ENOSPC; /* a short write */
    if (pwrite(core->audit_fd, tail.data, tail.len, (off_t)(core->audit_written * ID_SIZE)) !=
        (ssize_t)tail.len) {
        enum status s = file_status(errno);
        LOG(LOG_WARN, "audit.hashes_not_written", log_num("errno", errno));
        return s;
    }
    core->audit_written = core->audit_number;
    buffer_clear(&core->audit_tail);
    return STATUS_OK;
}

struct mono_ms
audit_sign(struct core *core)
{
    uint8_t raw[AUDIT_RECORD_SIZE];
    struct mono_ms now = core_mono(core), next = { core->audit_signed_at.ms + SIGN_EVERY_MS };

    if (core->audit_signed == core->audit_number || core->env.keyring.sign == NULL ||
        core->audit_state != AUDIT_WELL || disk_is_full(core->disk))
        return (struct mono_ms){ INT64_MAX };
    if (core->audit_written !=
        core->audit_number) /* not committed, or to be written beside yet */
        return (struct mono_ms){ INT64_MAX };
    if (now.ms < next.ms)
        return next;
    core->audit_signed_at = now;
    if (sign_head(core, raw) != STATUS_OK)
        return (struct mono_ms){ now.ms + SIGN_EVERY_MS }; /* locked: later */
    journal_add(core->journal, JOURNAL_AUDIT, bytes_of(raw, sizeof(raw)));
    (void)core_write_journal(core, false);
    core->audit_signed = core->audit_number;
    return (struct mono_ms){ INT64_MAX };
}

/* ---- at start ----------------------------------------------------------------------------- */

static enum status
hash_at(struct store *st, int64_t number, struct digest *out)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(st, STMT_AUDIT_GET);

    stmt_bind(q, "i", number);
    TRY(stmt_step(q));
    stmt_copy(q, 0, out->b, ID_SIZE);
    return STATUS_OK;
}

int64_t
audit_hashes_count(int fd)
{
    static const struct digest none;
    struct stat st;
    struct digest last;

    if (fd < 0 || fstat(fd, &st) != 0)
        return 0;
    int64_t count = (int64_t)st.st_size / ID_SIZE;
    /* A file system may keep the length of a lost write and not its content. */
    while (count > 0 && pread(fd, last.b, ID_SIZE, (off_t)(count - 1) * ID_SIZE) == ID_SIZE &&
           ID_IS_EQUAL(last, none))
        count--;
    return count;
}

/* Is what stands outside what the database says? */
static enum status
compare(struct core *core, int64_t count)
{
    int64_t number = count < core->audit_number ? count : core->audit_number;
    struct digest there = { 0 }, outside = { 0 };

    core->audit_state = AUDIT_WELL;
    if (number > 0) {
        TRY(hash_at(core->store, number, &there));
        if (pread(core->audit_fd, outside.b, ID_SIZE, (off_t)(number - 1) * ID_SIZE) != ID_SIZE)
            return STATUS_IO;
    }
    if (!ID_IS_EQUAL(there, outside))
        core->audit_state = AUDIT_ALTERED;
    else if (count > core->audit_number)
        core->audit_state = AUDIT_OLDER;
    return STATUS_OK;
}

static enum status
load_last(struct core *core)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_AUDIT_LAST);

    core->audit_accepts = false;
    core->audit_number = 0;
    core->audit_hash = (struct digest){ 0 };
    enum status s = stmt_step(q);
    if (s == STATUS_OK) {
        core->audit_number = stmt_int(q, 0);
        stmt_copy(q, 1, core->audit_hash.b, ID_SIZE);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

enum status
audit_load(struct core *core, struct diag *diag)
{
    char path[4096];

    TRY(load_last(core));
    buffer_clear(&core->audit_tail);
    if (core->audit_fd < 0) {
        (void)snprintf(path, sizeof(path), "%s/audit.hashes", core->home);
        core->audit_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (core->audit_fd < 0)
        return diag_say(diag, STATUS_IO, "home.unwritable", core->home, NULL);
    int64_t count = audit_hashes_count(core->audit_fd);
    TRY(compare(core, count));
    if (core->audit_state == AUDIT_WELL)
        return complete(core, count);
    if (core->audit_state == AUDIT_ALTERED)
        LOG(LOG_ERROR, "audit.altered", log_num("number", core->audit_number));
    return STATUS_OK; /* older: node/quarantine.c */
}

const char *
actor_partner(struct core *core, const struct node_id *node)
{
    char text[ID_SIZE * 2];

    base32_format(bytes_of(node->b, ID_SIZE), text);
    return arena_printf(core->round, "partner:%.16s", text);
}

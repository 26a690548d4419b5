/* SPDX-License-Identifier: Apache-2.0
 *
 * node/journal.c - HOME/journal (contract: node/journal.h): one append for what one round changed, after its commit
 * and before anybody is answered.
 *
 * The whole file stays in memory: it is short, because opening writes a long one anew.
 */
#include "node/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/digest.h"

enum { MAGIC_SIZE = 16, HEAD_SIZE = 5, CHECK_SIZE = 8, LONG = 256 * 1024, HEADS_KEPT = 256 };

static const char magic[] = "hansa journal 1\n";

struct journal {
    int dir, fd; /* fd -1: only read */
    struct buffer file;
    struct buffer waiting;
};

static void
record_put(struct buffer *to, enum journal_kind kind, struct bytes content)
{
    size_t start = to->len;

    buffer_put_u8(to, (uint8_t)kind);
    buffer_put_u32(to, (uint32_t)content.len);
    buffer_put_bytes(to, content);
    struct digest check = digest_plain(bytes_of(to->data + start, to->len - start));
    buffer_put(to, check.b, CHECK_SIZE);
}

/* The record at this place, and where the next one is. false: none, or not whole. */
static bool
record_get(struct bytes file, size_t *at, enum journal_kind *kind, struct bytes *content)
{
    size_t left = *at < file.len ? file.len - *at : 0;

    if (left < HEAD_SIZE + CHECK_SIZE)
        return false;
    const uint8_t *record = file.data + *at;
    uint32_t len = get_u32(record + 1);
    if (len > JOURNAL_RECORD_MAX || left - HEAD_SIZE - CHECK_SIZE < len)
        return false;
    struct digest check = digest_plain(bytes_of(record, HEAD_SIZE + len));
    if (memcmp(check.b, record + HEAD_SIZE + len, CHECK_SIZE) != 0)
        return false;
    *kind = (enum journal_kind)record[0];
    *content = bytes_of(record + HEAD_SIZE, len);
    *at += HEAD_SIZE + len + CHECK_SIZE;
    return true;
}

bool
journal_next(const struct journal *journal, size_t *at, enum journal_kind *kind,
             struct bytes *content)
{
    if (*at == 0)
        *at = MAGIC_SIZE;
    return record_get(buffer_bytes(&journal->file), at, kind, content);
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Does a later record take this one's place? */
static bool
is_superseded(const struct journal *j, size_t at, enum journal_kind kind, struct bytes content)
{
    enum journal_kind later;
    struct bytes other;
    size_t heads = 0;

    while (journal_next(j, &at, &later, &other)) {
        if (later != kind)
            continue;
        if (kind == JOURNAL_SERIAL)
            return true;
        if (kind == JOURNAL_PARTNER && content.len >= ID_SIZE && other.len >= ID_SIZE &&
            memcmp(content.data, other.data, ID_SIZE) == 0)
            return true;
        heads += kind == JOURNAL_AUDIT ? 1 : 0;
        if (heads >= HEADS_KEPT)
            return true;
    }
    return false;
}

/* What still counts: the last word on each partner, every incarnation, the newest heads. */
static enum status
write_anew(struct journal *j)
{
    AUTO(buffer_fini) struct buffer anew = { 0 };
    enum journal_kind kind;
    struct bytes content;

    buffer_put(&anew, magic, MAGIC_SIZE);
    for (size_t at = 0; journal_next(j, &at, &kind, &content);)
        if (!is_superseded(j, at, kind, content))
            record_put(&anew, kind, content);
    TRY(file_replace_at(j->dir, "journal", buffer_bytes(&anew)));
    buffer_clear(&j->file);
    buffer_put_bytes(&j->file, buffer_bytes(&anew));
    return STATUS_OK;
}

/* Reads the file; what is torn at its end is not part of it. STATUS_NOT_FOUND: there is none, or it is empty. */
static enum status
load(struct journal *j)
{
    enum journal_kind kind;
    struct bytes content;
    size_t at = MAGIC_SIZE;

    TRY(file_read_at(j->dir, "journal", JOURNAL_MAX, &j->file));
    if (j->file.len < MAGIC_SIZE)
        return STATUS_NOT_FOUND; /* cut while it was made */
    if (memcmp(j->file.data, magic, MAGIC_SIZE) != 0)
        return STATUS_CORRUPT;
    while (record_get(buffer_bytes(&j->file), &at, &kind, &content))
        ;
    j->file.len = at;
    return STATUS_OK;
}

static enum status
open_dir(const char *home, struct journal **out)
{
    struct journal *j = xcalloc(1, sizeof(*j));

    *out = j;
    j->fd = -1;
    j->dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return j->dir >= 0 ? STATUS_OK : file_status(errno);
}

enum status
journal_read(const char *home, struct journal **out)
{
    AUTO(journal_close) struct journal *j = NULL;

    *out = NULL;
    TRY(open_dir(home, &j));
    enum status s = load(j);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    *out = TAKE(j);
    return STATUS_OK;
}

enum status
journal_open(const char *home, struct journal **out)
{
    AUTO(journal_close) struct journal *j = NULL;

    *out = NULL;
    TRY(open_dir(home, &j));
    enum status s = load(j);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    if (s == STATUS_NOT_FOUND || j->file.len > LONG)
        TRY(write_anew(j));
    j->fd = openat(j->dir, "journal", O_WRONLY | O_CLOEXEC);
    if (j->fd < 0 || ftruncate(j->fd, (off_t)j->file.len) != 0)
        return file_status(errno);
    *out = TAKE(j);
    return STATUS_OK;
}

void
journal_close(struct journal **journal)
{
    struct journal *j = *journal;

    if (j == NULL)
        return;
    fd_close(&j->fd);
    fd_close(&j->dir);
    buffer_fini(&j->file);
    buffer_fini(&j->waiting);
    free(j);
    *journal = NULL;
}

/* ---- writing ------------------------------------------------------------------------------ */

void
journal_add(struct journal *journal, enum journal_kind kind, struct bytes content)
{
    assert(content.len <= JOURNAL_RECORD_MAX);
    record_put(&journal->waiting, kind, content);
}

size_t
journal_waiting(const struct journal *journal)
{
    return journal->waiting.len;
}

void
journal_undo(struct journal *journal, size_t waiting)
{
    if (waiting < journal->waiting.len)
        journal->waiting.len = waiting;
}

enum status
journal_flush(struct journal *journal, bool durable)
{
    struct bytes raw = buffer_bytes(&journal->waiting);

    if (raw.len == 0)
        return STATUS_OK;
    errno = ENOSPC;
    if (pwrite(journal->fd, raw.data, raw.len, (off_t)journal->file.len) != (ssize_t)raw.len)
        return file_status(errno);
    if (durable && fdatasync(journal->fd) != 0)
        return file_status(errno);
    buffer_put_bytes(&journal->file, raw);
    buffer_clear(&journal->waiting);
    return STATUS_OK;
}

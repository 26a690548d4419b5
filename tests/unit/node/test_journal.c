/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_journal.c - what was written is there; a cut at any byte costs the records after it and no
 * more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/journal.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "tests/check.h"

struct place {
    char dir[64], file[96];
};

static void
place_make(struct place *p)
{
    (void)snprintf(p->dir, sizeof(p->dir), "/tmp/hansa-journal.XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        abort();
    (void)snprintf(p->file, sizeof(p->file), "%s/journal", p->dir);
}

static void
place_remove(struct place *p)
{
    (void)unlink(p->file);
    (void)rmdir(p->dir);
}

static size_t
count(const struct journal *j)
{
    enum journal_kind kind;
    struct bytes content;
    size_t n = 0;

    for (size_t at = 0; journal_next(j, &at, &kind, &content);)
        n++;
    return n;
}

/* -1: it does not open. */
static int
count_in(const struct place *p)
{
    AUTO(journal_close) struct journal *j = NULL;

    return journal_open(p->dir, &j) == STATUS_OK ? (int)count(j) : -1;
}

static void
add_partner(struct journal *j, uint8_t node, uint8_t state)
{
    uint8_t raw[ID_SIZE + 1];

    memset(raw, node, ID_SIZE);
    raw[ID_SIZE] = state;
    journal_add(j, JOURNAL_PARTNER, bytes_of(raw, sizeof(raw)));
}

static void
test_kept(struct check *t)
{
    AUTO(place_remove) struct place p;
    AUTO(journal_close) struct journal *j = NULL;

    place_make(&p);
    CHECK(t, "an absent one is empty", journal_read(p.dir, &j) == STATUS_OK && count(j) == 0);
    journal_close(&j);
    CHECK(t, "opening makes it", journal_open(p.dir, &j) == STATUS_OK && count(j) == 0);
    add_partner(j, 1, 3);
    CHECK(t, "what waits is not in it", count(j) == 0 && journal_waiting(j) > 0);
    size_t mark = journal_waiting(j);
    add_partner(j, 2, 5);
    journal_undo(j, mark);
    CHECK(t, "what was undone never is", journal_flush(j, true) == STATUS_OK && count(j) == 1);
    CHECK(t, "it is there the next time", count_in(&p) == 1);
}

static void
test_torn(struct check *t)
{
    enum { RECORDS = 4 };
    AUTO(place_remove) struct place p;
    AUTO(journal_close) struct journal *j = NULL;
    AUTO(buffer_fini) struct buffer whole = { 0 };
    bool ok = true;

    place_make(&p);
    CHECK(t, "some records are written", journal_open(p.dir, &j) == STATUS_OK);
    for (int i = 0; i < RECORDS; i++)
        add_partner(j, (uint8_t)i, (uint8_t)i);
    CHECK(t, "all of them",
          journal_flush(j, true) == STATUS_OK &&
              file_read_at(AT_FDCWD, p.file, MIB, &whole) == STATUS_OK);
    size_t record = (whole.len - 16) / RECORDS;
    for (size_t len = 0; len < whole.len; len++) {
        int want = len < 16 ? 0 : (int)((len - 16) / record);
        int fd = open(p.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ok = file_write(fd, bytes_of(whole.data, len)) == STATUS_OK && count_in(&p) == want;
        fd_close(&fd);
        if (!ok)
            break;
    }
    CHECK(t, "cut at any byte, what is whole before it is kept", ok);
}

static void
test_flipped(struct check *t)
{
    AUTO(place_remove) struct place p;
    AUTO(journal_close) struct journal *j = NULL;
    AUTO(fd_close) int fd = -1;

    place_make(&p);
    CHECK(t, "two records", journal_open(p.dir, &j) == STATUS_OK);
    add_partner(j, 1, 1);
    add_partner(j, 2, 2);
    CHECK(t, "are written", journal_flush(j, true) == STATUS_OK);
    fd = open(p.file, O_RDWR | O_CLOEXEC);
    CHECK(t, "one byte of the second changes", pwrite(fd, "x", 1, 16 + 46 + 20) == 1);
    CHECK(t, "the first is kept", count_in(&p) == 1);
    CHECK(t, "another file is refused", pwrite(fd, "x", 1, 0) == 1 && count_in(&p) == -1);
}

static void
test_long(struct check *t)
{
    enum { MANY = 8000 };
    AUTO(place_remove) struct place p;
    AUTO(journal_close) struct journal *j = NULL;
    uint8_t head[JOURNAL_RECORD_MAX] = { 0 };
    struct stat st;

    place_make(&p);
    CHECK(t, "an incarnation and many states", journal_open(p.dir, &j) == STATUS_OK);
    journal_add(j, JOURNAL_INCARNATION, bytes_of(head, 12));
    for (int i = 0; i < MANY; i++)
        add_partner(j, (uint8_t)(i % 2), 5);
    for (int i = 0; i < 1000; i++)
        journal_add(j, JOURNAL_AUDIT, bytes_of(head, sizeof(head)));
    CHECK(t, "are written", journal_flush(j, false) == STATUS_OK && count(j) == MANY + 1001);
    CHECK(t, "the next start keeps what counts: 1 + 2 + 256", count_in(&p) == 1 + 2 + 256);
    CHECK(t, "in a short file", stat(p.file, &st) == 0 && st.st_size < 100 * KIB);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "what was flushed is there the next time", test_kept },
        { "a torn tail is dropped", test_torn },
        { "a damaged record ends it", test_flipped },
        { "a long one is written anew", test_long },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}

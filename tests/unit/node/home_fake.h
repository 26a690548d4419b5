/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/home_fake.h - a home in a folder of its own, and a way past the store into its database.
 */
#ifndef HANSA_TESTS_HOME_FAKE_H
#define HANSA_TESTS_HOME_FAKE_H

#include <fcntl.h>
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/core_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/digest.h"
#include "tests/check.h"
#include "tests/samples.h"

#define HOME_NOW_MS INT64_C(1800000000000)

struct home {
    char path[128];
    char db[160];
    struct sample_world world;
    uint64_t random;
    int64_t now_ms;
    enum audit_fault fault; /* of the last look at the audit */
};

static void
home_make(struct home *home)
{
    char tmp[160];

    memset(home, 0, sizeof(*home));
    (void)snprintf(home->path, sizeof(home->path), "/tmp/hansa-home.XXXXXX");
    if (mkdtemp(home->path) == NULL)
        abort();
    (void)snprintf(home->db, sizeof(home->db), "%s/hansa.db", home->path);
    (void)snprintf(tmp, sizeof(tmp), "%s/tmp", home->path);
    (void)mkdir(tmp, 0700);
    sample_world_init(&home->world);
    home->now_ms = HOME_NOW_MS;
}

static void
home_remove(struct home *home)
{
    char path[192];
    glob_t found = { 0 };

    (void)snprintf(path, sizeof(path), "%s/*", home->path);
    if (glob(path, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            (void)unlink(found.gl_pathv[i]);
    globfree(&found);
    (void)snprintf(path, sizeof(path), "%s/tmp", home->path);
    (void)rmdir(path);
    (void)rmdir(home->path);
}

/* The first column of the first row as a number, past the store; -1: it failed. */
__attribute__((unused)) static int64_t
home_sql(const struct home *home, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    int64_t out = -1;

    if (sqlite3_open(home->db, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK) {
        int rc = sqlite3_step(q);
        out = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : rc == SQLITE_DONE ? 0 : -1;
    }
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return out;
}

/* Puts these bytes where the database is. */
__attribute__((unused)) static bool
home_overwrite(const struct home *home, struct bytes raw)
{
    AUTO(fd_close) int fd = open(home->db, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    return fd >= 0 && file_write(fd, raw) == STATUS_OK;
}

/* ---- what a core of company 0 has around it ------------------------------------------------ */

static struct wall_ms
home_wall(void *self)
{
    const struct home *home = self;

    return (struct wall_ms){ home->now_ms };
}

static struct mono_ms
home_mono(void *self)
{
    (void)self;
    return (struct mono_ms){ 1000 };
}

static void
home_random(void *self, void *out, size_t len)
{
    struct home *home = self;
    uint8_t *at = out;

    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)check_random(&home->random);
}

static enum status
home_sign(void *self, enum sign_type type, struct bytes body, struct signature *out)
{
    const struct home *home = self;

    *out = sample_sign(&home->world.companies[0], type, body);
    return STATUS_OK;
}

__attribute__((unused)) static struct core_config
home_config(struct home *home)
{
    return (struct core_config){ .home = home->path,
                                 .env = { .self = home,
                                          .wall = home_wall,
                                          .mono = home_mono,
                                          .random = home_random,
                                          .keyring = { .sign = home_sign, .self = home } } };
}

/* The first descriptor of a company. */
__attribute__((unused)) static struct signed_object
home_descriptor(const struct home *home, size_t company, struct arena *arena)
{
    const struct sample_company *c = &home->world.companies[company];
    struct descriptor d = { .root_key = c->key,
                            .serial = 1,
                            .name = c->name,
                            .country = c->country,
                            .signing_key = c->key,
                            .sealing_key = { { 9 } }, /* a point that has an order */
                            .not_before = { home->now_ms - 1000 },
                            .not_after = { home->now_ms + INT64_C(100000000000) } };
    struct signed_object object = { .body = wire_descriptor_format(&d, arena) };

    object.signature = sample_sign(c, SIGN_DESCRIPTOR, object.body);
    return object;
}

/* A database for company 0. */
__attribute__((unused)) static enum status
home_init(const struct home *home)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };
    struct signed_object us = home_descriptor(home, 0, arena);
    struct core_birth birth = { .descriptor = wire_signed_object_format(&us, arena),
                                .language = "en" };

    return core_init(home->path, &birth, &diag);
}

/* A core over it, in a transaction. */
__attribute__((unused)) static bool
home_open(struct home *home, struct core **out)
{
    struct diag diag = { 0 };
    struct core_config config = home_config(home);

    return core_open(&config, &diag, out) == STATUS_OK && core_need_txn(*out) == STATUS_OK;
}

#endif

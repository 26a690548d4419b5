/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/log.h - log events: a fixed dotted name and typed fields, one line of JSON on
 * stderr.
 *
 *   LOG(LOG_INFO, "peer.refused", log_id("peer", peer.b), log_status(status), log_num("count",
 * n));
 *   {"t":"2026-11-23T06:25:00.123Z","level":"info","role":"core","event":"peer.refused","peer":...}
 *
 * 1. There is no field type for customer text, so it cannot be logged; neither is there one for
 * secrets.
 * 2. A line is written by one write(2): lines of several processes on one pipe do not mix.
 * 3. Every event name stands in docs/operations/events.md; tests/lint/events.py compares.
 *
 * error: a person should look; warn: it will be retried; info: a change of state; debug: off.
 */
#ifndef HANSA_BASE_LOG_H
#define HANSA_BASE_LOG_H

#include <stdint.h>

#include "schema/base/status.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_kind { LOG_KIND_END, LOG_KIND_ID, LOG_KIND_NUM, LOG_KIND_WORD };

/* Made by the functions below only. */
struct log_field {
    enum log_kind kind;
    const char *name;
    const uint8_t *id;
    int64_t num;
    const char *word;
};

/* 32 bytes, shown in base32 as everywhere else. Borrowed for the call. */
static inline struct log_field
log_id(const char *name, const uint8_t *id32)
{
    return (struct log_field){ .kind = LOG_KIND_ID, .name = name, .id = id32 };
}

static inline struct log_field
log_num(const char *name, int64_t num)
{
    return (struct log_field){ .kind = LOG_KIND_NUM, .name = name, .num = num };
}

/* A word of our own code or of this machine's configuration, never of a record or a partner. */
static inline struct log_field
log_word(const char *name, const char *static_word)
{
    return (struct log_field){ .kind = LOG_KIND_WORD, .name = name, .word = static_word };
}

static inline struct log_field
log_status(enum status status)
{
    return log_word("status", status_name(status));
}

/* An errno value as its name: "errno":"EACCES". */
struct log_field log_errno(int number);

static inline struct log_field
log_end(void)
{
    return (struct log_field){ .kind = LOG_KIND_END };
}

/* LOG(level, "event.name", field, ...): fields may be left out. */
#define LOG(level, ...)                                                                        \
    log_event((level), LOG_FIRST_(__VA_ARGS__, 0),                                             \
              (const struct log_field[]){ LOG_REST_(__VA_ARGS__, log_end()) })
#define LOG_FIRST_(event, ...) event
#define LOG_REST_(event, ...)  __VA_ARGS__

void log_event(enum log_level level, const char *event, const struct log_field *fields);

/* Once, first in main, before any thread. role is static: "core", "edge", ... */
void log_init(const char *role, enum log_level least);
/* The level that HANSA_LOG names (debug, info, warn, error); info without it. */
enum log_level log_level_wanted(void);

#endif

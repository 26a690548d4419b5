/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "schema/base/bytes.h"
#include "schema/base/cleanup.h"
#include "schema/base/ids.h"

/* A line that would be longer loses its last fields, never its form. */
enum { LINE_MAX_BYTES = 1024, WORD_MAX = 128, ID_TEXT = 53 };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static struct {
    const char *role;
    enum log_level least;
} config = { "none", LOG_INFO };

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

void
log_init(const char *role, enum log_level least)
{
    config.role = role;
    config.least = least;
    tzset(); /* the C library reads its zone file now, not behind the sandbox */
}

enum log_level
log_level_wanted(void)
{
    const char *name = getenv("HANSA_LOG");

    for (size_t i = 0; name != NULL && i < COUNT_OF(level_names); i++)
        if (strcmp(name, level_names[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

struct log_field
log_errno(int number)
{
    const char *name = strerrorname_np(number);

    return log_word("errno", name != NULL ? name : "unknown");
}

/* All or nothing, with room kept for "}\n". */
static void
add(struct line *line, const char *text, size_t len)
{
    if (len > sizeof(line->text) - 2 - line->len)
        return;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

/* Words are ours, yet nothing in them may end the JSON text or reach a terminal. */
static void
make_harmless(const char *word, char out[static WORD_MAX])
{
    size_t n = 0;

    for (; n < WORD_MAX - 1 && word[n] != '\0'; n++)
        out[n] = word[n] >= ' ' && word[n] <= '~' && word[n] != '"' && word[n] != '\\' ? word[n]
                                                                                       : '_';
    out[n] = '\0';
}

static void
add_word(struct line *line, const char *name, const char *word)
{
    char safe[WORD_MAX], text[WORD_MAX + 64];

    make_harmless(word != NULL ? word : "", safe);
    int n = snprintf(text, sizeof(text), ",\"%s\":\"%s\"", name, safe);
    if (n > 0 && (size_t)n < sizeof(text))
        add(line, text, (size_t)n);
}

static void
add_num(struct line *line, const char *name, int64_t num)
{
    char text[128];
    int n = snprintf(text, sizeof(text), ",\"%s\":%" PRId64, name, num);

    if (n > 0 && (size_t)n < sizeof(text))
        add(line, text, (size_t)n);
}

static void
add_field(struct line *line, const struct log_field *field)
{
    char id[ID_TEXT];

    switch (field->kind) {
    case LOG_KIND_ID:
        base32_format(bytes_of(field->id, ID_SIZE), id);
        add_word(line, field->name, id);
        return;
    case LOG_KIND_NUM:
        add_num(line, field->name, field->num);
        return;
    case LOG_KIND_WORD:
        add_word(line, field->name, field->word);
        return;
    case LOG_KIND_END:
        return;
    }
}

static void
add_time(struct line *line)
{
    struct timespec now = { 0 };
    struct tm utc = { 0 };
    char text[64];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    int n = snprintf(text, sizeof(text), "{\"t\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"",
                     utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                     utc.tm_sec, (int)(now.tv_nsec / 1000000));
    if (n > 0)
        add(line, text, (size_t)n);
}

void
log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line = { .len = 0 };

    if (level < config.least)
        return;
    add_time(&line);
    add_word(&line, "level", level_names[level]);
    add_word(&line, "role", config.role);
    add_word(&line, "event", event);
    for (; fields->kind != LOG_KIND_END; fields++)
        add_field(&line, fields);
    memcpy(line.text + line.len, "}\n", 2);
    /* A log that cannot be written must not stop the node. */
    ssize_t written = write(STDERR_FILENO, line.text, line.len + 2);
    (void)written;
}

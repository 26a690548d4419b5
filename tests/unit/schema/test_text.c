/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalogs say the same things in every language, everything that needs a sentence has one, and
 * what partners write cannot play tricks with a terminal.
 */
#include <ctype.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/embed.h"
#include "schema/service.h"
#include "schema/text.h"
#include "tests/check.h"

static json_t *
catalog(const char *tag)
{
    for (const struct embedded *file = embedded_lang; file->name != NULL; file++)
        if (strcmp(file->name, tag) == 0)
            return json_loadb((const char *)file->data, (size_t)(file->end - file->data),
                              JSON_REJECT_DUPLICATES, NULL);
    return NULL;
}

/* Which of {0} .. {9} a text has, as bits. */
static unsigned
placeholders(const char *text)
{
    unsigned found = 0;

    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{'))
        if (isdigit((unsigned char)at[1]) && at[2] == '}')
            found |= 1U << (at[1] - '0');
    return found;
}

static void
check_against_english(struct check *t, json_t *english, json_t *other)
{
    const char *key;
    json_t *text;

    CHECK(t, "both have as many keys", json_object_size(english) == json_object_size(other));
    json_object_foreach(english, key, text)
    {
        const char *en = json_string_value(text);
        const char *translated = json_string_value(json_object_get(other, key));
        if (!CHECK(t, key, en != NULL && translated != NULL))
            continue;
        CHECK(t, key, en[0] != '\0' && translated[0] != '\0');
        CHECK(t, key, placeholders(en) == placeholders(translated));
    }
}

static void
test_languages_agree(struct check *t)
{
    AUTO(json_decrefp) json_t *english = catalog("en");

    for (int i = 1; i < LANGUAGE_COUNT_; i++) {
        AUTO(json_decrefp) json_t *other = catalog(language_tag((enum language)i));
        if (CHECK(t, "every language has a catalog", english != NULL && other != NULL))
            check_against_english(t, english, other);
    }
}

static bool
has_text(const char *key)
{
    return strcmp(text_get(LANGUAGE_EN, key), key) != 0;
}

static void
test_everything_has_a_sentence(struct check *t)
{
    char key[128];

    for (int i = 0; i < STATUS_COUNT_; i++) {
        (void)snprintf(key, sizeof(key), "status.%s", status_name((enum status)i));
        CHECK(t, key, has_text(key));
    }
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *s = service_get(i);
        (void)snprintf(key, sizeof(key), "service.%s", s->name);
        CHECK(t, key, has_text(key));
        for (size_t k = 0; k < SERVICE_PARAMS_MAX && s->params[k].name != NULL; k++) {
            (void)snprintf(key, sizeof(key), "service.%s.%s", s->name, s->params[k].name);
            CHECK(t, key, has_text(key));
        }
    }
}

/* Every text of the form "word.word" after `call` in a source is a catalog key. */
static size_t
check_keys(struct check *t, const char *source, const char *call)
{
    size_t found = 0;

    for (const char *at = strstr(source, call); at != NULL; at = strstr(at + 1, call)) {
        const char *end = strchr(at, ';'), *open = strchr(at, '"');
        if (end == NULL || open == NULL || open > end)
            continue;
        char key[64] = { 0 };
        size_t len = strcspn(open + 1, "\"");
        if (len >= sizeof(key) || memchr(open + 1, '.', len) == NULL)
            continue;
        memcpy(key, open + 1, len);
        CHECK(t, key, has_text(key));
        found++;
    }
    return found;
}

static size_t
check_file(struct check *t, const char *path)
{
    static char text[256 * 1024];
    FILE *f = fopen(path, "r");

    if (!CHECK(t, path, f != NULL))
        return 0;
    size_t len = fread(text, 1, sizeof(text) - 1, f);
    (void)fclose(f);
    text[len] = '\0';
    return check_keys(t, text, "diag_say(") + check_keys(t, text, "refuse(");
}

static void
test_no_complaint_is_without_words(struct check *t)
{
    static const char *const patterns[] = { "schema/*.c", "acl/*.c",        "federation/*.c",
                                            "node/*.c",   "node/store/*.c", "cli/*.c" };
    size_t found = 0;

    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        glob_t files = { 0 };
        if (glob(patterns[i], 0, NULL, &files) == 0)
            for (size_t k = 0; k < files.gl_pathc; k++)
                found += check_file(t, files.gl_pathv[k]);
        globfree(&files);
    }
    CHECK(t, "the sources were read", found > 20);
}

static void
test_formatting(struct check *t)
{
    static const char *const args[] = { "x", "ada\x1B[2J" };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct diag diag = { 0 };

    CHECK(t, "arguments stand in their places and cannot reach the terminal",
          strcmp(text_format(LANGUAGE_EN, "value.email", args, 2, arena),
                 "x: “ada<U+001B>[2J” is no e-mail address; write it as ada@example.com") == 0);
    CHECK(t, "a missing argument is nothing",
          strcmp(text_format(LANGUAGE_EN, "value.empty", NULL, 0, arena), " is empty") == 0);
    CHECK(t, "an unknown key is shown as it is",
          strcmp(text_get(LANGUAGE_ZH_HANS, "no.such"), "no.such") == 0);
    CHECK(t, "without a complaint the status speaks",
          strcmp(text_failure(LANGUAGE_ZH_HANS, STATUS_STOPPED, NULL, arena), "已停止。") == 0);
    CHECK(t, "diag_say gives the status back",
          diag_say(&diag, STATUS_USAGE, "value.empty", "email", NULL) == STATUS_USAGE);
    CHECK(t, "the complaint speaks in the reader's language",
          strcmp(text_failure(LANGUAGE_ZH_HANT, STATUS_USAGE, &diag, arena), "email 是空的") ==
              0);
}

static void
test_long_arguments_are_cut_between_characters(struct check *t)
{
    struct diag diag = { 0 };
    char text[2 * DIAG_TEXT] = "a";

    for (size_t at = 1; at + 3 < sizeof(text); at += 3)
        memcpy(text + at, "王", 3);
    (void)diag_say(&diag, STATUS_USAGE, "value.empty", text, NULL);
    size_t len = strlen(diag.args[0]);
    CHECK(t, "cut to the room there is", len < DIAG_TEXT && len > DIAG_TEXT - 5);
    CHECK(t, "between two characters", utf8_is_valid(bytes_text(diag.args[0])));
}

static void
test_partner_text_is_visible(struct check *t)
{
    static const struct {
        const char *why, *text, *shown;
    } rows[] = {
        { "plain text stays", "Ada 王 é 😀", "Ada 王 é 😀" },
        { "an escape sequence", "\x1B]0;x\x07", "<U+001B>]0;x<U+0007>" },
        { "a line feed", "a\nb", "a<U+000A>b" },
        { "C1 controls",
          "\xC2\x9B"
          "2J",
          "<U+009B>2J" },
        { "delete", "\x7F", "<U+007F>" },
        { "a bidi override",
          "fdp.\xE2\x80\xAE"
          "exe",
          "fdp.<U+202E>exe" },
        { "a bidi isolate", "\xE2\x81\xA6", "<U+2066>" },
        { "a right-to-left mark", "\xE2\x80\x8F", "<U+200F>" },
        { "a zero-width space",
          "a\xE2\x80\x8B"
          "b",
          "a<U+200B>b" },
        { "a tag character", "\xF3\xA0\x80\x81", "<U+E0001>" },
        { "bytes that are no text", "a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "an over-long slash", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD" },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why,
              strcmp(text_visible(bytes_text(rows[i].text), arena), rows[i].shown) == 0);
}

static void
test_words(struct check *t)
{
    struct bytes left = bytes_of(embedded_words[0].data,
                                 (size_t)(embedded_words[0].end - embedded_words[0].data));
    char before[16] = "";
    size_t count = 0;

    while (left.len > 0) {
        const uint8_t *feed = memchr(left.data, '\n', left.len);
        size_t len = feed == NULL ? 0 : (size_t)(feed - left.data);
        if (!CHECK(t, "a word has 3 to 8 letters and ends its line", len >= 3 && len <= 8))
            return;
        char word[16] = { 0 };
        memcpy(word, left.data, len);
        CHECK(t, word, strspn(word, "abcdefghijklmnopqrstuvwxyz") == len);
        CHECK(t, "sorted, and told apart by four letters",
              strncmp(before, word, 4) != 0 && strcmp(before, word) < 0);
        memcpy(before, word, sizeof(before));
        left = bytes_of(left.data + len + 1, left.len - len - 1);
        count++;
    }
    CHECK(t, "there are 2,048 words", count == 2048);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "languages agree", test_languages_agree },
        { "everything has a sentence", test_everything_has_a_sentence },
        { "no complaint is without words", test_no_complaint_is_without_words },
        { "formatting", test_formatting },
        { "long arguments are cut between characters",
          test_long_arguments_are_cut_between_characters },
        { "partner text is visible", test_partner_text_is_visible },
        { "words", test_words },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/render.h"
#include "cli/table.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_widths(struct check *t)
{
    static const struct {
        const char *why, *text;
        size_t want;
    } rows[] = {
        { "letters", "Ada", 3 },
        { "nothing", "", 0 },
        { "an umlaut", "Müller", 6 },
        { "Chinese takes two cells", "王小明", 6 },
        { "mixed", "王 Wang", 7 },
        { "full-width forms", "Ａ", 2 },
        { "a combining mark takes none", "e\xcc\x81", 1 },
        { "an emoji takes two", "\xf0\x9f\x98\x80", 2 },
        { "a byte that is no text takes one", "\xff", 1 },
    };
    struct cli cli;

    cli_init(&cli);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].why, table_width(rows[i].text) == rows[i].want);
    CHECK(t, "cutting counts cells", strcmp(table_cut("王小明", 5, cli.arena), "王小…") == 0);
    CHECK(t, "and never half a character",
          strcmp(table_cut("王小明", 4, cli.arena), "王…") == 0);
    CHECK(t, "what fits is left", strcmp(table_cut("王小明", 6, cli.arena), "王小明") == 0);
    cli_fini(&cli);
}

static char *
printed_table(size_t width)
{
    static const char *cells[] = {
        "名称", "City", "Acme", "Berlin", "王小明", "上海", "Brio Partners of the South", "Lyon"
    };
    struct table table = { .cells = cells, .columns = 2, .rows = 4, .width = width };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);

    table_print(&table, arena, f);
    (void)fclose(f);
    return out;
}

static void
test_tables_align(struct check *t)
{
    struct cli cli;

    cli_init(&cli); /* for the locale */
    AUTO(xfree) char *wide = printed_table(0);
    CHECK(t, "columns begin in one cell whatever stands before",
          strcmp(wide, "名称                        City\n"
                       "Acme                        Berlin\n"
                       "王小明                      上海\n"
                       "Brio Partners of the South  Lyon\n") == 0);
    AUTO(xfree) char *narrow = printed_table(20);
    CHECK(t, "the widest column gives way to a narrow terminal",
          strcmp(narrow, "名称          City\n"
                         "Acme          Berlin\n"
                         "王小明        上海\n"
                         "Brio Partne…  Lyon\n") == 0);
    cli_fini(&cli);
}

/* A reply as people see it. */
static char *
rendered(enum language language, bool is_json, const char *service, const char *type,
         const char *reply)
{
    struct command command = { .service = service_find(service), .type = type };
    AUTO(json_decrefp) json_t *json = json_loads(reply, 0, NULL);
    struct cli cli;
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);

    cli_init(&cli);
    cli.language = language;
    cli.is_json = is_json;
    render_reply(&cli, &command, json, f);
    (void)fclose(f);
    cli_fini(&cli);
    return out;
}

static void
test_replies(struct check *t)
{
    static const struct {
        const char *why;
        enum language language;
        const char *service, *type, *reply, *want;
    } rows[] = {
        { "an object as lines with labels", LANGUAGE_EN, "share.show", NULL,
          "{\"id\":\"p7\",\"state\":\"open\",\"depth\":1,\"odd_member\":true,\"note\":null}",
          "Id:            p7\nState:         open\nPass-on depth: 1\nodd_member:    yes\nNote: "
          "         -\n" },
        { "in another language", LANGUAGE_ZH_HANS, "share.show", NULL,
          "{\"id\":\"p7\",\"depth\":1}", "编号:         p7\n可再转交层数: 1\n" },
        { "a list as a table", LANGUAGE_EN, "offer.list", NULL,
          "{\"items\":[{\"id\":\"a\",\"title\":\"Launch\",\"kind\":\"event\","
          "\"partner\":\"Acme\",\"state\":\"open\","
          "\"records\":3,\"until\":\"2027-06-30\"}],\"next\":null,\"total\":1}",
          "Id  Title   Kind   Partner  State  Records  Until\n"
          "a   Launch  event  Acme     open   3        2027-06-30\n" },
        { "texts in a list", LANGUAGE_EN, "share.show", NULL, "{\"fields\":[\"a\",\"b\"]}",
          "Fields: a, b\n" },
        { "an object in an object", LANGUAGE_EN, "share.show", NULL,
          "{\"id\":\"a\",\"partner\":{\"name\":\"Brio\",\"country\":\"FR\"}}",
          "Id: a\nPartner:\n  Name:    Brio\n  Country: FR\n" },
        { "objects in a list", LANGUAGE_EN, "explain", NULL,
          "{\"chain\":[{\"issuer\":\"Acme\",\"depth\":1},{\"issuer\":\"Brio\",\"until\":\"x\"}]"
          "}",
          "Chain of grants:\n  From  Pass-on depth  Until\n  Acme  1              -\n  Brio  - "
          "      "
          "       x\n" },
        { "fields of a record by their own labels", LANGUAGE_EN, "record.show", "contact",
          "{\"fields\":{\"givenName\":\"Ada\",\"shoeSize\":\"38\"}}",
          "Fields:\n  Given name: Ada\n  shoeSize:   38\n" },
        { "records that would be shown, in full", LANGUAGE_EN, "share.lens", NULL,
          "{\"records\":2,\"items\":[{\"id\":\"a\",\"type\":\"contact\",\"fields\":{"
          "\"givenName\":\"Ada\"},"
          "\"withheld\":[\"email\",\"note\"]},{\"id\":\"b\",\"type\":\"event\",\"fields\":{"
          "\"name\":\"Launch\"}}]}",
          "Records: 2\nItems:\n"
          "  Id:       a\n  Type:     contact\n  Withheld: email, note\n  Fields:\n    Given "
          "name: Ada\n\n"
          "  Id:   b\n  Type: event\n  Fields:\n    Title: Launch\n" },
        { "states in words of the language", LANGUAGE_ZH_HANS, "share.show", NULL,
          "{\"state\":\"on its "
          "way\",\"actions\":[\"read\",\"pass_on\"],\"role\":\"odd\",\"note\":\"read\"}",
          "状态: 传送中\n操作: 查看, 再转交\n角色: odd\n备注: read\n" },
        { "moments in the user's own time", LANGUAGE_EN, "share.show", NULL,
          "{\"until\":\"2027-06-30T22:30:00.000Z\",\"note\":\"2027-06-30T22:30:00Z\"}",
          "Until: 2027-07-01 06:30 CST\nNote:  2027-06-30T22:30:00Z\n" },
        { "a note of several lines in one", LANGUAGE_EN, "record.show", "contact",
          "{\"fields\":{\"note\":\"line one\\nline two\"}}",
          "Fields:\n  Note: line one line two\n" },
        { "warnings one under the other", LANGUAGE_EN, "node.status", NULL,
          "{\"name\":\"Acme\",\"warnings\":[\"One, and more\",\"Two\"]}",
          "Name:     Acme\nWarnings: One, and more\n          Two\n" },
        { "types, keys and reasons in words of the language", LANGUAGE_ZH_HANS, "key.list",
          NULL, "{\"key\":\"signing\",\"former\":\"in use\",\"type\":\"attendee\"}",
          "密钥:   签名\n前一把: 使用中\n类型:   来宾\n" },
        { "a file as it is", LANGUAGE_EN, "partner.invite", NULL, "{\"text\":\"a\\nb\\n\"}",
          "a\nb\n" },
    };

    (void)setenv("TZ", "CST-8", 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(xfree)
        char *got =
            rendered(rows[i].language, false, rows[i].service, rows[i].type, rows[i].reply);
        if (!CHECK(t, rows[i].why, strcmp(got, rows[i].want) == 0))
            printf("got:\n%s", got);
    }
}

static bool
is_calm(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if ((*c < 0x20 && *c != '\n') || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
            return false;
    return strstr(text, "\xe2\x80\xae") == NULL && strstr(text, "\xe2\x81\xa6") == NULL;
}

/* A partner names itself with bytes that would clear the screen, turn text around or fake a line. */
static void
test_partner_text_moves_nothing(struct check *t)
{
    static const char *const evil[] = {
        "\\u001b[2J",     "\\u009b2J", "a\\rb",   "a\\nState: trusted",
        "\\u202egnp.exe", "\\u2066x",  "\\u0007", "\\u007f",
    };
    char reply[256];

    for (size_t i = 0; i < COUNT_OF(evil); i++) {
        (void)snprintf(reply, sizeof(reply), "{\"name\":\"%s\",\"x%s\":[{\"y%s\":\"%s\"}]}",
                       evil[i], evil[i], evil[i], evil[i]);
        AUTO(xfree) char *object = rendered(LANGUAGE_EN, false, "partner.show", NULL, reply);
        CHECK(t, "not in an object", is_calm(object));
        CHECK(t, "nor as a new line", strstr(object, "\nState: trusted") == NULL);
        AUTO(xfree) char *json = rendered(LANGUAGE_EN, true, "partner.show", NULL, reply);
        CHECK(t, "nor in JSON", is_calm(json));
        AUTO(json_decrefp) json_t *back = json_loads(json, 0, NULL);
        AUTO(json_decrefp) json_t *sent = json_loads(reply, 0, NULL);
        CHECK(t, "which says the same as before", json_equal(back, sent));
        (void)snprintf(reply, sizeof(reply), "{\"items\":[{\"name\":\"%s\"}],\"next\":null}",
                       evil[i]);
        AUTO(xfree) char *list = rendered(LANGUAGE_EN, false, "partner.list", NULL, reply);
        CHECK(t, "nor in a table", is_calm(list));
    }
}

/* Every column that a list shows has a label in every language. */
static void
test_columns_have_labels(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    for (size_t i = 0; i < service_count(); i++) {
        if (service_get(i)->columns == NULL)
            continue;
        char *rest = arena_text(arena, bytes_text(service_get(i)->columns));
        for (char *name; (name = strsep(&rest, " ")) != NULL;) {
            const char *key = arena_printf(arena, "label.%s", name);
            const char *english = text_get(LANGUAGE_EN, key);
            CHECK(t, key, strcmp(english, key) != 0);
            CHECK(t, key, strcmp(text_get(LANGUAGE_ZH_HANS, key), english) != 0);
            CHECK(t, key, strcmp(text_get(LANGUAGE_ZH_HANT, key), english) != 0);
        }
    }
}

static char *
help_of(enum language language, const struct service *service)
{
    struct cli cli;
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);

    cli_init(&cli);
    cli.language = language;
    help_print(&cli, service, NULL, f);
    (void)fclose(f);
    cli_fini(&cli);
    return out;
}

/* A catalog key on the screen is a text that somebody forgot to write. */
static bool
shows_key(const char *text)
{
    return strstr(text, "service.") != NULL || strstr(text, "cli.") != NULL ||
           strstr(text, "label.") != NULL;
}

static void
test_help_is_complete(struct check *t)
{
    const struct service *service;

    for (int language = 0; language < LANGUAGE_COUNT_; language++) {
        AUTO(xfree) char *overview = help_of((enum language)language, NULL);
        CHECK(t, "the overview has a text for everything", !shows_key(overview));
        for (size_t i = 0; (service = words_service(i)) != NULL; i++) {
            AUTO(xfree) char *help = help_of((enum language)language, service);
            CHECK(t, service->name, !shows_key(help));
        }
    }
}

/* One page for every command, without a line that roff would take for a request of its own. */
static void
test_man_pages(struct check *t)
{
    static const char *const requests[] = { ".TH ", ".SH ", ".TP", ".BR " };
    char dir[] = "/tmp/hansa-man-XXXXXX", path[128], line[1024];
    const struct service *service;
    struct cli cli;
    size_t pages = 0;

    cli_init(&cli);
    cli.language = LANGUAGE_EN;
    CHECK(t, "the pages are written",
          mkdtemp(dir) != NULL && man_write(&cli, dir) == STATUS_OK);
    for (size_t i = 0; (service = words_service(i)) != NULL; i++) {
        (void)snprintf(path, sizeof(path), "%s/hansa-%s.1", dir, service->name);
        for (char *c = path + strlen(dir); c + 2 < path + strlen(path); c++)
            *c = *c == '.' ? '-' : *c;
        FILE *page = fopen(path, "re");
        if (!CHECK(t, service->name, page != NULL))
            continue;
        while (fgets(line, sizeof(line), page) != NULL) {
            bool is_known = line[0] != '.' && line[0] != '\'';
            for (size_t r = 0; r < COUNT_OF(requests); r++)
                is_known |= strncmp(line, requests[r], strlen(requests[r])) == 0;
            CHECK(t, service->name, is_known && !shows_key(line));
        }
        (void)fclose(page);
        pages += unlink(path) == 0;
    }
    (void)snprintf(path, sizeof(path), "%s/hansa.1", dir);
    CHECK(t, "and the overview",
          unlink(path) == 0 && rmdir(dir) == 0 && pages == service_count() + 8);
    CHECK(t, "a folder that is not there is said", man_write(&cli, "/nowhere") == STATUS_IO);
    cli_fini(&cli);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "widths", test_widths },
        { "tables align", test_tables_align },
        { "replies", test_replies },
        { "partner text moves nothing", test_partner_text_moves_nothing },
        { "columns have labels", test_columns_have_labels },
        { "help is complete", test_help_is_complete },
        { "man pages", test_man_pages },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

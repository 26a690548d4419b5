/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/words.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/check.h"

enum { WORDS_MAX = 32 };

/* A command line as written in the rows: words between spaces, "_" for a space inside a word. */
struct line {
    struct cli cli;
    struct command command;
    enum status status;
};

static void
line_free(struct line *line)
{
    command_fini(&line->command);
    cli_fini(&line->cli);
}

static struct line
parse(const char *text)
{
    struct line line = { .status = STATUS_INTERNAL };
    char *words[WORDS_MAX];
    int count = 0;

    cli_init(&line.cli);
    line.cli.language = LANGUAGE_EN;
    char *rest = arena_text(line.cli.arena, bytes_text(text));
    for (char *word; count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;) {
        for (char *c = word; *c != '\0'; c++)
            *c = *c == '_' ? ' ' : *c;
        if (word[0] != '\0')
            words[count++] = word;
    }
    line.status = command_parse(&line.cli, count, words, &line.command);
    return line;
}

static void
test_right_lines(struct check *t)
{
    static const struct {
        const char *why, *line, *service, *args;
    } rows[] = {
        { "noun and verb", "partner list", "partner.list", "{}" },
        { "a word", "partner show Brio", "partner.show", "{\"partner\":\"Brio\"}" },
        { "a word with a space", "partner show Brio_&_Co", "partner.show",
          "{\"partner\":\"Brio & Co\"}" },
        { "a verb that a type has of its own", "segment members s2", "segment.members",
          "{\"segment\":\"s2\"}" },
        { "its own before that of all", "segment list", "segment.list", "{}" },
        { "that of all beside it", "segment show s2", "record.show",
          "{\"record\":\"s2\",\"type\":\"segment\"}" },
        { "an alias", "status", "node.status", "{}" },
        { "an alias of the long form", "node status", "node.status", "{}" },
        { "a command of one word", "holders k4", "holders", "{\"record\":\"k4\"}" },
        { "words in their order", "explain Cedar k4 email", "explain",
          "{\"company\":\"Cedar\",\"field\":\"email\",\"record\":\"k4\"}" },
        { "an optional word left out", "explain Cedar k4", "explain",
          "{\"company\":\"Cedar\",\"record\":\"k4\"}" },
        { "a record type as noun", "contact add --givenName Ada --familyName=Lovelace",
          "record.add",
          "{\"fields\":{\"familyName\":\"Lovelace\",\"givenName\":\"Ada\"},\"type\":"
          "\"contact\"}" },
        { "a type of the company's own", "seminar list", "record.list",
          "{\"type\":\"seminar\"}" },
        { "the type as a word", "record list contact", "record.list",
          "{\"type\":\"contact\"}" },
        { "a field named like a global option", "contact set k4 --language de", "record.set",
          "{\"fields\":{\"language\":\"de\"},\"record\":\"k4\",\"type\":\"contact\"}" },
        { "a field named like a word of the command", "attendee add --record x --event k4",
          "record.add",
          "{\"fields\":{\"event\":\"k4\",\"record\":\"x\"},\"type\":\"attendee\"}" },
        { "an option where there are no fields", "attendee list --event k4", "record.list",
          "{\"event\":\"k4\",\"type\":\"attendee\"}" },
        { "an empty field", "contact set k4 --email=", "record.set",
          "{\"fields\":{\"email\":\"\"},\"record\":\"k4\",\"type\":\"contact\"}" },
        { "a value that looks like an option", "contact set k4 --note --json", "record.set",
          "{\"fields\":{\"note\":\"--json\"},\"record\":\"k4\",\"type\":\"contact\"}" },
        { "a value with an equals sign", "contact set k4 --note=a=b", "record.set",
          "{\"fields\":{\"note\":\"a=b\"},\"record\":\"k4\",\"type\":\"contact\"}" },
        { "a list of many words",
          "share k4 m3 --partner B --fields a,b --fields c --purpose p "
          "--until 2027-01-01",
          "share.create",
          "{\"fields\":[\"a\",\"b\",\"c\"],\"partner\":\"B\",\"purpose\":[\"p\"],\"records\":["
          "\"k4\","
          "\"m3\"],\"until\":\"2027-01-01\"}" },
        { "options before words", "share --partner B --until u --fields a --purpose p k4",
          "share.create",
          "{\"fields\":[\"a\"],\"partner\":\"B\",\"purpose\":[\"p\"],\"records\":[\"k4\"],"
          "\"until\":\"u\"}" },
        { "share with a verb", "share show p7", "share.show", "{\"share\":\"p7\"}" },
        { "lens", "lens k4 --partner B --fields a --purpose p --until u --depth 2",
          "share.lens",
          "{\"depth\":2,\"fields\":[\"a\"],\"partner\":\"B\",\"purpose\":[\"p\"],\"records\":["
          "\"k4\"],"
          "\"until\":\"u\"}" },
        { "a flag", "guest add k4 --all", "guest.add", "{\"all\":true,\"event\":\"k4\"}" },
        { "a list after a word", "guest add k4 m3 m5", "guest.add",
          "{\"contacts\":[\"m3\",\"m5\"],\"event\":\"k4\"}" },
        { "a file to import", "contact import people.csv --dry-run", "record.import",
          "{\"dry-run\":true,\"type\":\"contact\"}" },
        { "a word that looks like an option", "partner show -- --Brio", "partner.show",
          "{\"partner\":\"--Brio\"}" },
        { "global options anywhere", "--json partner --yes show --home /h Brio", "partner.show",
          "{\"partner\":\"Brio\"}" },
        { "init", "init --name Acme --country DE --listen 127.0.0.1:1", "init",
          "{\"country\":\"DE\",\"listen\":\"127.0.0.1:1\",\"name\":\"Acme\"}" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(line_free) struct line line = parse(rows[i].line);
        AUTO(xfree) char *args = json_dumps(line.command.args, JSON_COMPACT | JSON_SORT_KEYS);
        bool is_parsed = line.status == STATUS_OK && line.command.service != NULL;
        CHECK(t, rows[i].why,
              is_parsed && strcmp(line.command.service->name, rows[i].service) == 0);
        CHECK(t, rows[i].why, args != NULL && strcmp(args, rows[i].args) == 0);
    }
}

/* What a person reads: exactly one line, which ends in what to write. */
static void
test_wrong_lines(struct check *t)
{
    static const struct {
        const char *line, *says;
    } rows[] = {
        { "partner", "A verb is missing. Write one of: hansa partner "
                     "invite|accept|list|show|trust|confirm|waive|suspend|remove|add-light" },
        { "contact", "A verb is missing. Write one of: hansa contact "
                     "add|set|show|list|remove|import|export|erase|mentions" },
        { "segment lst",
          "\"segment\" has no verb \"lst\". Write one of: hansa segment "
          "add|set|show|remove|import|export|list|preview|members|include|exclude" },
        { "partner lst",
          "\"partner\" has no verb \"lst\". Write one of: hansa partner "
          "invite|accept|list|show|trust|confirm|waive|suspend|remove|add-light" },
        { "partnr invite", "There is no command \"partnr\". Did you mean: hansa partner" },
        { "zzzzzzzz", "There is no command \"zzzzzzzz\". See all: hansa help" },
        { "a.b c", "There is no command \"a.b\". See all: hansa help" },
        { "partner show", "partner is missing. Write: hansa partner show Brio" },
        { "partner show Brio Cedar",
          "\"Cedar\" is one word too many. Write: hansa partner show Brio" },
        { "partner show --partner Brio",
          "There is no option --partner here. Write: hansa partner show Brio" },
        { "partner trust Brio --word x",
          "There is no option --word here. Write: hansa partner trust Brio" },
        { "share k4",
          "--partner is missing. Write: hansa share create k4fzq2 --partner Brio --fields "
          "event.name,attendee.name --purpose event --until 2027-06-30" },
        { "offer decline p7", "--reason is missing. Write: hansa offer decline p7c2dd --reason "
                              "\"Not our market\"" },
        { "contact add", "fields is missing. Write: hansa contact add --name ..." },
        { "contact set --email a@b.c",
          "record is missing. Write: hansa contact set k4fzq2 --name ..." },
        { "contact set k4 --email", "--email needs a value. Write: --email ..." },
        { "contact set k4 --email a --email b",
          "--email is given twice. Write: hansa contact set k4fzq2 --name ..." },
        { "contact set k4 -e a",
          "There is no option -e here. Write: hansa contact set k4fzq2 --name ..." },
        { "job list --limit ten", "limit must be a whole number, such as 50." },
        { "job list --limit", "--limit needs a value. Write: --limit 50" },
        { "job list --limit 1 --limit 2", "limit is given twice. Write: hansa job list" },
        { "guest add k4 --all=yes", "--all takes no value. Write: --all" },
        { "--json=1 job list", "--json takes no value. Write: --json" },
        { "--limit 5 job list",
          "There is no option --limit here. Write the command first: hansa NOUN VERB --limit" },
        { "job list --home", "--home needs a value. Write: --home ~/acme" },
        { "partner accept", "invitation is missing. Write: hansa partner accept acme.invite" },
        { "partner accept /nowhere/acme.invite",
          "The file /nowhere/acme.invite cannot be read: No such file or directory." },
        { "contact import", "file is missing. Write: hansa contact import contacts.csv" },
        { "init", "--name is missing. Write: hansa init --name Acme --country DE --listen "
                  "127.0.0.1:7450" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(line_free) struct line line = parse(rows[i].line);
        const char *said =
            text_failure(LANGUAGE_EN, line.status, &line.cli.diag, line.cli.arena);
        CHECK(t, rows[i].line, line.status == STATUS_USAGE);
        if (!CHECK(t, rows[i].line, strcmp(said, rows[i].says) == 0))
            printf("        said: %s\n", said);
    }
}

static void
test_global_options(struct check *t)
{
    AUTO(line_free)
    struct line all = parse("job list --json --yes --home /tmp/x --language zh-Hant");
    CHECK(t, "JSON", all.cli.is_json);
    CHECK(t, "no questions", all.cli.is_yes);
    CHECK(t, "another home", strcmp(all.cli.home, "/tmp/x") == 0);
    CHECK(t, "another language", all.cli.language == LANGUAGE_ZH_HANT);

    AUTO(line_free) struct line help = parse("share create --help");
    CHECK(t, "help needs no arguments", help.status == STATUS_OK && help.cli.wants_help);
    AUTO(line_free) struct line noun = parse("partner -h");
    CHECK(t, "help of a noun is help", noun.status == STATUS_OK && noun.cli.wants_help);
    AUTO(line_free) struct line nothing = parse("");
    char *empty[3] = { (char[]){ "partner" }, (char[]){ "show" }, (char[]){ "" } };
    struct line unset = { 0 };
    cli_init(&unset.cli);
    CHECK(t, "an empty word is a missing one",
          command_parse(&unset.cli, 3, empty, &unset.command) == STATUS_USAGE);
    line_free(&unset);
    CHECK(t, "no words are no command",
          nothing.status == STATUS_OK && nothing.command.service == NULL);
    AUTO(line_free) struct line out = parse("partner invite --out a.invite");
    CHECK(t, "a file to write",
          out.command.out != NULL && strcmp(out.command.out, "a.invite") == 0);
    AUTO(line_free) struct line no_out = parse("partner list --out x");
    CHECK(t, "only where there is one", no_out.status == STATUS_USAGE);
}

static void
test_files_are_bounded(struct check *t)
{
    static const struct {
        const char *why;
        size_t len;
        char fill;
        enum status want;
    } rows[] = {
        { "a file below the limit", HTTP_FILE_MAX - 1, 'x', STATUS_OK },
        { "a file at the limit", HTTP_FILE_MAX, 'x', STATUS_OK },
        { "a file above the limit", HTTP_FILE_MAX + 1, 'x', STATUS_TOO_BIG },
        { "a file that is no text", 10, '\xff', STATUS_USAGE },
        { "a file with zero bytes", 10, '\0', STATUS_USAGE },
    };
    char path[] = "/tmp/hansa-cli-XXXXXX";
    AUTO(fd_close) int fd = mkstemp(path);
    AUTO(xfree) char *data = xcalloc(1, HTTP_FILE_MAX + 1);
    char *words[3] = { (char[]){ "partner" }, (char[]){ "accept" }, path };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct line line = { 0 };
        memset(data, rows[i].fill, rows[i].len);
        CHECK(t, "the file is made",
              pwrite(fd, data, rows[i].len, 0) == (ssize_t)rows[i].len &&
                  ftruncate(fd, (off_t)rows[i].len) == 0);
        cli_init(&line.cli);
        CHECK(t, rows[i].why,
              command_parse(&line.cli, 3, words, &line.command) == rows[i].want);
        CHECK(t, "its text is the argument",
              json_string_length(json_object_get(line.command.args, "invitation")) ==
                  (rows[i].want == STATUS_OK ? rows[i].len : 0));
        line_free(&line);
    }
    (void)unlink(path);
}

/* An example that the command itself refuses would teach nothing. */
static void
test_examples_are_right(struct check *t)
{
    const struct service *service;

    for (size_t i = 0; (service = words_service(i)) != NULL; i++) {
        struct cli cli;
        cli_init(&cli);
        const char *example = words_example(&cli, service, "contact");
        bool reads_file = false;
        for (size_t p = 0; p < SERVICE_PARAMS_MAX && service->params[p].name != NULL; p++)
            reads_file |= service->params[p].kind == PARAM_FILE &&
                          (service->params[p].flags & PARAM_REQUIRED) != 0;
        AUTO(line_free) struct line line = parse(strchr(example, ' ') + 1);
        if (!reads_file && strchr(example, '"') == NULL)
            CHECK(t, example, line.status == STATUS_OK && line.command.service == service);
        CHECK(t, "an example is one line", strchr(example, '\n') == NULL);
        cli_fini(&cli);
    }
}

static char *
completed(const char *text)
{
    struct cli cli;
    char *words[WORDS_MAX], *out = NULL;
    size_t len = 0;
    int count = 0;
    FILE *f = open_memstream(&out, &len);

    cli_init(&cli);
    char *rest = arena_text(cli.arena, bytes_text(text));
    for (char *word; count < WORDS_MAX && (word = strsep(&rest, " ")) != NULL;)
        words[count++] = word;
    complete_print(&cli, count, words, f);
    cli_fini(&cli);
    (void)fclose(f);
    return out;
}

static void
test_completion(struct check *t)
{
    static const struct {
        const char *why, *line, *want;
    } rows[] = {
        { "a noun", "par", "partner\n" },
        { "a type", "conta", "contact\n" },
        { "an alias", "len", "lens\n" },
        { "a built-in", "ini", "init\n" },
        { "verbs", "offer ", "list\nshow\naccept\ndecline\n" },
        { "a verb", "offer de", "decline\n" },
        { "verbs of a type", "contact s", "set\nshow\n" },
        { "with those of its own", "segment ",
          "add\nset\nshow\nremove\nimport\nexport\nlist\npreview\nmembers\ninclude\nexclude"
          "\n" },
        { "once, when it is a type and more", "segm", "segment\n" },
        { "options", "offer decline p7 --r", "--reason\n" },
        { "fields", "contact add --give", "--givenName\n" },
        { "options of an alias", "share --unt", "--until\n" },
        { "nothing for a name that only the node knows", "partner show ", "" },
        { "after a home", "--home /h --json offer de", "decline\n" },
        { "nothing for a home", "--home /", "" },
        { "nothing for nonsense", "zz yy -", "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(xfree) char *got = completed(rows[i].line);
        CHECK(t, rows[i].why, strcmp(got, rows[i].want) == 0);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "right lines", test_right_lines },
        { "wrong lines", test_wrong_lines },
        { "global options", test_global_options },
        { "files are bounded", test_files_are_bounded },
        { "examples are right", test_examples_are_right },
        { "completion", test_completion },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/render.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli/table.h"
#include "schema/base/cleanup.h"

enum { INDENT = 2, LABEL_MAX = 32, DEPTH_MAX = 6 };

/* Where something is printed: inside "fields" the members are a record's and have the schema's labels. */
struct view {
    struct cli *cli;
    const struct type *type; /* of the record around; NULL: none, or not of the common schema */
    bool in_fields;
    FILE *out;
};

bool
render_is_rich(FILE *out)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

    return isatty(fileno(out)) == 1 && term != NULL && strcmp(term, "dumb") != 0 &&
           (no_color == NULL || no_color[0] == '\0');
}

static size_t
terminal_width(FILE *out)
{
    struct winsize size = { 0 };

    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* ---- JSON ---- */

/* In UTF-8: U+007F..U+009F, U+200B..U+200F, U+2028..U+202E, U+2066..U+2069. */
static unsigned
moves_terminal(const char *text, size_t *len)
{
    const unsigned char *c = (const unsigned char *)text;
    unsigned code = 0;

    *len = 1;
    if (c[0] == 0x7f)
        return 0x7f;
    if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
        *len = 2;
        return c[1];
    }
    if (c[0] == 0xe2 && (c[1] == 0x80 || c[1] == 0x81)) {
        *len = 3;
        code = 0x2000u | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    }
    bool is_bad = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                  (code >= 0x2066 && code <= 0x2069);
    return is_bad ? code : 0;
}

void
render_json(struct cli *cli, const json_t *value, FILE *out)
{
    AUTO(xfree) char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    size_t len;

    (void)cli;
    for (const char *c = text; c != NULL && *c != '\0'; c += len) {
        unsigned code = moves_terminal(c, &len);
        if (code != 0)
            (void)fprintf(out, "\\u%04x", code);
        else
            (void)fwrite(c, 1, len, out);
    }
    (void)fputc('\n', out);
}

/* ---- values and labels ---- */

static const char *
label_of(struct view *view, const char *member)
{
    const char *key = arena_printf(view->cli->arena, "label.%s", member);
    const struct type_field *field =
        view->in_fields && view->type != NULL ? type_field_find_name(view->type, member) : NULL;

    if (field != NULL)
        return field->label[view->cli->language];
    const char *text = text_get(view->cli->language, key);
    return strcmp(text, key) != 0 ? text : cli_visible(view->cli, member);
}

/* Inside this member of this object. */
static struct view
view_into(const struct view *view, const json_t *object, const char *member)
{
    const char *type = json_string_value(json_object_get(object, "type"));
    struct view inner = *view;

    if (type != NULL)
        inner.type = dictionary_find_name(cli_dictionary(view->cli), type);
    inner.in_fields = strcmp(member, "fields") == 0;
    return inner;
}

/* "2027-06-30T18:30:00.000Z", as the API writes every moment, in the user's own time; NULL for other texts. */
static const char *
moment_text(const char *text, struct arena *arena)
{
    struct tm tm = { 0 };
    const char *rest = strlen(text) == 24 ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    char shown[64];

    if (rest == NULL || rest[0] != '.' || rest[4] != 'Z')
        return NULL;
    time_t at = timegm(&tm);
    if (localtime_r(&at, &tm) == NULL ||
        strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M %Z", &tm) == 0)
        return NULL;
    return arena_text(arena, bytes_text(shown));
}

/* States and the like are words of ours; people read them in their language. */
static const char *
word_text(struct view *view, const char *member, const char *text)
{
    static const char *const members[] = { "actions", "answer", "former",     "key",    "keys",
                                           "kind",    "link",   "quarantine", "reason", "role",
                                           "state",   "type",   "use" };

    for (size_t i = 0; i < COUNT_OF(members) && !view->in_fields; i++) {
        if (strcmp(members[i], member) != 0)
            continue;
        char *key = arena_printf(view->cli->arena, "word.%s", text);
        for (char *c = key; *c != '\0'; c++)
            *c = *c == ' ' ? '_' : *c;
        const char *word = text_get(view->cli->language, key);
        return word != key ? word : NULL;
    }
    return NULL;
}

/* A note of several lines, in a line. */
static const char *
in_one_line(struct view *view, const char *text)
{
    char *line = arena_text(view->cli->arena, bytes_text(text));

    for (char *c = line; *c != '\0'; c++)
        *c = *c == '\n' || *c == '\t' ? ' ' : *c;
    return line;
}

static const char *
string_text(struct view *view, const char *member, const char *text)
{
    const char *shown = moment_text(text, view->cli->arena);

    if (shown == NULL)
        shown = word_text(view, member, text);
    if (shown == NULL)
        shown = cli_visible(view->cli, in_one_line(view, text));
    return shown[0] != '\0' ? shown : "-";
}

static const char *value_text(struct view *view, const char *member, const json_t *value);

static const char *
list_text(struct view *view, const char *member, const json_t *list)
{
    AUTO(buffer_fini) struct buffer out = { 0 };

    for (size_t i = 0; i < json_array_size(list); i++) {
        buffer_put_text(&out, i > 0 ? ", " : "");
        buffer_put_text(&out, value_text(view, member, json_array_get(list, i)));
    }
    return out.len > 0 ? arena_text(view->cli->arena, buffer_bytes(&out)) : "-";
}

/* {"a": 1, "b": 2} in a cell: "a: 1, b: 2" with labels. */
static const char *
object_text(struct view *view, const json_t *object)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        buffer_put_text(&out, out.len > 0 ? ", " : "");
        buffer_put_text(&out, label_of(view, name));
        buffer_put_text(&out, ": ");
        buffer_put_text(&out, value_text(view, name, value));
    }
    return out.len > 0 ? arena_text(view->cli->arena, buffer_bytes(&out)) : "-";
}

/* In one line. */
static const char *
value_text(struct view *view, const char *member, const json_t *value)
{
    struct arena *arena = view->cli->arena;

    if (json_is_string(value))
        return string_text(view, member, json_string_value(value));
    if (json_is_integer(value))
        return arena_printf(arena, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return arena_printf(arena, "%g", json_real_value(value));
    if (json_is_boolean(value))
        return text_get(view->cli->language, json_is_true(value) ? "cli.yes" : "cli.no");
    if (json_is_array(value))
        return list_text(view, member, value);
    if (json_is_object(value))
        return object_text(view, value);
    return "-";
}

/* ---- tables ---- */

static void
print_table(struct view *view, const json_t *items, const char *const *columns, size_t count,
            size_t indent)
{
    struct arena *arena = view->cli->arena;
    struct table table = { .columns = count,
                           .rows = json_array_size(items) + 1,
                           .indent = indent };
    bool is_terminal = isatty(fileno(view->out)) == 1;

    table.cells = ARENA_ARRAY(arena, const char *, table.rows *table.columns);
    table.width = is_terminal ? terminal_width(view->out) : 0;
    table.is_bold = render_is_rich(view->out);
    for (size_t i = 0; i < count; i++)
        table.cells[i] = label_of(view, columns[i]);
    for (size_t i = 0; i < json_array_size(items); i++)
        for (size_t j = 0; j < count; j++)
            table.cells[(i + 1) * count + j] = value_text(
                view, columns[j], json_object_get(json_array_get(items, i), columns[j]));
    table_print(&table, arena, view->out);
}

/* Every member that any row has, in the order of first sight. */
static size_t
columns_of(const json_t *items, const char **out, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *name;
        json_t *value;
        json_object_foreach(json_array_get(items, i), name, value)
        {
            size_t j = 0;
            while (j < count && strcmp(out[j], name) != 0)
                j++;
            if (j == count && count < max)
                out[count++] = name;
        }
    }
    return count;
}

static bool
is_table(const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_object(json_array_get(value, i)))
            return false;
    return json_array_size(value) > 0;
}

/* No row has rows of its own. */
static bool
is_flat(const json_t *items)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const char *name;
        json_t *value;
        json_object_foreach(json_array_get(items, i), name, value)
        {
            if (json_is_object(value) || is_table(value))
                return false;
        }
    }
    return true;
}

/* ---- objects ---- */

static void print_object(struct view *view, json_t *object, size_t depth);

static bool
is_line(const json_t *value)
{
    return !json_is_object(value) && !is_table(value);
}

static size_t
label_column(struct view *view, json_t *object)
{
    size_t width = 0;
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        size_t label = table_width(label_of(view, name));
        if (is_line(value) && label > width)
            width = label;
    }
    return width < LABEL_MAX ? width : LABEL_MAX;
}

/* Sentences: one under the other. */
static bool
is_sentences(const char *name, const json_t *value)
{
    return strcmp(name, "warnings") == 0 && json_array_size(value) > 1;
}

static void
print_sentences(struct view *view, const char *name, const json_t *list, size_t indent)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i > 0)
            table_pad(0, indent, view->out);
        (void)fprintf(view->out, "%s\n", value_text(view, name, json_array_get(list, i)));
    }
}

static void
print_member(struct view *view, const char *name, const json_t *value, size_t indent,
             size_t column)
{
    const char *label = table_cut(label_of(view, name), LABEL_MAX, view->cli->arena);

    table_pad(0, indent, view->out);
    (void)fprintf(view->out, "%s:", label);
    table_pad(table_width(label), column + 1, view->out);
    if (is_sentences(name, value)) {
        print_sentences(view, name, value, indent + column + 2);
        return;
    }
    (void)fprintf(view->out, "%s\n", value_text(view, name, value));
}

/* Rows that would not stay readable as a table, one under the other. */
static void
print_blocks(struct view *view, const json_t *items, size_t depth)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        if (i > 0)
            (void)fputc('\n', view->out);
        print_object(view, json_array_get(items, i), depth);
    }
}

/* Lines first, then what has lines of its own under a heading. */
static void
print_object(struct view *view, json_t *object, size_t depth)
{
    size_t column = label_column(view, object);
    const char *columns[SERVICE_PARAMS_MAX * 2];
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        if (is_line(value) || depth >= DEPTH_MAX)
            print_member(view, name, value, depth * INDENT, column);
    }
    if (depth >= DEPTH_MAX)
        return;
    json_object_foreach(object, name, value)
    {
        if (is_line(value))
            continue;
        struct view inner = view_into(view, object, name);
        table_pad(0, depth * INDENT, view->out);
        (void)fprintf(view->out, "%s:\n", label_of(view, name));
        if (json_is_object(value))
            print_object(&inner, value, depth + 1);
        else if (is_flat(value))
            print_table(&inner, value, columns, columns_of(value, columns, COUNT_OF(columns)),
                        (depth + 1) * INDENT);
        else
            print_blocks(&inner, value, depth + 1);
    }
}

/* ---- replies ---- */

static void
print_list(struct view *view, const struct service *service, const json_t *reply)
{
    struct cli *cli = view->cli;
    const json_t *items = json_object_get(reply, "items");
    const char *columns[SERVICE_PARAMS_MAX], *next;
    char *rest = arena_text(cli->arena, bytes_text(service->columns));
    size_t count = 0;

    for (char *name; count < COUNT_OF(columns) && (name = strsep(&rest, " ")) != NULL;)
        columns[count++] = name;
    if (json_array_size(items) == 0)
        (void)fprintf(stderr, "%s\n", cli_text(cli, "cli.list.empty", NULL));
    else
        print_table(view, items, columns, count, 0);
    next = json_string_value(json_object_get(reply, "next"));
    if (next != NULL)
        (void)fprintf(stderr, "%s\n", cli_text(cli, "cli.list.more", next));
    if (json_is_true(json_object_get(reply, "cut")))
        (void)fprintf(stderr, "%s\n", cli_text(cli, "cli.list.cut", NULL));
}

/* To a file or a pipe as it is; to a terminal line by line, made safe. */
static void
print_text(struct cli *cli, const char *text, FILE *out)
{
    if (isatty(fileno(out)) != 1) {
        (void)fputs(text, out);
        return;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        (void)fprintf(out, "%s\n", text_visible(bytes_of(text, len), cli->arena));
        text += len + (text[len] == '\n');
    }
}

void
render_reply(struct cli *cli, const struct command *command, const json_t *reply, FILE *out)
{
    struct view view = { .cli = cli, .out = out };
    const char *text = json_string_value(json_object_get(reply, "text"));

    if (cli->is_json) {
        render_json(cli, reply, out);
        return;
    }
    if (command->type != NULL)
        view.type = dictionary_find_name(cli_dictionary(cli), command->type);
    if (command->service->shape == REPLY_LIST && json_object_get(reply, "items") != NULL)
        print_list(&view, command->service, reply);
    else if (command->service->shape == REPLY_FILE && text != NULL)
        print_text(cli, text, out);
    else
        print_object(&view, (json_t *)(uintptr_t)reply, 0);
}

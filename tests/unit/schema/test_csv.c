/* SPDX-License-Identifier: Apache-2.0
 *
 * Files as companies have them become rows of UTF-8 cells, however they come in, and broken ones
 * are refused with the line that is wrong.
 */
#include "tests/unit/schema/csv_rows.h"
#include "tests/check.h"

static const struct {
    const char *file;
    const char *charset;
    size_t bom;
    char delimiter;
    size_t rows, columns;
    const char *cell; /* row 1, column 0 */
    const char *last; /* last row, last column but one */
} files[] = {
    { "utf8.csv", "UTF-8", 0, ',', 6, 6, "王小明", "采购" },
    { "utf8-bom.csv", "UTF-8", 3, ';', 6, 6, "王小明", "采购" },
    { "utf16le.csv", "UTF-16LE", 2, '\t', 6, 6, "王小明", "采购" },
    { "utf16be.csv", "UTF-16BE", 2, ',', 6, 6, "王小明", "采购" },
    { "utf16le-without-mark.csv", "UTF-16LE", 0, '\t', 6, 6, "王小明", "采购" },
    { "utf16be-without-mark.csv", "UTF-16BE", 0, ';', 6, 6, "王小明", "采购" },
    { "gbk.csv", "GB18030", 0, ',', 6, 6, "王小明", "采购" },
    { "gb18030.csv", "GB18030", 0, ',', 6, 6, "𠮷小明", "采购" },
    { "windows1252.csv", "windows-1252", 0, ';', 4, 6, "Jürgen", "Weiß & Söhne" },
    { "bar.csv", "UTF-8", 0, '|', 3, 3, "A|B", "c@example.com" },
    { "mac.csv", "UTF-8", 0, ',', 3, 2, "Ada", "Bob" },
    { "google.csv", "UTF-8", 0, ',', 3, 36, "Ada", "" },
    { "salesforce.csv", "UTF-8", 0, ',', 2, 22, "0035g00000AAAAA", "2026-01-05T08:00:00.000Z" },
    { "outlook.csv", "windows-1252", 0, ',', 2, 27, "Ms.", "Normal" },
    { "chinese.csv", "GB18030", 0, ',', 3, 13, "1", "B" },
    { "own-mapping.csv", "UTF-8", 0, ';', 2, 5, "Jürgen Müller", "4711" },
};

static void
test_files_are_understood(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct csv_rows rows = { .arena = arena };
        struct bytes file = csv_rows_file(files[i].file, arena);
        struct csv_shape shape;
        struct diag diag = { 0 };
        if (!CHECK(t, files[i].file, csv_sniff(file, NULL, 0, &diag, &shape) == STATUS_OK))
            continue;
        CHECK(t, files[i].file, strcmp(shape.charset, files[i].charset) == 0);
        CHECK(t, files[i].file,
              shape.bom == files[i].bom && shape.delimiter == files[i].delimiter);
        CHECK(t, files[i].file,
              csv_rows_read(file, &shape, file.len, &diag, &rows) == STATUS_OK);
        CHECK(t, files[i].file, rows.count == files[i].rows);
        for (size_t k = 0; k < rows.count; k++)
            CHECK(t, files[i].file, rows.row[k].count == files[i].columns);
        CHECK(t, files[i].file, csv_rows_cell_is(&rows, 1, 0, files[i].cell));
        struct csv_rows skipped = { .arena = arena };
        struct bytes rest = bytes_of(file.data + shape.bom, file.len - shape.bom);
        CHECK(t, "a byte order mark may be skipped or not",
              csv_rows_read(rest, &shape, 5, &diag, &skipped) == STATUS_OK &&
                  bytes_is_equal(skipped.row[0].cells[0].text, rows.row[0].cells[0].text) &&
                  rows.row[0].cells[0].text.data[0] != 0xEF);
        CHECK(t, files[i].file,
              csv_rows_cell_is(&rows, rows.count - 1, files[i].columns - 2, files[i].last));
    }
}

static bool
is_same(const struct csv_rows *a, const struct csv_rows *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        same = a->row[i].line == b->row[i].line && a->row[i].count == b->row[i].count;
        for (size_t k = 0; same && k < a->row[i].count; k++)
            same = bytes_is_equal(a->row[i].cells[k].text, b->row[i].cells[k].text);
    }
    return same;
}

static void
test_pieces_do_not_matter(struct check *t)
{
    static const char *const names[] = { "utf8.csv",    "utf16le.csv", "utf16be.csv",
                                         "gb18030.csv", "quoted.csv",  "mac.csv",
                                         "bad-rows.csv" };
    static const size_t pieces[] = { 1, 2, 3, 7, 64 };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct csv_rows whole = { .arena = arena }, cut = { .arena = arena };
        struct bytes file = csv_rows_file(names[i], arena);
        struct csv_shape shape;
        CHECK(t, names[i], csv_sniff(file, NULL, 0, NULL, &shape) == STATUS_OK);
        CHECK(t, names[i], csv_rows_read(file, &shape, file.len, NULL, &whole) == STATUS_OK);
        for (size_t k = 0; k < COUNT_OF(pieces); k++) {
            CHECK(t, names[i], csv_rows_read(file, &shape, pieces[k], NULL, &cut) == STATUS_OK);
            CHECK(t, names[i], is_same(&whole, &cut));
        }
    }
}

static void
test_quotes_and_lines(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct csv_rows rows = { .arena = arena };
    struct bytes file = csv_rows_file("quoted.csv", arena);
    struct csv_shape shape = { "UTF-8", 0, ',' };

    CHECK(t, "the file is read",
          csv_rows_read(file, &shape, file.len, NULL, &rows) == STATUS_OK);
    CHECK(t, "empty rows are not reported", rows.count == 4);
    CHECK(t, "a comma in quotes is text", csv_rows_cell_is(&rows, 1, 0, "Lovelace, Ada"));
    CHECK(t, "line ends in quotes are text",
          csv_rows_cell_is(&rows, 1, 2, "first line\r\nsecond line\r\n\r\nfourth line"));
    CHECK(t, "two quotes are one", csv_rows_cell_is(&rows, 2, 0, "Bob \"The Builder\""));
    CHECK(t, "rows know their lines",
          rows.row[0].line == 1 && rows.row[1].line == 2 && rows.row[2].line == 8);
    CHECK(t, "also after an empty row", rows.row[3].line == 10);
    CHECK(t, "what a cut file ends with is kept", csv_rows_cell_is(&rows, 3, 2, "cut"));
}

static void
test_rows_of_other_width_are_reported(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct csv_rows rows = { .arena = arena };
    struct bytes file = csv_rows_file("bad-rows.csv", arena);
    struct csv_shape shape = { "UTF-8", 0, ',' };

    CHECK(t, "the file is read",
          csv_rows_read(file, &shape, file.len, NULL, &rows) == STATUS_OK);
    CHECK(t, "a short row", rows.row[2].count == 3 && rows.row[2].line == 3);
    CHECK(t, "a long row", rows.row[3].count == 5 && rows.row[3].line == 4);
    CHECK(t, "a row of commas is none", rows.count == 7 && rows.row[6].line == 8);
}

/* clang-format off */
static const struct {
    const char *why;
    const char *head;
    size_t len;
    const char *charset; /* found; NULL: refused */
    char delimiter;
} heads[] = {
#define RAW(text) text, sizeof(text) - 1
    { "nothing at all", RAW(""), "UTF-8", ',' },
    { "one column", RAW("email\na@example.com\n"), "UTF-8", ',' },
    { "a decimal comma does not hide the semicolon", RAW("name;price\nA;1,5\nB;2,5\n"), "UTF-8", ';' },
    { "a comma in every address neither", RAW("name;address;x\nA;\"S 1, B\";1\nB;\"S 2, B\";1\n"), "UTF-8", ';' },
    { "delimiters in quotes do not count", RAW("\"a,b,c\";\"d\"\n\"e,f,g\";\"h\"\n"), "UTF-8", ';' },
    { "a header alone", RAW("a\tb\tc"), "UTF-8", '\t' },
    { "German letters one by one", RAW("Stra\xDF" "e;M\xFCller;\xC4rger\n"), "windows-1252", ';' },
    { "French at the end of the file", RAW("nom;caf\xE9"), "windows-1252", ';' },
    { "two Chinese words", RAW("\xD0\xD5\xC3\xFB,\xCA\xD6\xBB\xFA\n"), "GB18030", ',' },
    { "a mark of GB18030", RAW("\x84\x31\x95\x33" "a,b"), "GB18030", ',' },
    { "a picture", RAW("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0"), NULL, 0 },
    { "zero bytes everywhere", RAW("\0\0\0\0\0\0"), NULL, 0 },
#undef RAW
};
/* clang-format on */

static void
test_sniffing(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        struct csv_shape shape;
        struct diag diag = { 0 };
        enum status status =
            csv_sniff(bytes_of(heads[i].head, heads[i].len), NULL, 0, &diag, &shape);
        if (heads[i].charset == NULL)
            CHECK(t, heads[i].why,
                  status == STATUS_USAGE && strcmp(diag.key, "csv.binary") == 0);
        else
            CHECK(t, heads[i].why,
                  status == STATUS_OK && strcmp(shape.charset, heads[i].charset) == 0 &&
                      shape.delimiter == heads[i].delimiter);
    }
}

static void
test_the_user_knows_better(struct check *t)
{
    struct csv_shape shape;
    struct diag diag = { 0 };
    struct bytes big5 = bytes_text("\xA6\xDB,\xA4\xE2\n"), plain = bytes_text("a,b\n");

    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct csv_rows rows = { .arena = arena };
    CHECK(t, "a character set that is never guessed",
          csv_sniff(big5, "BIG5", 0, &diag, &shape) == STATUS_OK &&
              csv_rows_read(big5, &shape, 1, &diag, &rows) == STATUS_OK &&
              csv_rows_cell_is(&rows, 0, 0, "自") && csv_rows_cell_is(&rows, 0, 1, "手"));
    CHECK(t, "a delimiter",
          csv_sniff(plain, NULL, 'b', &diag, &shape) == STATUS_OK && shape.delimiter == 'b');
    CHECK(t, "a mark is skipped when the set is named",
          csv_sniff(bytes_text("\xEF\xBB\xBFx"), "utf8", 0, &diag, &shape) == STATUS_OK &&
              shape.bom == 3);
    CHECK(t, "UTF-16 takes its order from the mark",
          csv_sniff(bytes_of("\xFE\xFF\0a", 4), "utf-16", 0, &diag, &shape) == STATUS_OK &&
              strcmp(shape.charset, "UTF-16BE") == 0 && shape.bom == 2);
    CHECK(t, "a character set that is none",
          csv_sniff(plain, "klingon", 0, &diag, &shape) == STATUS_USAGE &&
              strcmp(diag.key, "csv.charset") == 0);
    CHECK(t, "a quotation mark is no delimiter",
          csv_sniff(plain, NULL, '"', &diag, &shape) == STATUS_USAGE &&
              strcmp(diag.key, "csv.delimiter") == 0);
}

static void
test_wrong_bytes_are_named_by_line(struct check *t)
{
    static const struct {
        const char *why, *charset, *text, *line;
    } rows[] = {
        { "broken UTF-8", "UTF-8", "a,b\nc,d\ne,\xFFg\n", "3" },
        { "after a line feed in quotes", "UTF-8", "a,\"b\nc\"\nd,\xC0\x80\n", "3" },
        { "half a character at the end", "UTF-8", "a,b\nc,\xE7\x8E", "2" },
        { "half a Chinese character", "GB18030", "a,b\nc,\xD0", "2" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct csv_rows got = { .arena = arena };
        struct csv_shape shape = { .delimiter = ',' };
        struct diag diag = { 0 };
        (void)snprintf(shape.charset, sizeof(shape.charset), "%s", rows[i].charset);
        for (size_t piece = 1; piece < 40; piece += 13) {
            enum status status =
                csv_rows_read(bytes_text(rows[i].text), &shape, piece, &diag, &got);
            CHECK(t, rows[i].why,
                  status == STATUS_MALFORMED && strcmp(diag.key, "csv.bytes") == 0);
            CHECK(t, rows[i].why, strcmp(diag.args[0], rows[i].line) == 0);
        }
    }
}

/* A row of `len` bytes: one cell, or a cell in quotes that begins with a line feed. */
static enum status
row_of(size_t len, bool quoted)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(xfree) uint8_t *text = xcalloc(len + 2, 1);
    struct csv_rows rows = { .arena = arena };
    struct csv_shape shape = { "UTF-8", 0, ',' };

    memset(text, 'x', len);
    if (quoted) {
        text[0] = text[len - 1] = '"';
        text[1] = '\n';
    }
    memcpy(text + len, "\r\n", 2);
    return csv_rows_read(bytes_of(text, len + 2), &shape, 64 * KIB, NULL, &rows);
}

static enum status
row_of_columns(size_t columns)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(xfree) uint8_t *text = xcalloc(columns + 1, 1);
    struct csv_rows rows = { .arena = arena };
    struct csv_shape shape = { "UTF-8", 0, ',' };

    memset(text, ',', columns);
    text[0] = 'x';
    text[columns] = '\n'; /* x,,,: as many cells as characters */
    return csv_rows_read(bytes_of(text, columns + 1), &shape, 64 * KIB, NULL, &rows);
}

static void
test_limits(struct check *t)
{
    for (int quoted = 0; quoted < 2; quoted++) {
        CHECK(t, "a row one byte below", row_of(CSV_LINE_MAX - 1, quoted) == STATUS_OK);
        CHECK(t, "a row at the limit", row_of(CSV_LINE_MAX, quoted) == STATUS_OK);
        CHECK(t, "a row one byte over", row_of(CSV_LINE_MAX + 1, quoted) == STATUS_TOO_BIG);
    }
    CHECK(t, "a column fewer", row_of_columns(CSV_COLUMNS_MAX - 1) == STATUS_OK);
    CHECK(t, "as many columns as there may be", row_of_columns(CSV_COLUMNS_MAX) == STATUS_OK);
    CHECK(t, "a column more", row_of_columns(CSV_COLUMNS_MAX + 1) == STATUS_TOO_BIG);
}

static bool
stop_at_second(void *self, size_t line, const struct csv_cell *cells, size_t count)
{
    (void)line;
    (void)cells;
    (void)count;
    return ++*(int *)self < 2;
}

static void
test_stopping(struct check *t)
{
    struct csv_shape shape = { "UTF-8", 0, ',' };
    AUTO(csv_close) struct csv *csv = NULL;
    int seen = 0;

    CHECK(t, "opened", csv_open(&shape, stop_at_second, &seen, &csv) == STATUS_OK);
    CHECK(t, "stopped", csv_feed(csv, bytes_text("a\nb\nc\nd\n"), NULL) == STATUS_STOPPED);
    CHECK(t, "no row after that", seen == 2);
    CHECK(t, "and it stays so",
          csv_feed(csv, bytes_text("e\n"), NULL) == STATUS_STOPPED &&
              csv_finish(csv, NULL) == STATUS_STOPPED && seen == 2);
}

static void
test_output_comes_back(struct check *t)
{
    static const struct {
        const char *text, *written;
    } rows[] = {
        { "plain", "plain" },
        { "", "" },
        { "a,b", "\"a,b\"" },
        { "say \"hi\"", "\"say \"\"hi\"\"\"" },
        { "two\nlines", "\"two\nlines\"" },
        { " blank", "\" blank\"" },
        { "=1+1", "'=1+1" },
        { "+49 30 1234567", "'+49 30 1234567" },
        { "-5", "'-5" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\tx", "\"'\tx\"" },
        { "\rx", "\"'\rx\"" },
        { "＝1", "'＝1" },
        { "－1", "'－1" },
        { "'=1", "''=1" },
        { "'quoted'", "'quoted'" },
        { "O'Brien", "O'Brien" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(buffer_fini) struct buffer out = { 0 };
        struct csv_rows got = { .arena = arena };
        struct csv_shape shape = { "UTF-8", 0, ',' };
        csv_put_cell(&out, bytes_text(rows[i].text), true);
        CHECK(t, rows[i].text, bytes_is_equal(buffer_bytes(&out), bytes_text(rows[i].written)));
        csv_put_cell(&out, bytes_text("end"), false);
        buffer_put_text(&out, "\r\n");
        CHECK(t, rows[i].text,
              csv_rows_read(buffer_bytes(&out), &shape, 5, NULL, &got) == STATUS_OK &&
                  got.count == 1 && got.row[0].count == 2);
        CHECK(t, rows[i].text,
              bytes_is_equal(csv_unguard(got.row[0].cells[0].text), bytes_text(rows[i].text)));
    }
}

/* Does a spreadsheet take the cell for a formula? Without its quotes, as a spreadsheet reads it. */
static bool
is_formula(struct bytes cell)
{
    static const char *const starts[] = {
        "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"
    };

    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (cell.len >= strlen(starts[i]) &&
            memcmp(cell.data, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void
test_any_output_comes_back(struct check *t)
{
    static const char *const pieces[] = { "=", "+",  "-", "@",  "\t", "\r",        "＝",
                                          "'", "\"", ",", ";",  "|",  "\n",        "\r\n",
                                          " ", "a",  "1", "李", "é",  "hansa.own", "\"\"" };
    enum { ROUNDS = 3000, CELLS = 3, MOST = 12 };
    uint64_t state = t->seed;
    size_t lost = 0, formulas = 0;

    for (int round = 0; round < ROUNDS; round++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        AUTO(buffer_fini) struct buffer out = { 0 };
        struct csv_rows got = { .arena = arena };
        struct csv_shape shape = { "UTF-8", 0, ',' };
        const char *cells[CELLS];
        for (size_t c = 0; c < CELLS; c++) {
            cells[c] = c == 0 ? "x" : ""; /* a row that is wholly empty is none */
            for (uint64_t n = check_random(&state) % MOST; n > 0; n--)
                cells[c] = arena_printf(arena, "%s%s", cells[c],
                                        pieces[check_random(&state) % COUNT_OF(pieces)]);
            csv_put_cell(&out, bytes_text(cells[c]), c == 0);
        }
        buffer_put_text(&out, "\r\n");
        if (csv_rows_read(buffer_bytes(&out), &shape, 7, NULL, &got) != STATUS_OK ||
            got.count != 1 || got.row[0].count != CELLS) {
            lost++;
            continue;
        }
        for (size_t c = 0; c < CELLS; c++) {
            struct bytes cell = got.row[0].cells[c].text;
            lost += !bytes_is_equal(csv_unguard(cell), bytes_text(cells[c]));
            formulas += is_formula(cell);
        }
    }
    CHECK(t, "any text comes back", lost == 0);
    CHECK(t, "and none is a formula on the way", formulas == 0);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "files are understood", test_files_are_understood },
        { "pieces do not matter", test_pieces_do_not_matter },
        { "quotes and lines", test_quotes_and_lines },
        { "rows of other width are reported", test_rows_of_other_width_are_reported },
        { "sniffing", test_sniffing },
        { "the user knows better", test_the_user_knows_better },
        { "wrong bytes are named by line", test_wrong_bytes_are_named_by_line },
        { "limits", test_limits },
        { "stopping", test_stopping },
        { "output comes back", test_output_comes_back },
        { "any output comes back", test_any_output_comes_back },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

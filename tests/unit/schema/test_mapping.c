/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns of other systems find their fields, what nobody knows becomes the company's own, and a
 * mapping file that is wrong is refused with the reason.
 */
#include <stdlib.h>

#include "schema/mapping.h"
#include "tests/check.h"
#include "tests/unit/schema/csv_rows.h"

struct loaded {
    struct arena *arena;
    struct dictionary *dictionary;
    struct csv_rows rows;
    struct mapping *mapping;
    struct diag diag;
};

static void
unload(struct loaded *l)
{
    dictionary_free(&l->dictionary);
    arena_free(&l->arena);
}

static enum status
map_header(struct loaded *l, const char *type, const char *preset, struct bytes file)
{
    struct mapping_request request = {
        .type = dictionary_find_name(l->dictionary, type),
        .header = l->rows.row[0].cells,
        .count = l->rows.row[0].count,
        .preset = preset,
        .file = file,
    };
    return mapping_make(&request, l->arena, &l->diag, &l->mapping);
}

static enum status
load(struct loaded *l, struct bytes csv)
{
    struct csv_shape shape;

    l->arena = arena_new(0);
    l->rows.arena = l->arena;
    TRY(dictionary_new((struct bytes){ 0 }, NULL, NULL, &l->dictionary));
    TRY(csv_sniff(csv, NULL, 0, NULL, &shape));
    return csv_rows_read(csv, &shape, csv.len, NULL, &l->rows);
}

static enum status
load_file(struct loaded *l, const char *name)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);

    return load(l, csv_rows_file(name, arena));
}

/* "email", "address.3", "+lifecycleStage" for an own field, "-" for dropped. */
static const char *
where(const struct loaded *l, const char *header)
{
    for (size_t i = 0; i < l->mapping->count; i++) {
        const struct mapped_column *c = &l->mapping->columns[i];
        if (strcmp(c->header, header) != 0)
            continue;
        if (c->use == COLUMN_DROP)
            return "-";
        if (c->use == COLUMN_OWN)
            return arena_printf(l->arena, "+%s", c->own_name);
        return c->part == 0 ? c->field->name
                            : arena_printf(l->arena, "%s.%u", c->field->name, c->part);
    }
    return "no such column";
}

static const char *
value_of(const struct loaded *l, size_t row, const char *field)
{
    size_t count = 0;
    const struct mapped_value *values = mapping_row(l->mapping, l->rows.row[row].cells,
                                                    l->rows.row[row].count, l->arena, &count);

    for (size_t i = 0; i < count; i++) {
        const char *name = values[i].field != NULL ? values[i].field->name : values[i].own_name;
        if (strcmp(name, field) == 0)
            return arena_text(l->arena, values[i].text);
    }
    return "";
}

/* clang-format off */
static const struct {
    const char *file, *preset, *header, *goes_to;
} columns[] = {
    { "google.csv", "google", "First Name", "givenName" },
    { "google.csv", "google", "Organization Name", "organization" },
    { "google.csv", "google", "Organization Title", "jobTitle" },
    { "google.csv", "google", "E-mail 1 - Value", "email" },
    { "google.csv", "google", "E-mail 2 - Value", "otherEmail" },
    { "google.csv", "google", "Phone 1 - Value", "telephone" },
    { "google.csv", "google", "Address 1 - City", "address.4" },
    { "google.csv", "google", "E-mail 1 - Label", "-" },
    { "google.csv", "google", "Nickname", "+nickname" },
    { "google-old.csv", "google", "Name", "name" },
    { "google-old.csv", "google", "Organization 1 - Title", "jobTitle" },
    { "hubspot.csv", "hubspot", "Email", "email" },
    { "hubspot.csv", "hubspot", "Phone Number", "telephone" },
    { "hubspot.csv", "hubspot", "Company Name", "organization" },
    { "hubspot.csv", "hubspot", "Country/Region", "address.7" },
    { "hubspot.csv", "hubspot", "Lifecycle Stage", "+lifecycleStage" },
    { "hubspot.csv", "hubspot", "Record ID", "+recordID" },
    { "salesforce.csv", "salesforce", "LastName", "familyName" },
    { "salesforce.csv", "salesforce", "MailingStreet", "address.3" },
    { "salesforce.csv", "salesforce", "Title", "jobTitle" },
    { "salesforce.csv", "salesforce", "AccountId", "+accountId" },
    { "salesforce.csv", "salesforce", "SystemModstamp", "-" },
    { "outlook.csv", "outlook", "Title", "honorificPrefix" },
    { "outlook.csv", "outlook", "Job Title", "jobTitle" },
    { "outlook.csv", "outlook", "Business Phone", "telephone" },
    { "outlook.csv", "outlook", "Mobile Phone", "mobile" },
    { "outlook.csv", "outlook", "E-mail Address", "email" },
    { "outlook.csv", "outlook", "E-mail Type", "-" },
    { "chinese.csv", "chinese", "姓名", "name" },
    { "chinese.csv", "chinese", "手机号码", "mobile" },
    { "chinese.csv", "chinese", "电子邮箱", "email" },
    { "chinese.csv", "chinese", "公司名称", "organization" },
    { "chinese.csv", "chinese", "职务", "jobTitle" },
    { "chinese.csv", "chinese", "城市", "address.4" },
    { "chinese.csv", "chinese", "客户等级", "+客户等级" },
    { "chinese.csv", "chinese", "序号", "-" },
    { "gbk.csv", "chinese", "手机", "mobile" },
    { "chinese-traditional.csv", "chinese-traditional", "行動電話", "mobile" },
    { "bad-rows.csv", "generic", "Phone", "telephone" },
    { "windows1252.csv", "generic", "E-Mail", "email" },
    { "windows1252.csv", "generic", "Vorname", "+vorname" },
};

static const struct {
    const char *file;
    size_t row;
    const char *field, *text;
} values[] = {
    { "google.csv", 1, "address", ";;12 St James's Square;London;;SW1Y 4JH;GB" },
    { "google.csv", 1, "name", "Ada Lovelace" },
    { "google.csv", 2, "address", "" },
    { "hubspot.csv", 1, "recordID", "101" },
    { "salesforce.csv", 1, "name", "Marie Curie" },
    { "salesforce.csv", 1, "address", ";;1 rue d'Ulm, Bât. 2;Paris;;75005;France" },
    { "outlook.csv", 1, "birthday", "" },
    { "chinese.csv", 1, "name", "王小明" },
    { "chinese.csv", 1, "note", "" },
    { "chinese.csv", 2, "email", "" },
    { "chinese.csv", 2, "note", "老客户" },
};
/* clang-format on */

static void
test_presets_know_their_columns(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        AUTO(unload) struct loaded l = { 0 };
        enum status status = load_file(&l, columns[i].file);
        if (status == STATUS_OK)
            status = map_header(&l, "contact", NULL, (struct bytes){ 0 });
        if (!CHECK(t, columns[i].file, status == STATUS_OK))
            continue;
        CHECK(t, columns[i].file, strcmp(l.mapping->preset, columns[i].preset) == 0);
        CHECK(t, columns[i].header,
              strcmp(where(&l, columns[i].header), columns[i].goes_to) == 0);
    }
}

static void
test_rows_become_values(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        AUTO(unload) struct loaded l = { 0 };
        enum status status = load_file(&l, values[i].file);
        if (status == STATUS_OK)
            status = map_header(&l, "contact", NULL, (struct bytes){ 0 });
        CHECK(t, values[i].file,
              status == STATUS_OK &&
                  strcmp(value_of(&l, values[i].row, values[i].field), values[i].text) == 0);
    }
}

/* Every value of every sample file is taken by its field. */
static void
test_sample_values_are_valid(struct check *t)
{
    static const char *const names[] = { "google.csv",
                                         "google-old.csv",
                                         "hubspot.csv",
                                         "salesforce.csv",
                                         "outlook.csv",
                                         "chinese.csv",
                                         "chinese-traditional.csv",
                                         "utf8.csv" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(unload) struct loaded l = { 0 };
        CHECK(t, names[i],
              load_file(&l, names[i]) == STATUS_OK &&
                  map_header(&l, "contact", NULL, (struct bytes){ 0 }) == STATUS_OK);
        for (size_t row = 1; row < l.rows.count; row++) {
            size_t count = 0;
            const struct mapped_value *v = mapping_row(l.mapping, l.rows.row[row].cells,
                                                       l.rows.row[row].count, l.arena, &count);
            for (size_t k = 0; k < count; k++) {
                struct bytes out;
                CHECK(t, names[i],
                      v[k].field == NULL ||
                          value_parse(v[k].field, v[k].text, l.mapping->region, NULL, l.arena,
                                      NULL, &out) == STATUS_OK);
            }
        }
    }
}

static void
test_own_file(struct check *t)
{
    AUTO(unload) struct loaded l = { 0 };

    CHECK(t, "the file is read", load_file(&l, "own-mapping.csv") == STATUS_OK);
    struct bytes file = csv_rows_file("own-mapping.json", l.arena);
    CHECK(t, "the mapping is taken", map_header(&l, "contact", NULL, file) == STATUS_OK);
    CHECK(t, "named columns go where they say",
          strcmp(where(&l, "Kunde"), "name") == 0 &&
              strcmp(where(&l, "Tel."), "telephone") == 0);
    CHECK(t, "null drops a column", strcmp(where(&l, "Geheim"), "-") == 0);
    CHECK(t, "the rest is the company's own",
          strcmp(where(&l, "Interne Nummer"), "+interneNummer") == 0);
    CHECK(t, "the key is marked",
          l.mapping->columns[3].is_key && !l.mapping->columns[0].is_key);
    CHECK(t, "the region is kept", strcmp(l.mapping->region, "DE") == 0);
    CHECK(t, "a dropped column has no value", strcmp(value_of(&l, 1, "geheim"), "") == 0);
}

/* clang-format off */
static const struct {
    const char *why, *header, *type, *preset, *file, *key; /* key NULL: taken */
    const char *column, *goes_to;
} cases_of_headers[] = {
    { "a label in Chinese", "姓名,部门", "contact", 0, "", 0, "部门", "department" },
    { "a label in any case", "NAME,JOB TITLE", "contact", 0, "", 0, "JOB TITLE", "jobTitle" },
    { "a name with spaces", "name,Family  Name", "contact", 0, "", 0, "Family Name", "familyName" },
    { "a header in two lines", "name,\"Job\nTitle\"", "contact", 0, "", 0, "Job Title", "jobTitle" },
    { "a word that another type means otherwise", "Title,Capacity", "event", 0, "", 0, "Title", "name" },
    { "an id field is never guessed", "name,Account", "contact", "hubspot", "", 0, "Account", "+account2" },
    { "the second of two alike is the company's own", "name,E-mail,E-Mail", "contact", 0, "", 0, "E-Mail", "+eMail2" },
    { "twice the same own name", "name,Shoe size,shoe-size", "contact", 0, "", 0, "shoe-size", "+shoeSize2" },
    { "capitals", "name,CRM ID", "contact", 0, "", 0, "CRM ID", "+crmID" },
    { "a digit in front", "name,2nd visit", "contact", 0, "", 0, "2nd visit", "+f2ndVisit" },
    { "no letters at all", "name,???", "contact", 0, "", 0, "???", "+column" },
    { "no header", "name,", "contact", 0, "", 0, "", "-" },
    { "a formula", "name,'=1+1", "contact", 0, "", 0, "=1+1", "+f11" },
    { "a preset by name", "姓名,Company", "contact", "chinese", "", 0, "姓名", "name" },
    { "the file wins over the preset", "Email,Lifecycle Stage", "contact", 0,
      "{\"columns\":{\"Email\":\"otherEmail\"}}", 0, "Email", "otherEmail" },
    { "and over a guess that comes first", "email,Mail 2", "contact", 0,
      "{\"columns\":{\"Mail 2\":\"email\"}}", 0, "email", "+email2" },
    { "a part of an address", "name,Ort", "contact", 0,
      "{\"columns\":{\"Ort\":\"address.locality\"}}", 0, "Ort", "address.4" },
    { "an unknown preset", "name", "contact", "sap", "", "mapping.preset", 0, 0 },
    { "a file that is no JSON", "name", "contact", 0, "{", "mapping.json", 0, 0 },
    { "a file that is a list", "name", "contact", 0, "[]", "mapping.json", 0, 0 },
    { "a misspelt member", "name", "contact", 0, "{\"colums\":{}}", "mapping.member", 0, 0 },
    { "columns that are a list", "name", "contact", 0, "{\"columns\":[]}", "mapping.member", 0, 0 },
    { "a key that is a text", "name", "contact", 0, "{\"key\":\"id\"}", "mapping.member", 0, 0 },
    { "a key that is a number", "name", "contact", 0, "{\"key\":[1]}", "mapping.member", 0, 0 },
    { "a mapping for another type", "name", "contact", 0, "{\"type\":\"lead\"}", "mapping.type", 0, 0 },
    { "a field that the type has not", "name,x", "contact", 0, "{\"columns\":{\"x\":\"capacity\"}}", "mapping.field", 0, 0 },
    { "a part that no address has", "name,x", "contact", 0, "{\"columns\":{\"x\":\"address.planet\"}}", "mapping.field", 0, 0 },
    { "a part of what is no address", "name,x", "contact", 0, "{\"columns\":{\"x\":\"email.street\"}}", "mapping.field", 0, 0 },
    { "a column sent to a number", "name,x", "contact", 0, "{\"columns\":{\"x\":1}}", "mapping.field", 0, 0 },
    { "two columns for one field", "a,b", "contact", 0, "{\"columns\":{\"a\":\"email\",\"b\":\"email\"}}", "mapping.twice", 0, 0 },
    { "an address and a part of it", "a,b", "contact", 0,
      "{\"columns\":{\"a\":\"address\",\"b\":\"address.street\"}}", "mapping.twice", 0, 0 },
    { "a file without a header", "Ada,ada@example.com", "contact", 0, "", "mapping.nothing", 0, 0 },
};
/* clang-format on */

static void
test_headers(struct check *t)
{
    for (size_t i = 0; i < COUNT_OF(cases_of_headers); i++) {
        AUTO(unload) struct loaded l = { 0 };
        enum status status = load(&l, bytes_text(cases_of_headers[i].header));
        if (status == STATUS_OK)
            status = map_header(&l, cases_of_headers[i].type, cases_of_headers[i].preset,
                                bytes_text(cases_of_headers[i].file));
        if (cases_of_headers[i].key != NULL)
            CHECK(t, cases_of_headers[i].why,
                  status == STATUS_USAGE && l.mapping == NULL &&
                      strcmp(l.diag.key, cases_of_headers[i].key) == 0);
        else if (CHECK(t, cases_of_headers[i].why, status == STATUS_OK))
            CHECK(t, cases_of_headers[i].why,
                  strcmp(where(&l, cases_of_headers[i].column), cases_of_headers[i].goes_to) ==
                      0);
    }
}

static void
test_names_are_made(struct check *t)
{
    static const struct {
        const char *why, *csv, *name;
    } rows[] = {
        { "given and family name", "givenName,familyName\nAda,Lovelace", "Ada Lovelace" },
        { "Chinese names begin with the family", "givenName,familyName\n小明,王", "王小明" },
        { "one of them", "givenName,familyName\nAda,", "Ada" },
        { "a name of its own stays", "name,givenName\nDr. Ada,Ada", "Dr. Ada" },
        { "nothing makes nothing", "givenName,email\n,ada@example.com", "" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(unload) struct loaded l = { 0 };
        CHECK(t, rows[i].why,
              load(&l, bytes_text(rows[i].csv)) == STATUS_OK &&
                  map_header(&l, "contact", NULL, (struct bytes){ 0 }) == STATUS_OK);
        CHECK(t, rows[i].why, strcmp(value_of(&l, 1, "name"), rows[i].name) == 0);
    }
}

/* An own field that is there already is found again, so that a re-import adds none. */
static void
test_second_import_finds_own_fields(struct check *t)
{
    static const char own[] = "{\"name\":\"contact\",\"fields\":[{\"name\":\"lifecycleStage\","
                              "\"number\":1,\"label\":\"Lifecycle Stage\"}]}";
    AUTO(unload) struct loaded l = { 0 };

    CHECK(t, "the file is read", load_file(&l, "hubspot.csv") == STATUS_OK);
    dictionary_free(&l.dictionary);
    CHECK(t, "the field is there",
          dictionary_new(bytes_text(own), "own", NULL, &l.dictionary) == STATUS_OK);
    CHECK(t, "the column goes to it",
          map_header(&l, "contact", NULL, (struct bytes){ 0 }) == STATUS_OK &&
              strcmp(where(&l, "Lifecycle Stage"), "lifecycleStage") == 0);
}

static enum status
with_file_of(size_t len)
{
    AUTO(unload) struct loaded l = { 0 };
    AUTO(xfree) char *file = xcalloc(len + 1, 1);

    TRY(load(&l, bytes_text("name,email\n")));
    memset(file, ' ', len);
    memcpy(file, "{}", 2);
    return map_header(&l, "contact", NULL, bytes_text(file));
}

static enum status
with_columns(size_t count)
{
    AUTO(unload) struct loaded l = { 0 };
    AUTO(buffer_fini) struct buffer csv = { 0 };

    buffer_put_text(&csv, "name");
    for (size_t i = 1; i < count; i++)
        buffer_put_text(&csv, ",x");
    TRY(load(&l, buffer_bytes(&csv)));
    return map_header(&l, "contact", NULL, (struct bytes){ 0 });
}

static void
test_limits(struct check *t)
{
    CHECK(t, "a file one byte below", with_file_of(64 * KIB - 1) == STATUS_OK);
    CHECK(t, "a file at the limit", with_file_of(64 * KIB) == STATUS_OK);
    CHECK(t, "a file one byte over", with_file_of(64 * KIB + 1) == STATUS_USAGE);
    CHECK(t, "as many columns as a file may have", with_columns(CSV_COLUMNS_MAX) == STATUS_OK);
}

/* What our own export adds is known, and nothing of it becomes a field. */
static void
test_own_export(struct check *t)
{
    static const struct {
        const char *header, *goes_to;
    } rows[] = {
        { "name", "name" },
        { "region", "region" },
        { "hansa.account", "-" },
        { "hansa.owner", "-" },
        { "Hansa.Own", "-" },
        { "hansa.until", "-" },
        { "consentBasis", "consentBasis" },
    };
    struct loaded l = { 0 };
    const char *owner;

    CHECK(t, "is read",
          load(&l, bytes_text("name,region,hansa.account,consentBasis,Hansa.Own,hansa.owner,"
                              "hansa.until\r\nn/a,Bayern,m3x7aa,consent,yes,Acme,\r\n"
                              "Li,,,, NO ,Brio,2027\r\n")) == STATUS_OK &&
              map_header(&l, "contact", NULL, (struct bytes){ 0 }) == STATUS_OK);
    CHECK(t, "by no preset", strcmp(l.mapping->preset, "") == 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(t, rows[i].header, strcmp(where(&l, rows[i].header), rows[i].goes_to) == 0);
    CHECK(t, "a row that is our own",
          !mapping_row_owner(l.mapping, l.rows.row[1].cells, l.rows.row[1].count, l.arena,
                             &owner));
    CHECK(t, "and one of another company",
          mapping_row_owner(l.mapping, l.rows.row[2].cells, l.rows.row[2].count, l.arena,
                            &owner) &&
              strcmp(owner, "Brio") == 0);
    CHECK(t, "and every cell is what it says", strcmp(value_of(&l, 1, "name"), "n/a") == 0);
    unload(&l);
    l = (struct loaded){ 0 };
    CHECK(t, "without the column that says whose rows they are",
          load(&l, bytes_text("name,hansa.owner\r\nLi,Brio\r\n")) == STATUS_OK);
    CHECK(t, "it is refused",
          map_header(&l, "contact", NULL, (struct bytes){ 0 }) == STATUS_USAGE &&
              strcmp(l.diag.key, "mapping.no_own") == 0);
    unload(&l);
}

static void
test_presets_are_listed(struct check *t)
{
    static const char *const names[] = { "google",  "hubspot", "salesforce",         "outlook",
                                         "chinese", "generic", "chinese-traditional" };

    CHECK(t, "no more and no fewer", mapping_preset_count() == COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool found = false;
        for (size_t k = 0; k < mapping_preset_count(); k++)
            found = found || strcmp(mapping_preset_name(k), names[i]) == 0;
        CHECK(t, names[i], found);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "presets know their columns", test_presets_know_their_columns },
        { "rows become values", test_rows_become_values },
        { "sample values are valid", test_sample_values_are_valid },
        { "own file", test_own_file },
        { "headers", test_headers },
        { "names are made", test_names_are_made },
        { "second import finds own fields", test_second_import_finds_own_fields },
        { "limits", test_limits },
        { "our own export", test_own_export },
        { "presets are listed", test_presets_are_listed },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

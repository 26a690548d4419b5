/* SPDX-License-Identifier: Apache-2.0
 *
 * node/light_page.c - the texts that a company without a node gets (contract: node/light.h): a page in plain words, the
 * reply sheet, and the signed offer for programs.
 *
 * All of it is made of the granted fields and of the grant alone. The page says what holds and what nobody can enforce.
 */
#include <string.h>

#include "node/light.h"
#include "schema/base/cleanup.h"
#include "schema/csv.h"
#include "schema/sheet.h"

struct writing {
    const struct light_files *f;
    struct buffer text;
};

static void
writing_fini(struct writing *p)
{
    buffer_fini(&p->text);
}

static void
put(struct writing *p, const char *key, const char *a, const char *b)
{
    const char *args[] = { a != NULL ? a : "", b != NULL ? b : "" };

    buffer_put_text(&p->text,
                    text_format(p->f->language, key, args, COUNT_OF(args), p->f->call->arena));
    buffer_put_text(&p->text, "\r\n");
}

static void
put_head(struct writing *p, const char *key)
{
    buffer_put_text(&p->text, "\r\n== ");
    buffer_put_text(&p->text, text_get(p->f->language, key));
    buffer_put_text(&p->text, " ==\r\n\r\n");
}

static const char *
day_of(struct call *call, struct wall_ms at)
{
    json_t *time = json_time(at);
    const char *text = json_is_string(time) ? json_string_value(time) : "";
    const char *day = arena_printf(call->arena, "%.10s", text);

    json_decref(time);
    return day;
}

static const char *
list_of(struct call *call, const char *const *texts, size_t count)
{
    const char *all = "";

    for (size_t i = 0; i < count; i++)
        all = arena_printf(call->arena, "%s%s%s", all, i > 0 ? ", " : "", texts[i]);
    return all;
}

/* An option by its label, anything else as it is always shown. */
static const char *
value_of(const struct light_files *f, const struct type_field *field, struct bytes value)
{
    const char *text = value_format(field, value, f->call->arena);

    for (size_t i = 0; field->options != NULL && field->options[i] != NULL; i++)
        if (strcmp(field->options[i], text) == 0)
            return field->option_label[f->language][i];
    return text;
}

/* "Label: value", further lines of the value below, set in. */
static void
put_lines(struct writing *p, const char *label, const char *value)
{
    buffer_put_text(&p->text, label);
    buffer_put_text(&p->text, ":");
    while (*value != '\0') {
        size_t len = strcspn(value, "\n");
        buffer_put_text(&p->text, " ");
        buffer_put_text(&p->text, text_visible(bytes_of(value, len), p->f->call->arena));
        value += len + (value[len] == '\n');
        if (*value != '\0')
            buffer_put_text(&p->text, "\r\n   ");
    }
    buffer_put_text(&p->text, "\r\n");
}

static void
put_event(struct writing *p)
{
    const struct light_files *f = p->f;

    put_head(p, "light.page.event");
    for (size_t i = 0; i < f->event->field_count; i++) {
        const struct type_field *field =
            type_field_find(f->event_type, f->event->fields[i].key);
        if (field != NULL && field->kind != KIND_REFERENCE)
            put_lines(p, field->label[f->language],
                      value_of(f, field, f->event->fields[i].value));
    }
}

static void
put_rights(struct writing *p)
{
    const struct grant *g = p->f->share->grant;
    struct call *call = p->f->call;

    put_head(p, "light.page.rights");
    if (g->purpose_count > 0)
        put(p, "light.page.purpose", list_of(call, g->purposes, g->purpose_count), NULL);
    else
        put(p, "light.page.no_purpose", NULL, NULL);
    put(p, "light.page.no_pass_on", p->f->us, NULL);
    if (g->country_count > 0)
        put(p, "light.page.countries", list_of(call, g->countries, g->country_count), NULL);
    if (g->delete_days > 0)
        put(p, "light.page.until", day_of(call, g->not_after),
            arena_printf(call->arena, "%u", g->delete_days));
    else
        put(p, "light.page.until_then", day_of(call, g->not_after), NULL);
    put(p, "light.page.trust", NULL, NULL);
}

/* Labels of an enum's options, or how a value of the kind is written. */
static const char *
hint_of(const struct light_files *f, const struct type_field *field)
{
    static const char *const examples[KIND_COUNT_] = {
        [KIND_DATE] = "2027-05-20",      [KIND_DATETIME] = "2027-05-20 18:00",
        [KIND_PHONE] = "+49 40 1234567", [KIND_EMAIL] = "ada@example.com",
        [KIND_COUNTRY] = "DE",
    };
    const char *all = "";

    if (field->required)
        return text_get(f->language, "light.page.required");
    if (examples[field->kind] != NULL)
        return examples[field->kind];
    for (size_t i = 0; field->options != NULL && field->options[i] != NULL; i++)
        all = arena_printf(f->call->arena, "%s%s%s", all, i > 0 ? " / " : "",
                           field->option_label[f->language][i]);
    return *all != '\0' ? all : text_get(f->language, "light.page.free");
}

static void
put_sheet_help(struct writing *p)
{
    const struct light_files *f = p->f;
    const struct terms *terms = &f->share->grant->terms;
    struct call *call = f->call;

    put_head(p, "light.page.sheet");
    put(p, "light.page.fill", NULL, NULL);
    for (size_t i = 0; i < f->share->offer->column_count; i++) {
        const struct type_field *field =
            type_field_find(f->guest_type, f->share->offer->columns[i].field);
        if (field != NULL)
            put(p, "light.page.column", field->label[f->language], hint_of(f, field));
    }
    if (terms->quota > 0)
        put(p, "light.page.quota", arena_printf(call->arena, "%u", terms->quota), NULL);
    if (terms->closes.ms > 0)
        put(p, "light.page.closes", day_of(call, terms->closes), NULL);
    put(p, "light.page.keep", NULL, NULL);
    put_head(p, "light.page.consent");
    put(p, "light.page.ground", f->guest_type->consent[CONSENT_BASIS]->label[f->language],
        f->us);
    put(p, "light.page.name_us", f->guest_type->consent[CONSENT_RECIPIENTS]->label[f->language],
        f->us);
    put_head(p, "light.page.guests");
    put(p, "light.page.held", f->us, day_of(call, f->share->grant->not_after));
}

const char *
light_page(const struct light_files *f)
{
    AUTO(writing_fini) struct writing p = { .f = f };
    char number[64];

    base32_format(bytes_of(f->share->oid.b, ID_SIZE), number);
    put(&p, "light.page.title", f->us, f->share->company->name);
    put(&p, f->share->offer->column_count > 0 ? "light.page.invites" : "light.page.informs",
        f->us, f->share->company->name);
    put_event(&p);
    put_rights(&p);
    if (f->share->offer->column_count > 0)
        put_sheet_help(&p);
    put_head(&p, "light.page.questions");
    put(&p, "light.page.ask", f->us, f->ask);
    put(&p, "light.page.number", number, NULL);
    return arena_text(f->call->arena, buffer_bytes(&p.text));
}

/* ---- the sheet ---------------------------------------------------------------------------- */

const char *
light_sheet(const struct light_files *f)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    struct arena *arena = f->call->arena;

    buffer_put_text(
        &out, "\xef\xbb\xbf"); /* without it spreadsheets take it for their own character set */
    csv_put_cell(&out,
                 bytes_text(sheet_offer_column(text_get(f->language, "light.sheet.offer"),
                                               &f->share->oid, arena)),
                 true);
    for (size_t i = 0; i < f->share->offer->column_count; i++) {
        const struct type_field *field =
            type_field_find(f->guest_type, f->share->offer->columns[i].field);
        if (field == NULL)
            continue;
        csv_put_cell_after(
            &out, f->delimiter,
            bytes_text(sheet_column(field->label[f->language], field->name, arena)));
    }
    buffer_put_text(&out, "\r\n");
    return arena_text(arena, buffer_bytes(&out));
}

/* ---- for programs ------------------------------------------------------------------------- */

static const char *
signed_text(const struct light_files *f, struct bytes raw)
{
    char *text = arena_alloc(f->call->arena, (raw.len * 8 + 4) / 5 + 1);

    base32_format(raw, text);
    return text;
}

enum status
light_offer_text(const struct light_files *f, const char **out)
{
    struct call *call = f->call;
    const struct live *live = f->share->live;
    struct bundle bundle = { .object = f->share->object };
    struct signed_object descriptor;
    char number[64];

    *out = NULL;
    TRY(grant_links(call->store, live->leaf, call->arena, &bundle.links, &bundle.link_count));
    TRY(company_descriptor(call->core, &call->core->me, call->arena, &descriptor));
    bundle.descriptors = &descriptor;
    bundle.descriptor_count = 1;
    base32_format(bytes_of(f->share->oid.b, ID_SIZE), number);
    AUTO(json_decrefp) json_t *o = json_object();
    reply_set(o, "format", json_string("hansa/1/light-offer"));
    reply_set(o, "offer", json_string(number));
    reply_set(o, "from", json_words(f->us));
    reply_set(o, "to", json_words(f->share->company->name));
    reply_set(o, "event",
              record_fields_json(call, f->event_type, f->event->fields, f->event->field_count));
    TRY(share_terms(call, live->leaf, o));
    reply_set(o, "until", json_time(f->share->grant->not_after));
    reply_set(o, "signed",
              json_string(signed_text(f, wire_bundle_format(&bundle, call->arena))));
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_SORT_KEYS);
    *out = arena_printf(call->arena, "%s\n", text);
    xfree(&text);
    return STATUS_OK;
}

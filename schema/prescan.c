/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/prescan.c - the walk. It knows nothing of our messages: schema/prescan_tables.c does.
 */
#include "schema/prescan.h"

#include "schema/base/cleanup.h"
#include "schema/base/ids.h"
#include "schema/base/limits.h"
#include "schema/prescan_priv.h"

/* One walk over a message and everything inside. */
struct walk {
    uint32_t fields_left;
    unsigned depth;
};

static enum status scan_message(struct walk *walk, const struct prescan_message *message,
                                struct bytes raw);

/* The protocol's text: UTF-8 without control characters other than tab and line feed. */
static bool
is_text(struct bytes raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.data[i];
        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
            return false;
    }
    return utf8_is_valid(raw);
}

static bool
is_length_delimited(enum prescan_kind kind)
{
    return kind >= PRESCAN_BYTES;
}

static enum status
scan_value(struct walk *walk, const struct prescan_field *field, struct reader *r)
{
    uint64_t number = prescan_varint(r); /* the value, or the length of what follows */

    if (r->failed || number < field->min || number > field->max)
        return STATUS_MALFORMED;
    if (!is_length_delimited(field->kind))
        return STATUS_OK;
    struct bytes raw = reader_bytes(r, (size_t)number);
    if (r->failed)
        return STATUS_MALFORMED;
    if (field->kind == PRESCAN_HASHES && raw.len % ID_SIZE != 0)
        return STATUS_MALFORMED;
    if (field->kind == PRESCAN_TEXT && !is_text(raw))
        return STATUS_MALFORMED;
    if (field->kind == PRESCAN_MESSAGE)
        return scan_message(walk, field->message, raw);
    return STATUS_OK;
}

/* May a field be followed by a field with a higher number, after `seen` of it? */
static bool
is_complete(const struct prescan_field *field, uint32_t seen)
{
    switch (field->label) {
    case PRESCAN_REQUIRED:
        return seen == 1;
    case PRESCAN_REPEATED:
        return seen >= field->count_min;
    case PRESCAN_OPTIONAL:
        break;
    }
    return true;
}

static bool
is_full(const struct prescan_field *field, uint32_t seen)
{
    return seen == (field->label == PRESCAN_REPEATED ? field->count_max : 1);
}

static enum status
scan_message(struct walk *walk, const struct prescan_message *message, struct bytes raw)
{
    struct reader r = reader_of(raw);
    size_t at = 0; /* index of the field that stands next or again */
    uint32_t seen = 0;

    walk->depth++;
    assert(walk->depth <= PRESCAN_DEPTH_MAX); /* our tables nest no deeper */
    if (raw.len > message->size_max)
        return STATUS_TOO_BIG;
    while (r.left > 0) {
        uint64_t tag = prescan_varint(&r);
        if (r.failed || tag >> 3 == 0 || tag >> 3 > message->count || walk->fields_left == 0)
            return STATUS_MALFORMED;
        for (; at < (tag >> 3) - 1; at++, seen = 0)
            if (!is_complete(&message->fields[at], seen))
                return STATUS_MALFORMED;
        const struct prescan_field *field = &message->fields[at];
        uint64_t wire = is_length_delimited(field->kind) ? WIRE_LENGTH : WIRE_VARINT;
        if ((tag >> 3) - 1 != at || (tag & 7) != wire || is_full(field, seen))
            return STATUS_MALFORMED;
        walk->fields_left--;
        TRY(scan_value(walk, field, &r));
        seen++;
    }
    for (; at < message->count; at++, seen = 0)
        if (!is_complete(&message->fields[at], seen))
            return STATUS_MALFORMED;
    walk->depth--;
    return STATUS_OK;
}

enum status
prescan_check(const struct prescan_message *message, struct bytes raw)
{
    struct walk walk = { .fields_left = PRESCAN_FIELDS_MAX };

    return scan_message(&walk, message, raw);
}

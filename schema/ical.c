/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/ical.c - reading answers (contract: schema/ical.h). With schema/ical_write.c the only file that knows libical.
 *
 * 1. libical never sees a file of others. Its parser nests as deep as the text says, grows with every line, and knows
 *    recurrence rules, zones and attachments that no answer needs; a reply can come from anybody. So the walk here cuts
 *    a file into lines, bounds lines, nesting and components, and gives libical the few short lines that are wanted, one
 *    at a time, without a line end in them.
 */
#include "schema/ical.h"

#include <libical/ical.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/ical_priv.h"

static void
property_free(icalproperty **property)
{
    if (*property != NULL)
        icalproperty_free(*property);
    *property = NULL;
}

enum part { PART_OTHER, PART_CALENDAR, PART_EVENT };

struct walk {
    struct arena *arena;
    struct diag *diag;
    struct ical_replies *out;
    struct bytes rest;
    enum part stack[ICAL_DEPTH_MAX];
    size_t depth;
    size_t components;
    size_t first; /* of the calendar being read, in out->items */
    bool is_reply;
    struct ical_reply *event; /* being read */
    unsigned seen;            /* bits of enum wanted */
};

/* One line of a file: up to the next CR LF, LF or CR. */
static struct bytes
take_physical(struct bytes *rest)
{
    size_t len = 0, skip;

    while (len < rest->len && rest->data[len] != '\r' && rest->data[len] != '\n')
        len++;
    struct bytes line = bytes_of(rest->data, len);
    skip = len < rest->len;
    if (len + 1 < rest->len && rest->data[len] == '\r' && rest->data[len + 1] == '\n')
        skip = 2;
    *rest = bytes_of(rest->data + len + skip, rest->len - len - skip);
    return line;
}

/* With what is folded under it, NUL-terminated; "" for a line of more than ICAL_LINE_MAX: nothing that we want is
 * that long, and descriptions may be. */
static const char *
take_line(struct walk *w, char out[static ICAL_LINE_MAX + 1])
{
    struct bytes piece = take_physical(&w->rest);
    size_t len = 0;
    bool is_long = false;

    for (;;) {
        is_long = is_long || piece.len > ICAL_LINE_MAX - len;
        if (!is_long && piece.len > 0) {
            memcpy(out + len, piece.data, piece.len);
            len += piece.len;
        }
        if (w->rest.len == 0 || (w->rest.data[0] != ' ' && w->rest.data[0] != '\t'))
            break;
        piece = take_physical(&w->rest);
        piece = bytes_of(piece.data + 1, piece.len - 1);
    }
    out[is_long ? 0 : len] = '\0';
    return out;
}

/* Is this the property of that name, with or without parameters? */
static bool
is_property(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncasecmp(line, name, len) == 0 && (line[len] == ':' || line[len] == ';');
}

/* What stands after the colon, without blanks around, in a property whose parameters mean nothing to us. */
static const char *
bare_value(const char *line, struct arena *arena)
{
    const char *colon = strchr(line, ':');

    if (colon == NULL)
        return "";
    colon += 1 + strspn(colon + 1, " \t");
    size_t len = strlen(colon);
    while (len > 0 && (colon[len - 1] == ' ' || colon[len - 1] == '\t'))
        len--;
    return arena_text(arena, bytes_of(colon, len));
}

static bool
number_of(const char *text, int64_t max, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    *out = 0;
    if (digits == 0 || digits > 10 || text[digits] != '\0')
        return false;
    *out = strtoll(text, NULL, 10);
    return *out <= max;
}

static void
fault(struct walk *w, const char *key)
{
    if (w->event->fault == NULL)
        w->event->fault = key;
}

/* Each takes one line of the event. */
static void
read_uid(struct walk *w, const char *line)
{
    const char *uid = bare_value(line, w->arena);

    if (uid[0] == '\0' || strlen(uid) > TEXT_SHORT_MAX)
        fault(w, "ical.uid");
    else
        w->event->uid = uid;
}

static void
read_sequence(struct walk *w, const char *line)
{
    int64_t number;

    if (!number_of(bare_value(line, w->arena), INT32_MAX, &number))
        fault(w, "ical.sequence");
    w->event->sequence = (uint32_t)number;
}

/* In UTC, as the standard wants it; a time without Z is taken as such. */
static void
read_stamp(struct walk *w, const char *line)
{
    const char *text = bare_value(line, w->arena);
    size_t len = strlen(text);
    icaltimetype t = icaltime_null_time();

    if (len == 15 || (len == 16 && (text[15] == 'Z' || text[15] == 'z')))
        t = icaltime_from_string(arena_text(w->arena, bytes_of(text, 15)));
    if (icaltime_is_null_time(t) || !icaltime_is_valid_time(t) || t.is_date || t.year < 1970 ||
        t.month < 1 || t.month > 12)
        fault(w, "ical.stamp");
    else
        w->event->stamp.ms = (int64_t)icaltime_as_timet(t) * 1000;
}

static void
read_partstat(struct walk *w, icalproperty *property)
{
    icalparameter *parameter =
        icalproperty_get_first_parameter(property, ICAL_PARTSTAT_PARAMETER);

    switch ((int)(parameter != NULL ? icalparameter_get_partstat(parameter) : 0)) {
    case ICAL_PARTSTAT_ACCEPTED:
        w->event->answer = ICAL_ACCEPTED;
        break;
    case ICAL_PARTSTAT_DECLINED:
        w->event->answer = ICAL_DECLINED;
        break;
    case ICAL_PARTSTAT_TENTATIVE:
        w->event->answer = ICAL_TENTATIVE;
        break;
    case ICAL_PARTSTAT_DELEGATED:
        w->event->answer = ICAL_DELEGATED;
        break;
    default:
        fault(w, "ical.no_answer");
    }
}

static void
read_companions(struct walk *w, const char *text)
{
    int64_t number;

    if (text != NULL && number_of(text, ICAL_COMPANIONS_MAX, &number))
        w->event->companions = number;
}

static void
read_attendee(struct walk *w, const char *line)
{
    AUTO(property_free) icalproperty *property = icalproperty_new_from_string(line);
    const char *value = property != NULL ? icalproperty_get_attendee(property) : NULL;

    if (value == NULL || strncasecmp(value, "mailto:", 7) != 0 ||
        !ical_is_plain_address(value + 7)) {
        fault(w, "ical.attendee");
        return;
    }
    w->event->email = arena_text(w->arena, bytes_text(value + 7));
    read_partstat(w, property);
    for (icalparameter *p = icalproperty_get_first_parameter(property, ICAL_X_PARAMETER);
         p != NULL; p = icalproperty_get_next_parameter(property, ICAL_X_PARAMETER)) {
        const char *name = icalparameter_get_xname(p);
        if (name != NULL && strcasecmp(name, "X-NUM-GUESTS") == 0)
            read_companions(w, icalparameter_get_xvalue(p));
    }
}

static void
read_comment(struct walk *w, const char *line)
{
    AUTO(property_free) icalproperty *property = icalproperty_new_from_string(line);
    const char *value = property != NULL ? icalproperty_get_comment(property) : NULL;

    if (value != NULL)
        w->event->comment = ical_plain_text(value, TEXT_LONG_MAX, false, w->arena);
}

static void
read_guests(struct walk *w, const char *line)
{
    read_companions(w, bare_value(line, w->arena));
}

/* The lines that an answer is made of; one that may stand once is refused a second time. */
enum wanted {
    WANTED_UID,
    WANTED_SEQUENCE,
    WANTED_STAMP,
    WANTED_ATTENDEE,
    WANTED_COMMENT,
    WANTED_GUESTS,
    WANTED_COUNT_
};

static const struct {
    const char *name;
    void (*read)(struct walk *w, const char *line);
    const char *twice;   /* NULL: the last one counts */
    const char *missing; /* NULL: may be */
} wanted[WANTED_COUNT_] = {
    [WANTED_UID] = { "UID", read_uid, "ical.uid", "ical.uid" },
    [WANTED_SEQUENCE] = { "SEQUENCE", read_sequence, "ical.sequence", NULL },
    [WANTED_STAMP] = { "DTSTAMP", read_stamp, "ical.stamp", "ical.stamp" },
    [WANTED_ATTENDEE] = { "ATTENDEE", read_attendee, "ical.attendees", "ical.attendee" },
    [WANTED_COMMENT] = { "COMMENT", read_comment, NULL, NULL },
    [WANTED_GUESTS] = { "X-NUM-GUESTS", read_guests, NULL, NULL },
};

static void
read_event_line(struct walk *w, const char *line)
{
    for (unsigned i = 0; i < WANTED_COUNT_; i++) {
        if (!is_property(line, wanted[i].name))
            continue;
        bool is_second = (w->seen & 1u << i) != 0 && wanted[i].twice != NULL;
        w->seen |= 1u << i;
        if (is_second)
            fault(w, wanted[i].twice);
        else
            wanted[i].read(w, line);
    }
}

static void
begin_event(struct walk *w)
{
    w->event = &w->out->items[w->out->count++];
    *w->event = (struct ical_reply){ .uid = "", .email = "", .comment = "", .companions = -1 };
    w->seen = 0;
}

static void
end_event(struct walk *w)
{
    for (unsigned i = 0; i < WANTED_COUNT_; i++)
        if ((w->seen & 1u << i) == 0 && wanted[i].missing != NULL)
            fault(w, wanted[i].missing);
    w->event = NULL;
}

static enum status
begin(struct walk *w, const char *name)
{
    bool is_in_calendar = w->depth == 1 && w->stack[0] == PART_CALENDAR;
    enum part part = PART_OTHER;

    if (w->depth == ICAL_DEPTH_MAX)
        return diag_say(w->diag, STATUS_TOO_BIG, "ical.deep", NULL);
    if (w->components++ == ICAL_COMPONENTS_MAX)
        return diag_say(w->diag, STATUS_TOO_BIG, "ical.many", NULL);
    if (w->depth == 0 && strcasecmp(name, "VCALENDAR") == 0) {
        part = PART_CALENDAR;
        w->first = w->out->count;
        w->is_reply = false;
    } else if (is_in_calendar && strcasecmp(name, "VEVENT") == 0) {
        part = PART_EVENT;
        begin_event(w);
    }
    w->stack[w->depth++] = part;
    return STATUS_OK;
}

/* The method may stand after the events. */
static void
end_calendar(struct walk *w)
{
    for (size_t i = w->first; i < w->out->count && !w->is_reply; i++)
        w->out->items[i].fault = "ical.method";
}

static enum status
end(struct walk *w)
{
    if (w->depth == 0)
        return diag_say(w->diag, STATUS_USAGE, "ical.broken", NULL);
    enum part part = w->stack[--w->depth];
    if (part == PART_EVENT)
        end_event(w);
    if (part == PART_CALENDAR)
        end_calendar(w);
    return STATUS_OK;
}

static enum status
read_line(struct walk *w, const char *line)
{
    if (is_property(line, "BEGIN"))
        return begin(w, bare_value(line, w->arena));
    if (is_property(line, "END"))
        return end(w);
    if (w->depth == 1 && is_property(line, "METHOD"))
        w->is_reply = strcasecmp(bare_value(line, w->arena), "REPLY") == 0;
    if (w->depth == 2 && w->event != NULL)
        read_event_line(w, line);
    return STATUS_OK;
}

enum status
ical_reply_parse(struct bytes file, struct arena *arena, struct diag *diag,
                 struct ical_replies *out)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct ical_replies replies = { 0 };
    struct walk w = { .arena = arena, .diag = diag, .out = &replies, .rest = file };
    char *line = arena_alloc(arena, ICAL_LINE_MAX + 1);

    *out = replies;
    icalerror_set_errors_are_fatal(0);
    if (file.len > ICAL_FILE_MAX)
        return diag_say(diag, STATUS_TOO_BIG, "ical.big", NULL);
    if (!utf8_is_valid(file) || (file.len > 0 && memchr(file.data, 0, file.len) != NULL))
        return diag_say(diag, STATUS_USAGE, "ical.charset", NULL);
    if (file.len >= 3 && memcmp(file.data, mark, 3) == 0)
        w.rest = bytes_of(file.data + 3, file.len - 3);
    replies.items = ARENA_ARRAY(arena, struct ical_reply, ICAL_COMPONENTS_MAX);
    while (w.rest.len > 0)
        TRY(read_line(&w, take_line(&w, line)));
    if (w.depth != 0 || w.components == 0)
        return diag_say(diag, STATUS_USAGE, "ical.broken", NULL);
    *out = replies;
    return STATUS_OK;
}

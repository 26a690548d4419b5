/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/ical_write.c - writing invitations and events (contract: schema/ical.h).
 *
 * libical escapes text values and parameters, but writes addresses and URLs as they are: those are checked here.
 */
#include "schema/ical.h"

#include <libical/ical.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/ical_priv.h"

enum { OFFSET_YEARS_MAX = 2035, TEXT_CUT = 4000, NAME_CUT = 200 };

static void
component_free(icalcomponent **component)
{
    if (*component != NULL)
        icalcomponent_free(*component);
    *component = NULL;
}

const char *
ical_plain_text(const char *text, size_t max, bool is_name, struct arena *arena)
{
    char *out = arena_text(arena, bytes_text(text != NULL ? text : ""));
    size_t len = 0;

    for (const char *c = out; *c != '\0'; c++) {
        bool is_control = (unsigned char)*c < 0x20 || *c == 0x7f;
        if (*c == '\r')
            continue;
        char kept = is_control && (is_name || *c != '\n') ? ' ' : *c;
        /* In a name RFC 6868 would write ^', which most programs show as it is. */
        out[len++] = is_name && kept == '"' ? '\'' : kept;
    }
    if (len > max)
        for (len = max; len > 0 && ((unsigned char)out[len] & 0xc0) == 0x80;)
            len--;
    out[len] = '\0';
    return out;
}

bool
ical_is_plain_address(const char *text)
{
    const char *at = text != NULL ? strchr(text, '@') : NULL;

    if (at == NULL || at == text || at[1] == '\0' || strlen(text) > TEXT_SHORT_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"<>,;:\\", *c) != NULL)
            return false;
    return true;
}

static bool
is_plain_url(const char *text)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > TEXT_LONG_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    return strchr(text, ':') != NULL;
}

static icaltimetype
utc_time(struct wall_ms at)
{
    return icaltime_from_timet_with_zone((time_t)(at.ms / 1000), 0,
                                         icaltimezone_get_utc_timezone());
}

static bool
is_time(struct wall_ms at)
{
    icaltimetype t = utc_time(at);

    return at.ms >= 0 && icaltime_is_valid_time(t) && t.year >= 1970 && t.year <= 9999;
}

/* The zone, when one distance from UTC holds for the whole event. */
static icaltimezone *
zone_of(const struct ical_invitation *in, int *offset, int *is_daylight)
{
    icaltimezone *zone = in->zone != NULL && in->zone[0] != '\0' && strcmp(in->zone, "UTC") != 0
                             ? icaltimezone_get_builtin_timezone(in->zone)
                             : NULL;
    icaltimetype start = utc_time(in->start), end = utc_time(in->has_end ? in->end : in->start);

    if (zone == NULL || end.year > OFFSET_YEARS_MAX)
        return NULL;
    *offset = icaltimezone_get_utc_offset_of_utc_time(zone, &start, is_daylight);
    return icaltimezone_get_utc_offset_of_utc_time(zone, &end, NULL) == *offset ? zone : NULL;
}

/* The zone under its own name, with the one offset that the event needs: libical's own text of a zone is its history
 * since 1893 under a name that other programs do not know. */
static icalcomponent *
zone_component(const char *name, int offset, int is_daylight)
{
    icalcomponent *rule =
        is_daylight != 0 ? icalcomponent_new_xdaylight() : icalcomponent_new_xstandard();
    icalcomponent *zone = icalcomponent_new_vtimezone();

    icalcomponent_add_property(
        rule, icalproperty_new_dtstart(icaltime_from_string("19700101T000000")));
    icalcomponent_add_property(rule, icalproperty_new_tzoffsetfrom(offset));
    icalcomponent_add_property(rule, icalproperty_new_tzoffsetto(offset));
    icalcomponent_add_property(zone, icalproperty_new_tzid(name));
    icalcomponent_add_component(zone, rule);
    return zone;
}

/* Takes the property. */
static void
put_time(icalcomponent *event, icalproperty *property, const char *zone)
{
    if (zone != NULL)
        icalproperty_add_parameter(property, icalparameter_new_tzid(zone));
    icalcomponent_add_property(event, property);
}

static void
put_times(const struct ical_invitation *in, icalcomponent *calendar, icalcomponent *event)
{
    int offset = 0, is_daylight = 0;
    bool is_zoned = zone_of(in, &offset, &is_daylight) != NULL;
    const char *zone = is_zoned ? in->zone : NULL;
    icaltimetype start = utc_time(in->start), end = utc_time(in->end);

    if (is_zoned) { /* local time, of no zone: the parameter says it */
        start = icaltime_from_timet_with_zone((time_t)(in->start.ms / 1000 + offset), 0, NULL);
        end = icaltime_from_timet_with_zone((time_t)(in->end.ms / 1000 + offset), 0, NULL);
        icalcomponent_add_component(calendar, zone_component(zone, offset, is_daylight));
    }
    put_time(event, icalproperty_new_dtstart(start), zone);
    if (in->has_end)
        put_time(event, icalproperty_new_dtend(end), zone);
}

static void
put_texts(const struct ical_invitation *in, icalcomponent *event, struct arena *arena)
{
    const char *summary = ical_plain_text(in->summary, TEXT_CUT, false, arena);
    const char *location = ical_plain_text(in->location, TEXT_CUT, false, arena);
    const char *description = ical_plain_text(in->description, TEXT_CUT, false, arena);

    icalcomponent_add_property(event, icalproperty_new_summary(summary));
    if (location[0] != '\0')
        icalcomponent_add_property(event, icalproperty_new_location(location));
    if (description[0] != '\0')
        icalcomponent_add_property(event, icalproperty_new_description(description));
    if (is_plain_url(in->url))
        icalcomponent_add_property(event, icalproperty_new_url(in->url));
}

static void
put_organizer(const struct ical_invitation *in, icalcomponent *event, struct arena *arena)
{
    icalproperty *organizer =
        icalproperty_new_organizer(arena_printf(arena, "mailto:%s", in->organizer_email));
    const char *name = ical_plain_text(in->organizer_name, NAME_CUT, true, arena);

    if (name[0] != '\0')
        icalproperty_add_parameter(organizer, icalparameter_new_cn(name));
    icalcomponent_add_property(event, organizer);
}

static void
put_guest(const struct ical_invitation *in, icalcomponent *event, struct arena *arena)
{
    icalproperty *guest =
        icalproperty_new_attendee(arena_printf(arena, "mailto:%s", in->guest_email));
    const char *name = ical_plain_text(in->guest_name, NAME_CUT, true, arena);

    if (name[0] != '\0')
        icalproperty_add_parameter(guest, icalparameter_new_cn(name));
    icalproperty_add_parameter(guest, icalparameter_new_role(ICAL_ROLE_REQPARTICIPANT));
    if (!in->is_cancelled) {
        icalproperty_add_parameter(guest,
                                   icalparameter_new_partstat(ICAL_PARTSTAT_NEEDSACTION));
        icalproperty_add_parameter(guest, icalparameter_new_rsvp(ICAL_RSVP_TRUE));
    }
    icalcomponent_add_property(event, guest);
}

static void
put_marks(const struct ical_invitation *in, icalcomponent *event, struct arena *arena)
{
    for (const char *const *mark = in->marks; mark != NULL && *mark != NULL; mark += 2) {
        icalproperty *property =
            icalproperty_new_x(ical_plain_text(mark[1], TEXT_CUT, false, arena));
        icalproperty_set_x_name(property, mark[0]);
        icalcomponent_add_property(event, property);
    }
}

static icalproperty_method
method_of(const struct ical_invitation *in)
{
    if (in->is_cancelled)
        return ICAL_METHOD_CANCEL;
    return in->guest_email == NULL ? ICAL_METHOD_PUBLISH : ICAL_METHOD_REQUEST;
}

static icalcomponent *
make_calendar(const struct ical_invitation *in, struct arena *arena)
{
    icalcomponent *calendar = icalcomponent_new_vcalendar();
    icalcomponent *event = icalcomponent_new_vevent();

    icalcomponent_add_property(calendar, icalproperty_new_version("2.0"));
    icalcomponent_add_property(
        calendar, icalproperty_new_prodid("-//Hansa//Hansa " HANSA_VERSION "//EN"));
    icalcomponent_add_property(calendar, icalproperty_new_method(method_of(in)));
    icalcomponent_add_property(event, icalproperty_new_uid(in->uid));
    icalcomponent_add_property(event, icalproperty_new_sequence((int)in->sequence));
    icalcomponent_add_property(event, icalproperty_new_dtstamp(utc_time(in->stamp)));
    icalcomponent_add_property(event, icalproperty_new_status(in->is_cancelled
                                                                  ? ICAL_STATUS_CANCELLED
                                                                  : ICAL_STATUS_CONFIRMED));
    put_times(in, calendar, event);
    put_texts(in, event, arena);
    if (in->organizer_email != NULL)
        put_organizer(in, event, arena);
    if (in->guest_email != NULL)
        put_guest(in, event, arena);
    put_marks(in, event, arena);
    icalcomponent_add_component(calendar, event);
    return calendar;
}

static enum status
format(const struct ical_invitation *invitation, struct arena *arena, struct diag *diag,
       const char **out)
{
    *out = NULL;
    if (!is_time(invitation->start) || !is_time(invitation->stamp) ||
        (invitation->has_end && !is_time(invitation->end)))
        return diag_say(diag, STATUS_USAGE, "ical.time", NULL);
    AUTO(component_free) icalcomponent *calendar = make_calendar(invitation, arena);
    char *text = icalcomponent_as_ical_string_r(calendar);
    if (text == NULL)
        return STATUS_INTERNAL;
    *out = arena_text(arena, bytes_text(text));
    icalmemory_free_buffer(text);
    return STATUS_OK;
}

enum status
ical_request_format(const struct ical_invitation *invitation, struct arena *arena,
                    struct diag *diag, const char **out)
{
    const char *const addresses[] = { invitation->organizer_email, invitation->guest_email };

    *out = NULL;
    icalerror_set_errors_are_fatal(0);
    for (size_t i = 0; i < COUNT_OF(addresses); i++)
        if (!ical_is_plain_address(addresses[i]))
            return diag_say(diag, STATUS_USAGE, "ical.address",
                            addresses[i] != NULL ? addresses[i] : "", NULL);
    return format(invitation, arena, diag, out);
}

enum status
ical_publish_format(const struct ical_invitation *event, struct arena *arena, struct diag *diag,
                    const char **out)
{
    struct ical_invitation in = *event;

    icalerror_set_errors_are_fatal(0);
    in.guest_email = NULL;
    if (!ical_is_plain_address(in.organizer_email))
        in.organizer_email = NULL;
    return format(&in, arena, diag, out);
}

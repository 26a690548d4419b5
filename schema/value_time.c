/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/value_time.c - dates and moments as people write them, and zones by ICU.
 *
 * Days are counted here in the proleptic Gregorian calendar (years 1 to 9999); ICU only says
 * how far a zone is from UTC at a moment. "3/12/2027" means March in the US and December
 * elsewhere; without a region it is refused when both could be meant.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "schema/base/cleanup.h"
#include "schema/text_priv.h"
#include "schema/value_priv.h"

enum { ZONE_MAX = 64, MINUTE_MS = 60 * 1000 };
static const int64_t day_ms = INT64_C(24) * 60 * MINUTE_MS;

struct moment {
    int year, month, day;
    bool has_time;
    int hour, minute, second, ms;
    bool has_offset;
    int offset; /* minutes east of UTC */
    char zone[ZONE_MAX + 1];
};

/* Days since 1970-01-01; the year begins in March here, so that the leap day comes last. */
static int64_t
days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, year_of_era = y % 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

static void
date_from_days(int64_t days, struct moment *out)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097, day_of_era = z % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;

    out->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    out->month = (int)(month < 10 ? month + 3 : month - 9);
    out->year = (int)(year_of_era + era * 400 + (out->month <= 2));
}

static bool
is_date(int year, int month, int day)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (leap && month == 2);
}

/* ---- reading ---- */

/* Up to most digits; how many there were. */
static int
read_digits(const char **pos, int most, int *out)
{
    int n = 0;

    *out = 0;
    for (; n < most && isdigit((unsigned char)**pos); n++)
        *out = *out * 10 + *(*pos)++ - '0';
    return n;
}

static bool
read_mark(const char **pos, const char *mark)
{
    size_t len = strlen(mark);

    if (strncasecmp(*pos, mark, len) != 0)
        return false;
    *pos += len;
    return true;
}

static void
skip_spaces(const char **pos)
{
    while (**pos == ' ')
        (*pos)++;
}

/* Day and month of "a/b/YYYY". */
static bool
order_day_month(int a, int b, const char *region, struct moment *m)
{
    bool month_first = region != NULL && strcasecmp(region, "US") == 0;

    if (region == NULL && a <= 12 && b <= 12 && a != b)
        return false;
    if (a > 12)
        month_first = false;
    else if (b > 12)
        month_first = true;
    m->month = month_first ? a : b;
    m->day = month_first ? b : a;
    return true;
}

static bool
read_date(const char **pos, const char *region, struct moment *m)
{
    int a = 0, b = 0, c = 0;
    int digits = read_digits(pos, 8, &a);

    if (digits == 8) {
        m->year = a / 10000;
        m->month = a / 100 % 100;
        m->day = a % 100;
        return is_date(m->year, m->month, m->day);
    }
    if (digits == 4 && read_mark(pos, "\xE5\xB9\xB4")) { /* 2027年3月12日 */
        if (read_digits(pos, 2, &b) == 0 || !read_mark(pos, "\xE6\x9C\x88") ||
            read_digits(pos, 2, &c) == 0 || !read_mark(pos, "\xE6\x97\xA5"))
            return false;
        *m = (struct moment){ .year = a, .month = b, .day = c };
        return is_date(a, b, c);
    }
    char separator = **pos;
    if (digits == 0 || separator == '\0' || strchr("-/.", separator) == NULL)
        return false;
    (*pos)++;
    if (read_digits(pos, 2, &b) == 0 || *(*pos)++ != separator)
        return false;
    int last = read_digits(pos, 4, &c);
    if (digits == 4 && (last == 1 || last == 2)) {
        *m = (struct moment){ .year = a, .month = b, .day = c };
    } else if (digits <= 2 && last == 4 && separator == '.') {
        *m = (struct moment){ .year = c, .month = b, .day = a };
    } else if (digits <= 2 && last == 4 && order_day_month(a, b, region, m)) {
        m->year = c;
    } else {
        return false;
    }
    return is_date(m->year, m->month, m->day);
}

static bool
read_noon_mark(const char **pos, struct moment *m)
{
    skip_spaces(pos);
    bool am = strncasecmp(*pos, "am", 2) == 0, pm = strncasecmp(*pos, "pm", 2) == 0;

    if ((!am && !pm) || isalpha((unsigned char)(*pos)[2])) /* America/New_York is no morning */
        return true;
    *pos += 2;
    if (m->hour < 1 || m->hour > 12)
        return false;
    m->hour = m->hour % 12 + (pm ? 12 : 0);
    return true;
}

/* "18:30", "18:30:05.123", "6:30 pm" */
static bool
read_time(const char **pos, struct moment *m)
{
    if (read_digits(pos, 2, &m->hour) == 0 || *(*pos)++ != ':' ||
        read_digits(pos, 2, &m->minute) != 2)
        return false;
    if (read_mark(pos, ":")) {
        if (read_digits(pos, 2, &m->second) != 2)
            return false;
        if (read_mark(pos, ".") || read_mark(pos, ",")) {
            int ignored = 0, digits = read_digits(pos, 3, &m->ms);
            if (digits == 0)
                return false;
            for (; digits < 3; digits++)
                m->ms *= 10;
            while (read_digits(pos, 1, &ignored) == 1)
                continue; /* finer than a millisecond */
        }
    }
    m->has_time = true;
    return read_noon_mark(pos, m) && m->hour < 24 && m->minute < 60 && m->second < 60;
}

/* "Z", "+08:00", "+0800", "+08" */
static bool
read_offset(const char **pos, struct moment *m)
{
    int hours = 0, minutes = 0;
    char sign = **pos;

    if ((sign == 'Z' || sign == 'z') && !isalpha((unsigned char)(*pos)[1])) {
        (*pos)++;
        m->has_offset = true;
        return true;
    }
    if (sign != '+' && sign != '-')
        return true;
    (*pos)++;
    if (read_digits(pos, 2, &hours) != 2)
        return false;
    if ((read_mark(pos, ":") || isdigit((unsigned char)**pos)) &&
        read_digits(pos, 2, &minutes) != 2)
        return false;
    if (hours > 18 || minutes > 59)
        return false;
    m->has_offset = true;
    m->offset = (hours * 60 + minutes) * (sign == '-' ? -1 : 1);
    return true;
}

static bool
is_zone_character(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("/_+-", c) != NULL);
}

/* "Asia/Shanghai" or "[Asia/Shanghai]"; known or not is asked later. */
static bool
read_zone(const char **pos, struct moment *m)
{
    bool bracket = read_mark(pos, "[");
    size_t len = 0;

    while (is_zone_character((*pos)[len]))
        len++;
    if (len > ZONE_MAX)
        return false;
    memcpy(m->zone, *pos, len);
    *pos += len;
    return !bracket || (len > 0 && read_mark(pos, "]"));
}

enum reading { READING_BAD, READING_DATE, READING_MOMENT };

static enum reading
read_moment(const struct value_input *in, struct moment *m)
{
    const char *pos = arena_text(in->arena, text_nfkc(in->text, in->arena));

    *m = (struct moment){ 0 };
    if (!read_date(&pos, in->region, m))
        return READING_BAD;
    if (!read_mark(&pos, "T"))
        skip_spaces(&pos);
    if (isdigit((unsigned char)*pos)) {
        if (!read_time(&pos, m))
            return READING_BAD;
        skip_spaces(&pos);
        if (!read_offset(&pos, m))
            return READING_BAD;
        skip_spaces(&pos);
    }
    if (!read_zone(&pos, m) || *pos != '\0')
        return READING_BAD;
    return m->has_time ? READING_MOMENT : READING_DATE;
}

/* A date cell of a spreadsheet often carries midnight. */
static bool
is_midnight(const struct moment *m)
{
    return m->hour == 0 && m->minute == 0 && m->second == 0 && m->ms == 0;
}

enum status
value_date_parse(const struct value_input *in, struct bytes *out)
{
    struct moment m;

    if (read_moment(in, &m) == READING_BAD || !is_midnight(&m) || m.zone[0] != '\0')
        return value_refuse(in, "value.date");
    *out = bytes_text(arena_printf(in->arena, "%04d-%02d-%02d", m.year, m.month, m.day));
    return STATUS_OK;
}

bool
value_date_is_valid(struct bytes value)
{
    int part[3] = { 0 };
    static const int width[] = { 4, 2, 2 };
    char text[11] = { 0 };
    const char *pos = text;

    if (value.len != 10)
        return false;
    memcpy(text, value.data, 10);
    for (size_t i = 0; i < 3; i++)
        if (read_digits(&pos, width[i], &part[i]) != width[i] || (i < 2 && *pos++ != '-'))
            return false;
    return is_date(part[0], part[1], part[2]);
}

/* ---- zones ---- */

static void
close_calendar(UCalendar **calendar)
{
    if (*calendar != NULL)
        ucal_close(*calendar);
    *calendar = NULL;
}

static UCalendar *
open_calendar(const char *zone)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar id[ZONE_MAX + 1];

    u_charsToUChars(zone, id, (int32_t)strlen(zone) + 1);
    UCalendar *calendar = ucal_open(id, -1, "en", UCAL_GREGORIAN, &error);
    return U_SUCCESS(error) ? calendar : NULL;
}

/* Milliseconds east of UTC at a moment. */
static int64_t
zone_offset(UCalendar *calendar, int64_t utc)
{
    UErrorCode error = U_ZERO_ERROR;

    ucal_setMillis(calendar, (double)utc, &error);
    int64_t offset = (int64_t)ucal_get(calendar, UCAL_ZONE_OFFSET, &error) +
                     ucal_get(calendar, UCAL_DST_OFFSET, &error);
    return U_SUCCESS(error) ? offset : 0;
}

/* A local time in the hour that a clock skips is as long after the gap as it says. */
static int64_t
utc_from_local(UCalendar *calendar, int64_t local)
{
    int64_t utc = local - zone_offset(calendar, local - zone_offset(calendar, local));

    if (utc + zone_offset(calendar, utc) == local)
        return utc;
    return local - zone_offset(calendar, local - day_ms);
}

bool
value_zone_is_known(const char *zone)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar id[ZONE_MAX + 1], canonical[ZONE_MAX + 1];
    UBool is_system = 0;

    if (strlen(zone) > ZONE_MAX)
        return false;
    for (const char *c = zone; *c != '\0'; c++)
        if (!is_zone_character(*c))
            return false;
    u_charsToUChars(zone, id, (int32_t)strlen(zone) + 1);
    (void)ucal_getCanonicalTimeZoneID(id, -1, canonical, ZONE_MAX, &is_system, &error);
    return U_SUCCESS(error) && is_system;
}

static enum status
put_datetime(const struct value_input *in, int64_t utc, const char *zone, struct bytes *out)
{
    size_t len = strlen(zone);
    uint8_t *raw = arena_alloc(in->arena, 8 + len);

    put_u64(raw, (uint64_t)utc);
    memcpy(raw + 8, zone, len);
    *out = bytes_of(raw, 8 + len);
    return STATUS_OK;
}

enum status
value_datetime_parse(const struct value_input *in, struct bytes *out)
{
    struct moment m;

    if (read_moment(in, &m) == READING_BAD)
        return value_refuse(in, "value.datetime");
    int64_t local = days_from_date(m.year, m.month, m.day) * day_ms +
                    (int64_t)(m.hour * 60 + m.minute) * MINUTE_MS + m.second * 1000 + m.ms;
    const char *zone = m.zone;
    if (m.zone[0] == '\0' && !m.has_offset)
        zone = in->zone != NULL ? in->zone : "UTC";
    if (zone[0] != '\0' && !value_zone_is_known(zone))
        return value_refuse(in, "value.zone");
    if (m.has_offset)
        return put_datetime(in, local - (int64_t)m.offset * MINUTE_MS, zone, out);
    AUTO(close_calendar) UCalendar *calendar = open_calendar(zone);
    if (calendar == NULL)
        return value_refuse(in, "value.zone");
    return put_datetime(in, utc_from_local(calendar, local), zone, out);
}

bool
value_datetime_is_valid(struct bytes value)
{
    if (value.len < 8 || value.len > 8 + ZONE_MAX)
        return false;
    for (size_t i = 8; i < value.len; i++)
        if (!is_zone_character((char)value.data[i]))
            return false;
    return true;
}

static const char *
format_local(int64_t local, const char *tail, struct arena *arena)
{
    struct moment m = { 0 };
    int64_t days = local / day_ms - (local % day_ms < 0);
    int64_t rest = local - days * day_ms;

    if (days < days_from_date(1, 1, 1) || days > days_from_date(9999, 12, 31))
        return NULL;
    date_from_days(days, &m);
    const char *start =
        arena_printf(arena, "%04d-%02d-%02d %02d:%02d", m.year, m.month, m.day,
                     (int)(rest / MINUTE_MS / 60), (int)(rest / MINUTE_MS % 60));
    int second = (int)(rest % MINUTE_MS / 1000), ms = (int)(rest % 1000);
    if (ms != 0)
        return arena_printf(arena, "%s:%02d.%03d%s", start, second, ms, tail);
    if (second != 0)
        return arena_printf(arena, "%s:%02d%s", start, second, tail);
    return arena_printf(arena, "%s%s", start, tail);
}

const char *
value_datetime_format(const struct type_field *field, struct bytes value, struct arena *arena)
{
    int64_t utc = (int64_t)get_u64(value.data);
    const char *zone = arena_text(arena, bytes_of(value.data + 8, value.len - 8));

    (void)field;
    if (utc < (days_from_date(1, 1, 1) + 1) * day_ms ||
        utc > days_from_date(9999, 12, 31) * day_ms)
        return NULL;
    AUTO(close_calendar)
    UCalendar *calendar = value_zone_is_known(zone) ? open_calendar(zone) : NULL;
    if (calendar == NULL)
        return format_local(utc, "Z", arena);
    int64_t offset = zone_offset(calendar, utc);
    const char *tail = arena_printf(arena, " %s", zone);
    if (utc_from_local(calendar, utc + offset) != utc) { /* the hour that a clock shows twice */
        int minutes = (int)(offset / MINUTE_MS);
        int size = minutes < 0 ? -minutes : minutes;
        tail = arena_printf(arena, "%c%02d:%02d %s", minutes < 0 ? '-' : '+', size / 60,
                            size % 60, zone);
    }
    return format_local(utc + offset, tail, arena);
}

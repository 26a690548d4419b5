/* SPDX-License-Identifier: Apache-2.0
 *
 * Invitations are what calendar programs take, whatever stands in a text; their answers are understood, one by one.
 */
#include <fcntl.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/limits.h"
#include "schema/ical.h"
#include "tests/check.h"

static struct ical_invitation
invitation(void)
{
    return (struct ical_invitation){
        .uid = "a@b.hansa",
        .sequence = 7,
        .stamp = { INT64_C(1800000000000) },
        .has_end = true,
        .start = { INT64_C(1810828800000) }, /* 2027-05-20 16:00 UTC */
        .end = { INT64_C(1810839600000) },
        .zone = "Europe/Berlin",
        .summary = "Spring launch",
        .organizer_email = "events@brio.example",
        .organizer_name = "Brio",
        .guest_email = "ada@guest.example",
        .guest_name = "Ada Lovelace",
    };
}

/* Folded lines are put together again. */
static const char *
written(const struct ical_invitation *in, struct arena *arena)
{
    struct diag diag = { 0 };
    const char *out;

    if (ical_request_format(in, arena, &diag, &out) != STATUS_OK)
        return "";
    char *text = arena_text(arena, bytes_text(out)), *to = text;
    for (const char *c = text; *c != '\0'; c++)
        if (strncmp(c, "\r\n ", 3) == 0)
            c += 2;
        else
            *to++ = *c;
    *to = '\0';
    return text;
}

static void
test_request(struct check *t)
{
    static const char *const lines[] = {
        "METHOD:REQUEST", "UID:a@b.hansa", "SEQUENCE:7", "SUMMARY:Spring launch", "VERSION:2.0",
        "DTSTART;TZID=Europe/Berlin:20270520T180000",
        "DTEND;TZID=Europe/Berlin:20270520T210000", "TZID:Europe/Berlin", "TZOFFSETTO:+0200",
        "DTSTAMP:20270115T080000Z", "ORGANIZER;CN=Brio:mailto:events@brio.example",
        /* clang-format off */
        "ATTENDEE;CN=Ada Lovelace;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:ada@guest.example",
        /* clang-format on */
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_invitation in = invitation();
    const char *text = written(&in, arena);

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        CHECK(t, lines[i], strstr(text, arena_printf(arena, "\r\n%s\r\n", lines[i])) != NULL);
    in.zone = "Mars/Olympus";
    CHECK(t, "an unknown zone gives UTC",
          strstr(written(&in, arena), "\r\nDTSTART:20270520T160000Z\r\n") != NULL);
    in = invitation();
    in.end.ms += INT64_C(200) * 24 * 3600 * 1000;
    CHECK(t, "an event over a change of the clocks is told in UTC",
          strstr(written(&in, arena), "\r\nDTSTART:20270520T160000Z\r\n") != NULL);
    in = invitation();
    in.is_cancelled = true;
    text = written(&in, arena);
    CHECK(t, "a cancelled event is a CANCEL",
          strstr(text, "\r\nMETHOD:CANCEL\r\n") != NULL &&
              strstr(text, "\r\nSTATUS:CANCELLED\r\n") != NULL && strstr(text, "RSVP") == NULL);
}

static void
test_publish(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_invitation in = invitation();
    const char *text;

    CHECK(t, "an event for nobody in particular is published",
          ical_publish_format(&in, arena, NULL, &text) == STATUS_OK &&
              strstr(text, "\r\nMETHOD:PUBLISH\r\n") != NULL &&
              strstr(text, "ORGANIZER") != NULL && strstr(text, "ATTENDEE") == NULL &&
              strstr(text, "ada@") == NULL);
    in.organizer_email = "a\r\nATTENDEE:x@y";
    CHECK(t, "an address that is none is left out",
          ical_publish_format(&in, arena, NULL, &text) == STATUS_OK &&
              strstr(text, "ORGANIZER") == NULL && strstr(text, "x@y") == NULL);
    in.organizer_email = NULL;
    CHECK(t, "so is none at all",
          ical_publish_format(&in, arena, NULL, &text) == STATUS_OK &&
              strstr(text, "ORGANIZER") == NULL);
    in.is_cancelled = true;
    CHECK(t, "a cancelled event is a CANCEL",
          ical_publish_format(&in, arena, NULL, &text) == STATUS_OK &&
              strstr(text, "\r\nMETHOD:CANCEL\r\n") != NULL);
    in.stamp.ms = -1;
    CHECK(t, "a time that is none is refused",
          ical_publish_format(&in, arena, NULL, &text) == STATUS_USAGE && text == NULL);
}

static void
test_texts_stay_inside(struct check *t)
{
    static const char evil[] =
        "a\r\nATTENDEE:mailto:eve@evil.example\nEND:VEVENT\r\"b\";:,\\\x01";
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_invitation in = invitation();

    in.summary = in.location = in.description = in.url = in.organizer_name = in.guest_name =
        evil;
    const char *text = written(&in, arena);
    CHECK(t, "it is written", text[0] != '\0');
    CHECK(t, "no text makes a line of its own",
          strstr(text, "\r\nATTENDEE:mailto:eve") == NULL);
    CHECK(t, "no text ends the event",
          strstr(strstr(text, "\r\nEND:VEVENT") + 1, "\r\nEND:VEVENT") == NULL);
    CHECK(t, "a URL that is none is left out", strstr(text, "\r\nURL") == NULL);

    static const char *const addresses[] = {
        "", "ada", "@x", "a@", "a b@c.d", "a@b.c\r\nX:1", "a@b.c,d@e.f", "<a@b.c>", "\"a\"@b.c"
    };
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct diag diag = { 0 };
        const char *out;
        in = invitation();
        in.guest_email = addresses[i];
        CHECK(t, addresses[i],
              ical_request_format(&in, arena, &diag, &out) == STATUS_USAGE && out == NULL &&
                  strcmp(diag.key, "ical.address") == 0);
        in = invitation();
        in.organizer_email = addresses[i];
        CHECK(t, addresses[i], ical_request_format(&in, arena, &diag, &out) == STATUS_USAGE);
    }
}

static struct bytes
sample(const char *name, struct arena *arena)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };
    AUTO(fd_close)
    int fd = open(arena_printf(arena, "tests/data/ical/%s", name), O_RDONLY | O_CLOEXEC);

    if (fd < 0 || file_read(fd, MIB, &buf) != STATUS_OK)
        return bytes_of(NULL, 0);
    return arena_copy(arena, buffer_bytes(&buf));
}

static void
test_programs_are_understood(struct check *t)
{
    static const struct {
        const char *file;
        enum ical_answer answer;
        int64_t companions;
        int second;
        const char *comment;
    } rows[] = {
        { "outlook-accept.ics", ICAL_ACCEPTED, -1, 15, "" },
        { "exchange-decline.ics", ICAL_DECLINED, -1, 16, "I am abroad, sorry\n" },
        { "google-accept.ics", ICAL_ACCEPTED, 2, 17, "" },
        { "apple-tentative.ics", ICAL_TENTATIVE, -1, 18, "" },
        { "thunderbird-accept.ics", ICAL_ACCEPTED, -1, 19, "" },
        { "wecom-accept.ics", ICAL_ACCEPTED, -1, 20, "一定到场\n谢谢" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct ical_replies replies;
        struct diag diag = { 0 };
        enum status s = ical_reply_parse(sample(rows[i].file, arena), arena, &diag, &replies);
        if (!CHECK(t, rows[i].file, s == STATUS_OK && replies.count == 1))
            continue;
        const struct ical_reply *r = &replies.items[0];
        CHECK(t, rows[i].file, r->fault == NULL && r->answer == rows[i].answer);
        CHECK(t, rows[i].file, r->companions == rows[i].companions && r->sequence == 2);
        CHECK(t, rows[i].file, strcasecmp(r->email, "ada@guest.example") == 0);
        CHECK(t, rows[i].file, strncasecmp(r->uid, "aaaaaaaa", 8) == 0);
        CHECK(t, rows[i].file, strcmp(r->comment, rows[i].comment) == 0);
        CHECK(t, rows[i].file,
              r->stamp.ms == (INT64_C(1806567300) + (rows[i].second - 15) * 60) * 1000);
    }
}

static void
test_each_by_itself(struct check *t)
{
    static const char *const faults[] = { NULL,
                                          NULL,
                                          "ical.uid",
                                          "ical.stamp",
                                          "ical.no_answer",
                                          "ical.attendees",
                                          "ical.sequence",
                                          NULL };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_replies replies;
    struct diag diag = { 0 };

    CHECK(t, "a file of several answers is read",
          ical_reply_parse(sample("several.ics", arena), arena, &diag, &replies) == STATUS_OK);
    if (!CHECK(t, "all of them", replies.count == COUNT_OF(faults)))
        return;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        const char *got = replies.items[i].fault;
        CHECK(t, faults[i] != NULL ? faults[i] : "good",
              faults[i] == NULL ? got == NULL : got != NULL && strcmp(got, faults[i]) == 0);
    }
    CHECK(t, "who sends somebody else says so", replies.items[7].answer == ICAL_DELEGATED);
}

static void
test_bad_files(struct check *t)
{
    static const struct {
        const char *file;
        enum status status;
        const char *key;
    } rows[] = {
        { "bad-cut.ics", STATUS_USAGE, "ical.broken" },
        { "bad-end.ics", STATUS_USAGE, "ical.broken" },
        { "bad-empty.ics", STATUS_USAGE, "ical.broken" },
        { "bad-latin1.ics", STATUS_USAGE, "ical.charset" },
        { "bad-nested.ics", STATUS_TOO_BIG, "ical.deep" },
        { "bad-many.ics", STATUS_TOO_BIG, "ical.many" },
    };
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_replies replies;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct diag diag = { 0 };
        enum status s = ical_reply_parse(sample(rows[i].file, arena), arena, &diag, &replies);
        CHECK(t, rows[i].file, s == rows[i].status && strcmp(diag.key, rows[i].key) == 0);
        CHECK(t, "nothing comes of it", replies.count == 0);
    }
    struct diag diag = { 0 };
    CHECK(t, "an invitation is no answer",
          ical_reply_parse(sample("bad-request.ics", arena), arena, &diag, &replies) ==
                  STATUS_OK &&
              replies.count == 1 && strcmp(replies.items[0].fault, "ical.method") == 0);
}

/* A reply of one event, with `line` in it, `parts` components and `depth` levels. */
static enum status
sized(size_t line, size_t parts, size_t depth, size_t file, struct ical_replies *out,
      struct arena *arena)
{
    AUTO(buffer_fini) struct buffer buf = { 0 };
    struct diag diag = { 0 };

    buffer_put_text(&buf, "BEGIN:VCALENDAR\nMETHOD:REPLY\n");
    for (size_t i = 2; i < parts; i++)
        buffer_put_text(&buf, "BEGIN:X\nEND:X\n");
    buffer_put_text(&buf, "BEGIN:VEVENT\nUID:a\nDTSTAMP:20270401T082000Z\n"
                          "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.c\nCOMMENT:");
    for (size_t i = sizeof("COMMENT:") - 1; i < line; i++)
        buffer_put_text(&buf, "x");
    buffer_put_text(&buf, "\n");
    for (size_t i = 2; i < depth; i++)
        buffer_put_text(&buf, "BEGIN:X\n");
    for (size_t i = 2; i < depth; i++)
        buffer_put_text(&buf, "END:X\n");
    buffer_put_text(&buf, "END:VEVENT\nEND:VCALENDAR\n");
    while (buf.len < file)
        buffer_put_text(&buf, "\n");
    return ical_reply_parse(arena_copy(arena, buffer_bytes(&buf)), arena, &diag, out);
}

static void
test_limits(struct check *t)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct ical_replies r;

    for (size_t i = 0; i < 3; i++) {
        bool fits = i < 2;
        enum status want = fits ? STATUS_OK : STATUS_TOO_BIG;
        CHECK(t, "a line at its limit is read, a longer one is passed over",
              sized(ICAL_LINE_MAX - 1 + i, 2, 2, 0, &r, arena) == STATUS_OK &&
                  (r.items[0].comment[0] != '\0') == fits);
        CHECK(t, "components are counted",
              sized(20, ICAL_COMPONENTS_MAX - 1 + i, 2, 0, &r, arena) == want);
        CHECK(t, "levels are counted",
              sized(20, 2, ICAL_DEPTH_MAX - 1 + i, 0, &r, arena) == want);
        CHECK(t, "the file is measured",
              sized(20, 2, 2, ICAL_FILE_MAX - 1 + i, &r, arena) == want);
    }
    static const struct {
        const char *number;
        int64_t want;
    } guests[] = {
        { "998", 998 }, { "999", 999 }, { "1000", -1 }, { "-1", -1 }, { "two", -1 }
    };
    for (size_t i = 0; i < COUNT_OF(guests); i++) {
        struct diag diag = { 0 };
        const char *text = arena_printf(
            arena,
            "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20270401T082000Z\n"
            "ATTENDEE;PARTSTAT=ACCEPTED;X-NUM-GUESTS=%s:mailto:a@b.c\nEND:VEVENT\nEND:"
            "VCALENDAR\n",
            guests[i].number);
        CHECK(t, guests[i].number,
              ical_reply_parse(bytes_text(text), arena, &diag, &r) == STATUS_OK &&
                  r.items[0].companions == guests[i].want);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "an invitation is a whole request", test_request },
        { "an event for nobody in particular", test_publish },
        { "no text breaks out of its value", test_texts_stay_inside },
        { "the usual programs are understood", test_programs_are_understood },
        { "every answer is judged by itself", test_each_by_itself },
        { "what is no answer is refused with the reason", test_bad_files },
        { "limits hold", test_limits },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}

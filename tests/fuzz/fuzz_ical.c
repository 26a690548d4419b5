/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_ical.c - ical_reply_parse on any file; and the file's bytes as every text of an invitation, whose
 * file stays one event and says what it should.
 */
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/ical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        count++;
    return count;
}

static void
write_invitation(const char *text, struct arena *arena)
{
    struct ical_invitation in = {
        .uid = "a@b.hansa",
        .start = { 1810828800000 },
        .stamp = { 1800000000000 },
        .zone = "Europe/Berlin",
        .summary = text,
        .location = text,
        .description = text,
        .url = text,
        .organizer_name = text,
        .guest_name = text,
        .guest_email = "ada@guest.example",
        .organizer_email = "events@brio.example",
    };
    struct diag diag = { 0 };
    const char *out;

    enum status s = ical_request_format(&in, arena, &diag, &out);
    assert(s == STATUS_OK);
    assert(count_of(out, "\r\nBEGIN:VEVENT\r\n") == 1 && count_of(out, "\r\nMETHOD:") == 1 &&
           count_of(out, "\r\nATTENDEE;") == 1 && count_of(out, "\r\nUID:") == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes file = bytes_of(data, size);
    struct ical_replies replies;
    struct diag diag = { 0 };

    if (ical_reply_parse(file, arena, &diag, &replies) == STATUS_OK) {
        assert(replies.count <= ICAL_COMPONENTS_MAX);
        for (size_t i = 0; i < replies.count; i++) {
            const struct ical_reply *r = &replies.items[i];
            assert(r->fault != NULL || (r->uid[0] != '\0' && strchr(r->email, '@') != NULL));
            assert(r->companions >= -1 && r->companions <= ICAL_COMPANIONS_MAX);
        }
    }
    if (utf8_is_valid(file) && size < TEXT_LONG_MAX)
        write_invitation(arena_text(arena, file), arena);
    return 0;
}

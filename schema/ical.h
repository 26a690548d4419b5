/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/ical.h - calendar objects: an invitation for one guest as a file that calendar programs take, and the files
 * with which they answer (RFC 5545, RFC 5546).
 */
#ifndef HANSA_SCHEMA_ICAL_H
#define HANSA_SCHEMA_ICAL_H

#include "schema/base/arena.h"
#include "schema/base/ids.h"
#include "schema/diag.h"

struct ical_invitation {
    const char *uid; /* of one guest of one event, for ever the same */
    uint32_t sequence;
    struct wall_ms stamp; /* when this file was made */
    bool is_cancelled;
    bool has_end;
    struct wall_ms start, end;
    const char *zone; /* IANA name, "" or NULL: none */
    /* Texts of any content; "" or NULL: left out. */
    const char *summary, *location, *description, *url;
    const char *organizer_email, *organizer_name;
    const char *guest_email, *guest_name;
    const char *const
        *marks; /* name and value of properties of our own, ended by NULL; NULL: none */
};

/* A REQUEST, or a CANCEL, as a whole file in the arena. STATUS_USAGE with a sentence when an address is none that a
 * calendar program could take, or the time is none. */
MUST_CHECK enum status ical_request_format(const struct ical_invitation *invitation,
                                           struct arena *arena, struct diag *diag,
                                           const char **out);

/* A PUBLISH, or a CANCEL, for nobody in particular; without an address that is one, without organiser. */
MUST_CHECK enum status ical_publish_format(const struct ical_invitation *event,
                                           struct arena *arena, struct diag *diag,
                                           const char **out);

enum ical_answer { ICAL_ACCEPTED, ICAL_DECLINED, ICAL_TENTATIVE, ICAL_DELEGATED };

/* One answer. All texts are the sender's, never trusted, and in the arena. */
struct ical_reply {
    const char *fault; /* catalog key of why it is none; NULL: the rest is filled in */
    const char *uid;   /* "" when there is none */
    uint32_t sequence;
    struct wall_ms stamp;
    const char *email; /* as written, without "mailto:" */
    enum ical_answer answer;
    int64_t companions;  /* -1: nothing said */
    const char *comment; /* "": none */
};
struct ical_replies {
    struct ical_reply *items;
    size_t count;
};

/* Every event of a file, each an answer or refused by itself; at most ICAL_COMPONENTS_MAX. STATUS_TOO_BIG,
 * STATUS_USAGE with a sentence when the file as a whole is none of a calendar. */
MUST_CHECK enum status ical_reply_parse(struct bytes file, struct arena *arena,
                                        struct diag *diag, struct ical_replies *out);

#endif

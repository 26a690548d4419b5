/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/base/status.h - the one error type.
 *
 * Everything that can fail returns enum status. The table below is the only place that says what
 * a status is called, whether trying again makes sense, which exit code the CLI gives (sysexits
 * values where one fits) and which HTTP code the API gives. The sentence for people is catalog
 * text, key "status.NAME" (schema/text.h). SQLite, ZeroMQ and errno codes are mapped where they are met.
 */
#ifndef HANSA_BASE_STATUS_H
#define HANSA_BASE_STATUS_H

#include <stdbool.h>

/* clang-format off */
/*    name             retry  exit  http   */
#define STATUS_TABLE(X)                      \
    X(OK,              false,  0,   200)     \
    X(USAGE,           false, 64,   400) /* the request is wrong or incomplete: say what to write instead */ \
    X(NOT_FOUND,       false, 66,   404)     \
    X(DENIED,          false, 77,   403)     \
    X(CONFLICT,        false, 73,   409) /* the thing is in a state that does not allow this */ \
    X(MALFORMED,       false, 65,   400) /* bytes that do not parse */ \
    X(TOO_BIG,         false, 65,   413)     \
    X(BAD_SIGNATURE,   false, 76,   400)     \
    X(WIDENED,         false, 76,   400) /* a grant gives more than its parent */ \
    X(BROKEN_CHAIN,    false, 76,   400) /* links that do not follow from each other */ \
    X(EXPIRED,         false, 76,   403)     \
    X(NOT_YET,         true,  76,   403)     \
    X(REVOKED,         false, 76,   403)     \
    X(WRONG_AUDIENCE,  false, 76,   400)     \
    X(FOREIGN_OWNER,   false, 76,   400) /* speaks for records of another company */ \
    X(NOT_GRANTED,     false, 76,   403) /* record or field outside the grant */ \
    X(REPLAY,          false, 76,   409)     \
    X(GAP,             true,  76,   409)     \
    X(EQUIVOCATION,    false, 76,   409) /* two contents with one position or sequence number */ \
    X(UNKNOWN_KIND,    false, 76,   400)     \
    X(UNKNOWN_KEY,     true,  76,   400) /* no descriptor for the signer */ \
    X(CLOCK,           true,  75,   409) /* clocks differ too far to judge an end date */ \
    X(BUSY,            true,  75,   503)     \
    X(UNREACHABLE,     true,  69,   503)     \
    X(LOCKED,          true,  69,   503) /* the key process cannot sign now */ \
    X(DISK_FULL,       true,  74,   507)     \
    X(IO,              true,  74,   500)     \
    X(CORRUPT,         false, 74,   500)     \
    X(NEWER_HOME,      false, 78,   500)     \
    X(CONFIG,          false, 78,   500)     \
    X(STOPPED,         false, 75,   503)     \
    X(INTERNAL,        false, 70,   500)
/* clang-format on */

enum status {
#define X(name, retry, exit_code, http) STATUS_##name,
    STATUS_TABLE(X)
#undef X
        STATUS_COUNT_
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* The short name, e.g. "NOT_FOUND". Static; never NULL, also for values outside the table. */
const char *status_name(enum status status);
/* The value with this name; STATUS_COUNT_ when there is none. */
enum status status_find(const char *name);
bool status_is_retryable(enum status status);
int status_exit_code(enum status status);
int status_http_code(enum status status);

#endif

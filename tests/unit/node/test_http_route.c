/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/http_route.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "tests/check.h"

/* A request all the way: its status, and on success the service and its arguments as text. */
struct outcome {
    enum status status;
    struct diag diag;
    const char *service; /* "" when refused */
    char *args;
};

static void
outcome_free(struct outcome *out)
{
    free(TAKE(out->args));
}

static struct outcome
route(const char *method, const char *target, const char *body)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct outcome out = { .service = "" };
    struct http_route found;

    out.status = http_route_find(method, target, arena, &out.diag, &found);
    if (out.status == STATUS_OK && http_route_has_body(found.service))
        out.status = http_route_body(found.service, bytes_text(body), found.args, &out.diag);
    if (out.status == STATUS_OK) {
        out.service = found.service->name;
        out.args = json_dumps(found.args, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(found.args);
    return out;
}

static void
test_right_requests(struct check *t)
{
    static const struct {
        const char *why, *method, *target, *body, *service, *args;
    } rows[] = {
        { "a plain path", "GET", "/api/v1/status", "", "node.status", "{}" },
        { "HEAD is GET", "HEAD", "/api/v1/status", "", "node.status", "{}" },
        { "a word in the path", "GET", "/api/v1/jobs/7", "", "job.show", "{\"job\":\"7\"}" },
        { "a word that needs encoding", "GET", "/api/v1/partners/M%C3%BCller%20%26%20Co%2FKG",
          "", "partner.show", "{\"partner\":\"Müller & Co/KG\"}" },
        { "a plus is a plus in the path", "GET", "/api/v1/partners/A+B", "", "partner.show",
          "{\"partner\":\"A+B\"}" },
        { "and a space in the query", "GET", "/api/v1/jobs?search=A+B", "", "job.list",
          "{\"search\":\"A B\"}" },
        { "a word like a service's own", "GET", "/api/v1/partners/accept", "", "partner.show",
          "{\"partner\":\"accept\"}" },
        { "the same path by another method", "POST", "/api/v1/partners/accept",
          "{\"invitation\":\"text\"}", "partner.accept", "{\"invitation\":\"text\"}" },
        { "a number", "GET", "/api/v1/jobs?limit=-3", "", "job.list", "{\"limit\":-3}" },
        { "an empty value", "GET", "/api/v1/jobs?search=", "", "job.list",
          "{\"search\":\"\"}" },
        { "empty pairs", "GET", "/api/v1/jobs?&&limit=1&", "", "job.list", "{\"limit\":1}" },
        { "an upload's query", "POST",
          "/api/v1/records/contact/import?dry-run=true&delimiter=%3B", "", "record.import",
          "{\"delimiter\":\";\",\"dry-run\":true,\"type\":\"contact\"}" },
        { "a false", "POST", "/api/v1/records/contact/import?dry-run=false", "",
          "record.import", "{\"dry-run\":false,\"type\":\"contact\"}" },
        { "a list", "POST", "/api/v1/events/k4/guests", "{\"contacts\":[\"a\",\"b\"]}",
          "guest.add", "{\"contacts\":[\"a\",\"b\"],\"event\":\"k4\"}" },
        { "fields", "POST", "/api/v1/records/contact", "{\"fields\":{\"name\":\"Ada\"}}",
          "record.add", "{\"fields\":{\"name\":\"Ada\"},\"type\":\"contact\"}" },
        { "no body where none is needed", "POST", "/api/v1/partners/Brio/trust", "",
          "partner.trust", "{\"partner\":\"Brio\"}" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        AUTO(outcome_free)
        struct outcome out = route(rows[i].method, rows[i].target, rows[i].body);
        CHECK(t, rows[i].why, strcmp(out.service, rows[i].service) == 0);
        CHECK(t, rows[i].why, out.args != NULL && strcmp(out.args, rows[i].args) == 0);
    }
}

/* What is refused, and the sentence for it with its first argument; "" for any. */
struct wrong {
    const char *why, *method, *target, *body, *key, *says;
};

static void
check_wrong(struct check *t, const struct wrong *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(outcome_free)
        struct outcome out = route(rows[i].method, rows[i].target, rows[i].body);
        CHECK(t, rows[i].why, strcmp(out.diag.key, rows[i].key) == 0);
        CHECK(t, rows[i].why,
              strcmp(out.diag.args[0], rows[i].says) == 0 || rows[i].says[0] == '\0');
        CHECK(t, rows[i].why, out.status == STATUS_USAGE || out.status == STATUS_NOT_FOUND);
    }
}

static void
test_wrong_targets(struct check *t)
{
    static const struct wrong rows[] = {
        { "no such path", "GET", "/api/v1/partner", "", "http.path.unknown",
          "/api/v1/partner" },
        { "too few parts", "GET", "/api/v1", "", "http.path.unknown", "" },
        { "too many parts", "GET", "/api/v1/status/x", "", "http.path.unknown", "" },
        { "an empty word at the end", "GET", "/api/v1/partners/", "", "http.path.unknown", "" },
        { "an empty part", "GET", "/api/v1//status", "", "http.path.unknown", "" },
        { "nine parts", "GET", "/1/2/3/4/5/6/7/8/9", "", "http.path.unknown", "" },
        { "another address form", "GET", "http://node/api/v1/status", "", "http.path.unknown",
          "" },
        { "a star", "OPTIONS", "*", "", "http.path.unknown", "" },
        { "an empty target", "GET", "", "", "http.path.unknown", "" },
        { "no method but what there is", "DELETE", "/api/v1/types", "", "http.method",
          "DELETE" },
        { "a method in small letters", "get", "/api/v1/status", "", "http.method", "get" },
        { "a change by GET", "GET", "/api/v1/partners/Brio/suspend", "", "http.method", "GET" },
        { "a broken escape", "GET", "/api/v1/partners/%4", "", "http.encoding", "" },
        { "an escape that is none", "GET", "/api/v1/partners/%zz", "", "http.encoding", "" },
        { "a zero byte", "GET", "/api/v1/partners/a%00b", "", "http.encoding", "" },
        { "a line feed in the path", "GET", "/api/v1/partners/a%0ab", "", "http.encoding", "" },
        { "half a character", "GET", "/api/v1/partners/%c3", "", "http.encoding", "" },
        { "a broken query", "GET", "/api/v1/jobs?search=%", "", "http.encoding", "" },
        { "a zero byte in the query", "GET", "/api/v1/jobs?search=%00", "", "http.encoding",
          "" },
        { "an unknown parameter", "GET", "/api/v1/jobs?serch=x", "", "http.parameter.unknown",
          "serch" },
        { "a parameter where there are none", "GET", "/api/v1/status?x=1", "",
          "http.parameter.none", "x" },
        { "a word of the path again in the query", "GET", "/api/v1/jobs/7?job=8", "",
          "http.parameter.none", "job" },
        { "a parameter twice", "GET", "/api/v1/jobs?limit=1&limit=2", "",
          "http.parameter.twice", "limit" },
        { "a number that is none", "GET", "/api/v1/jobs?limit=ten", "", "http.kind.integer",
          "limit" },
        { "a number with more behind it", "GET", "/api/v1/jobs?limit=1x", "",
          "http.kind.integer", "limit" },
        { "a number too large", "GET", "/api/v1/jobs?limit=9223372036854775808", "",
          "http.kind.integer", "limit" },
        { "neither true nor false", "POST", "/api/v1/records/contact/import?dry-run=yes", "",
          "http.kind.boolean", "dry-run" },
        { "a missing parameter", "GET", "/api/v1/explain?record=k4", "",
          "http.parameter.missing", "company" },
    };

    check_wrong(t, rows, COUNT_OF(rows));
}

static void
test_wrong_bodies(struct check *t)
{
    static const struct wrong rows[] = {
        { "a query beside a body", "POST", "/api/v1/types?name=x", "", "http.query.body", "" },
        { "a missing member", "POST", "/api/v1/types", "{}", "http.parameter.missing", "name" },
        { "an unknown member", "POST", "/api/v1/types", "{\"nam\":\"x\"}",
          "http.parameter.unknown", "nam" },
        { "a word of the path in the body", "PATCH", "/api/v1/records/contact/k4",
          "{\"fields\":{},\"record\":\"k5\"}", "http.parameter.unknown", "record" },
        { "no JSON", "POST", "/api/v1/types", "name=x", "http.body.json", "1" },
        { "half a JSON", "POST", "/api/v1/types", "{\"name\":\n\"x\"", "http.body.json", "2" },
        { "JSON and more", "POST", "/api/v1/types", "{} {}", "http.body.json", "1" },
        { "a member twice", "POST", "/api/v1/types", "{\"name\":\"a\",\"name\":\"b\"}",
          "http.body.json", "1" },
        { "a zero character", "POST", "/api/v1/types", "{\"name\":\"\\u0000\"}",
          "http.body.json", "1" },
        { "an array", "POST", "/api/v1/types", "[]", "http.body.object", "" },
        { "a number for a text", "POST", "/api/v1/types", "{\"name\":1}", "http.kind.text",
          "name" },
        { "nothing for a text", "POST", "/api/v1/types", "{\"name\":null}", "http.kind.text",
          "name" },
        { "a text for a number", "POST", "/api/v1/partners/invitations", "{\"days\":\"7\"}",
          "http.kind.integer", "days" },
        { "a fraction for a number", "POST", "/api/v1/partners/invitations", "{\"days\":1.5}",
          "http.kind.integer", "days" },
        { "a text for a yes or no", "POST", "/api/v1/partners/Brio/remove",
          "{\"preview\":\"true\"}", "http.kind.boolean", "preview" },
        { "a text for a list", "POST", "/api/v1/events/k4/guests", "{\"contacts\":\"a\"}",
          "http.kind.list", "contacts" },
        { "a list of other things", "POST", "/api/v1/events/k4/guests", "{\"contacts\":[1]}",
          "http.kind.list", "contacts" },
        { "fields that are no texts", "POST", "/api/v1/records/contact",
          "{\"fields\":{\"name\":1}}", "http.kind.fields", "fields" },
        { "fields in a list", "POST", "/api/v1/records/contact", "{\"fields\":[\"name\"]}",
          "http.kind.fields", "fields" },
    };

    check_wrong(t, rows, COUNT_OF(rows));
}

static void
test_says_what_is_right(struct check *t)
{
    AUTO(outcome_free) struct outcome method = route("PUT", "/api/v1/partners/Brio", "");
    CHECK(t, "the right method", strcmp(method.diag.args[1], "GET") == 0);
    AUTO(outcome_free) struct outcome both = route("DELETE", "/api/v1/records/contact/k4", "");
    CHECK(t, "all right methods", strcmp(both.diag.args[1], "PATCH, GET") == 0);
    AUTO(outcome_free) struct outcome names = route("GET", "/api/v1/jobs?x=1", "");
    CHECK(t, "the right parameters", strcmp(names.diag.args[1], "search, limit, cursor") == 0);
    AUTO(outcome_free) struct outcome missing = route("POST", "/api/v1/types", "{}");
    CHECK(t, "an example", strcmp(missing.diag.args[1], "seminar") == 0);
}

/* Each a text of `size` bytes that is right but for its size. */
static char *
deep_body(size_t depth)
{
    char *out = xcalloc(1, depth * 2 + 64);
    size_t at = (size_t)snprintf(out, 64, "{\"name\":");

    memset(out + at, '[', depth - 1);
    memset(out + at + depth - 1, ']', depth - 1);
    out[at + 2 * (depth - 1)] = '}';
    return out;
}

static void
test_limits(struct check *t)
{
    static const struct {
        const char *why;
        size_t depth;
        const char *key;
    } depths[] = {
        { "one less than the deepest", HTTP_JSON_DEPTH_MAX - 1, "http.kind.text" },
        { "the deepest", HTTP_JSON_DEPTH_MAX, "http.kind.text" },
        { "one more", HTTP_JSON_DEPTH_MAX + 1, "http.body.deep" },
        { "far more than a stack holds", 400000, "http.body.deep" },
    };
    static const struct {
        const char *why;
        size_t len;
        enum status want;
    } files[] = {
        { "a file below the limit", HTTP_FILE_MAX - 1, STATUS_OK },
        { "a file at the limit", HTTP_FILE_MAX, STATUS_OK },
        { "a file above the limit", HTTP_FILE_MAX + 1, STATUS_TOO_BIG },
    };

    for (size_t i = 0; i < COUNT_OF(depths); i++) {
        AUTO(xfree) char *body = deep_body(depths[i].depth);
        AUTO(outcome_free) struct outcome out = route("POST", "/api/v1/types", body);
        CHECK(t, depths[i].why, strcmp(out.diag.key, depths[i].key) == 0);
    }
    AUTO(outcome_free)
    struct outcome quoted =
        route("POST", "/api/v1/types", "{\"name\":\"[[[[[[[[[[[[[[[[[[[[\\\"[[\"}");
    CHECK(t, "brackets in a text do not count", quoted.status == STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        AUTO(xfree) char *body = xcalloc(1, files[i].len + 64);
        int at = snprintf(body, 64, "{\"invitation\":\"");
        memset(body + at, 'x', files[i].len);
        memcpy(body + at + files[i].len, "\"}", 2);
        AUTO(outcome_free) struct outcome out = route("POST", "/api/v1/partners/accept", body);
        CHECK(t, files[i].why, out.status == files[i].want);
    }
}

/* "{x}" stands for any word, so two templates overlap when each pair of parts is equal or has such a word. */
static bool
overlap(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t la = strcspn(a + 1, "/") + 1, lb = strcspn(b + 1, "/") + 1;
        bool is_any = a[1] == '{' || b[1] == '{';
        if (!is_any && (la != lb || memcmp(a, b, la) != 0))
            return false;
        a += la;
        b += lb;
    }
    return *a == *b;
}

static void
test_table_is_sound(struct check *t)
{
    for (size_t i = 0; i < service_count(); i++) {
        const struct service *a = service_get(i);
        bool is_read = strcmp(a->method, "GET") == 0;
        for (size_t j = 0; j < i; j++) {
            const struct service *b = service_get(j);
            CHECK(t, "no request means two services",
                  strcmp(a->method, b->method) != 0 || !overlap(a->path, b->path));
        }
        CHECK(t, "what is asked by GET changes nothing",
              !is_read || a->effect == SERVICE_READS);
        CHECK(t, "the path is one that we can route",
              strncmp(a->path, "/api/v1/", 8) == 0 && strchr(a->path, '%') == NULL);
        for (size_t p = 0; p < SERVICE_PARAMS_MAX && a->params[p].name != NULL; p++)
            CHECK(t, "fields only come in a body",
                  a->params[p].kind != PARAM_FIELDS || http_route_has_body(a));
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "right requests", test_right_requests },
        { "wrong targets", test_wrong_targets },
        { "wrong bodies", test_wrong_bodies },
        { "says what is right", test_says_what_is_right },
        { "limits", test_limits },
        { "table is sound", test_table_is_sound },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "node/http_head.h"

#include <string.h>
#include <strings.h>

#include "node/http_route.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

enum { HEADERS_MAX = 64, LANGUAGES_MAX = 8 };

static bool
is_token(struct bytes text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i], letter = c | 0x20;
        bool is_plain = (c >= '0' && c <= '9') || (letter >= 'a' && letter <= 'z');
        if (!is_plain && (c == 0 || strchr(others, c) == NULL))
            return false;
    }
    return text.len > 0;
}

static bool
is_value(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
            return false;
    return true;
}

static bool
is_text(struct bytes a, const char *b)
{
    return a.len == strlen(b) && strncasecmp((const char *)a.data, b, a.len) == 0;
}

void
http_head_add(struct http_head *head, struct bytes name, struct bytes value)
{
    struct {
        const char *name;
        unsigned *count;
        struct bytes *value;
    } known[] = {
        { "Host", &head->hosts, NULL },
        { "Content-Length", &head->lengths, &head->length },
        { "Transfer-Encoding", &head->encodings, &head->encoding },
        { "Content-Type", &head->types, &head->type },
        { "Content-Encoding", &head->content_encodings, NULL },
        { "Accept-Language", NULL, &head->language },
    };

    head->count++;
    if (!is_token(name) || !is_value(value))
        head->is_broken = true;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!is_text(name, known[i].name))
            continue;
        if (known[i].count != NULL)
            (*known[i].count)++;
        if (known[i].value != NULL)
            *known[i].value = value;
    }
}

static bool
is_number(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.len > 0 && text.len < 16;
}

enum status
http_head_check(const struct http_head *head, struct diag *diag)
{
    bool is_11 = strcmp(head->version, "HTTP/1.1") == 0;
    bool is_10 = strcmp(head->version, "HTTP/1.0") == 0;
    bool is_bad = head->is_broken || head->count > HEADERS_MAX || (!is_11 && !is_10);

    is_bad = is_bad || head->hosts > 1 || (is_11 && head->hosts == 0);
    is_bad = is_bad || head->lengths + head->encodings > 1 || head->types > 1;
    is_bad = is_bad || (head->lengths == 1 && !is_number(head->length));
    is_bad = is_bad || (head->encodings == 1 && !(is_11 && is_text(head->encoding, "chunked")));
    is_bad = is_bad || head->content_encodings > 0;
    return is_bad ? diag_say(diag, STATUS_MALFORMED, "http.head", NULL) : STATUS_OK;
}

static uint64_t
announced(const struct http_head *head)
{
    uint64_t value = 0;

    for (size_t i = 0; head->lengths == 1 && i < head->length.len; i++)
        value = value * 10 + (uint64_t)(head->length.data[i] - '0'); /* at most 15 digits */
    return value;
}

static bool
has_type(const struct http_head *head, const char *type)
{
    size_t len = strlen(type);

    return head->type.len >= len &&
           strncasecmp((const char *)head->type.data, type, len) == 0 &&
           (head->type.len == len || strchr("; ", head->type.data[len]) != NULL);
}

enum status
http_head_check_body(const struct http_head *head, const struct service *service,
                     struct diag *diag)
{
    uint64_t len = announced(head);
    bool is_sent = len > 0 || head->encodings == 1;

    if (http_route_upload(service) != NULL) {
        if (len > HTTP_UPLOAD_MAX)
            return diag_say(diag, STATUS_TOO_BIG, "http.upload.big", NULL);
        if (has_type(head, "multipart/form-data") ||
            has_type(head, "application/x-www-form-urlencoded"))
            return diag_say(diag, STATUS_USAGE, "http.upload.form", NULL);
        return is_sent ? STATUS_OK : diag_say(diag, STATUS_USAGE, "http.upload.empty", NULL);
    }
    if (is_sent && !http_route_has_body(service))
        return diag_say(diag, STATUS_USAGE, "http.body.none", NULL);
    if (len > HTTP_BODY_MAX)
        return diag_say(diag, STATUS_TOO_BIG, "http.body.big", NULL);
    if (is_sent && !has_type(head, "application/json"))
        return diag_say(diag, STATUS_USAGE, "http.body.type", NULL);
    return STATUS_OK;
}

enum language
http_head_language(const struct http_head *head)
{
    struct reader r = reader_of(head->language);
    char tag[32];

    for (int i = 0; i < LANGUAGES_MAX && r.left > 0; i++) {
        size_t len = 0;
        uint8_t c;
        while (r.left > 0 && (c = reader_u8(&r)) != ',')
            if (c != ' ' && len < sizeof(tag) - 1)
                tag[len++] = (char)c;
        tag[len] = '\0';
        tag[strcspn(tag, ";")] = '\0'; /* the order counts, not the weights */
        if (language_of(tag) != LANGUAGE_EN || strncasecmp(tag, "en", 2) == 0)
            return language_of(tag);
    }
    return LANGUAGE_EN;
}

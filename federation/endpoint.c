/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"

#define SCHEME "tcp://"

enum { LABEL_MAX = 63, PORT_DIGITS_MAX = 5 };

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 1123: letters, digits and inner hyphens. */
static bool
is_label(const char *label, size_t len)
{
    if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_digit(label[i]) && !is_letter(label[i]) && label[i] != '-')
            return false;
    return true;
}

/* A last label that starts with a digit would be read as a number: 0x7f000001, 127.1. */
static bool
is_name(const char *host)
{
    for (;;) {
        size_t len = strcspn(host, ".");
        if (!is_label(host, len))
            return false;
        if (host[len] == '\0')
            return !is_digit(host[0]);
        host += len + 1;
    }
}

static enum status
parse_port(struct bytes text, uint16_t *out)
{
    uint32_t port = 0;

    if (text.len == 0 || text.len > PORT_DIGITS_MAX || (text.len > 1 && text.data[0] == '0'))
        return STATUS_MALFORMED;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit((char)text.data[i]))
            return STATUS_MALFORMED;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX ? STATUS_OK : STATUS_MALFORMED;
}

static enum status
parse_host(struct bytes text, struct endpoint *out)
{
    struct in6_addr address;
    bool bracketed = text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']';

    if (bracketed)
        text = bytes_of(text.data + 1, text.len - 2);
    if (text.len == 0 || text.len > ENDPOINT_HOST_MAX || memchr(text.data, '\0', text.len))
        return STATUS_MALFORMED;
    memcpy(out->host, text.data, text.len);
    if (bracketed) {
        out->kind = ENDPOINT_IPV6;
        return inet_pton(AF_INET6, out->host, &address) == 1 ? STATUS_OK : STATUS_MALFORMED;
    }
    out->kind = inet_pton(AF_INET, out->host, &address) == 1 ? ENDPOINT_IPV4 : ENDPOINT_NAME;
    return out->kind == ENDPOINT_IPV4 || is_name(out->host) ? STATUS_OK : STATUS_MALFORMED;
}

enum status
endpoint_parse(struct bytes text, struct endpoint *out)
{
    size_t scheme = strlen(SCHEME);
    struct endpoint e = { 0 };

    *out = e;
    if (text.len > ENDPOINT_MAX)
        return STATUS_TOO_BIG;
    if (text.len < scheme || memcmp(text.data, SCHEME, scheme) != 0)
        return STATUS_MALFORMED;
    const uint8_t *host = text.data + scheme, *end = text.data + text.len;
    const uint8_t *colon = memrchr(host, ':', (size_t)(end - host));
    if (colon == NULL)
        return STATUS_MALFORMED;
    TRY(parse_host(bytes_of(host, (size_t)(colon - host)), &e));
    TRY(parse_port(bytes_of(colon + 1, (size_t)(end - colon - 1)), &e.port));

    *out = e;
    return STATUS_OK;
}

void
endpoint_format(const struct endpoint *endpoint, char out[static ENDPOINT_MAX + 1])
{
    bool six = endpoint->kind == ENDPOINT_IPV6;
    int n = snprintf(out, ENDPOINT_MAX + 1, SCHEME "%s%s%s:%u", six ? "[" : "", endpoint->host,
                     six ? "]" : "", endpoint->port);

    assert(n > 0 && n <= ENDPOINT_MAX);
}

static bool
is_any_address(const struct endpoint *endpoint)
{
    struct in6_addr any = { 0 };
    struct in6_addr address = { 0 };

    if (endpoint->kind == ENDPOINT_NAME)
        return false;
    int family = endpoint->kind == ENDPOINT_IPV4 ? AF_INET : AF_INET6;
    return inet_pton(family, endpoint->host, &address) == 1 &&
           memcmp(&address, &any, sizeof(any)) == 0;
}

bool
endpoint_is_dialable(const struct endpoint *endpoint)
{
    return endpoint->port != 0 && !is_any_address(endpoint);
}

bool
endpoint_is_listenable(const struct endpoint *endpoint)
{
    return endpoint->kind != ENDPOINT_NAME;
}

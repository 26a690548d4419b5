/* SPDX-License-Identifier: Apache-2.0 */
#include "federation/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "tests/check.h"

static void
test_only_tcp_to_a_plain_host(struct check *t)
{
    static const struct {
        const char *why;
        const char *text;
        bool good;
    } rows[] = {
        { "an IPv4 address", "tcp://127.0.0.1:7010", true },
        { "an IPv6 address in brackets", "tcp://[2001:db8::1]:7010", true },
        { "a DNS name", "tcp://node-1.acme.example:443", true },
        { "a name without dots", "tcp://brio:7010", true },
        { "the lowest port that is none", "tcp://brio:0", true },
        { "the highest port", "tcp://brio:65535", true },
        { "a port over it", "tcp://brio:65536", false },
        { "a port with leading zeros", "tcp://brio:0443", false },
        { "a port of another kind", "tcp://brio:*", false },
        { "no port", "tcp://brio", false },
        { "an empty port", "tcp://brio:", false },
        { "a sign in the port", "tcp://brio:+80", false },
        { "no host", "tcp://:7010", false },
        { "another transport", "ipc:///run/x:1", false },
        { "a multicast transport", "pgm://eth0;239.1.1.1:5", false },
        { "upper-case scheme", "TCP://brio:1", false },
        { "a source address", "tcp://10.0.0.1:0;brio:7010", false },
        { "a wildcard", "tcp://*:7010", false },
        { "an address in hexadecimal", "tcp://0x7f000001:7010", false },
        { "a short address", "tcp://127.1:7010", false },
        { "an address with leading zeros", "tcp://127.000.0.1:7010", false },
        { "an address number too big", "tcp://127.0.0.256:7010", false },
        { "IPv6 without brackets", "tcp://::1:7010", false },
        { "IPv6 with an interface", "tcp://[fe80::1%eth0]:7010", false },
        { "a path behind the port", "tcp://brio:7010/x", false },
        { "a user before the host", "tcp://me@brio:7010", false },
        { "an empty label", "tcp://a..b:1", false },
        { "a dot at the end", "tcp://brio.:1", false },
        { "a hyphen at the start of a label", "tcp://-brio:1", false },
        { "a hyphen at its end", "tcp://brio-:1", false },
        { "an underscore", "tcp://my_node:1", false },
        { "white space", "tcp://brio :1", false },
        { "a line end", "tcp://brio:1\n", false },
        { "letters of other scripts", "tcp://br\xc3\xado:1", false },
        { "nothing", "", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct endpoint e;
        char text[ENDPOINT_MAX + 1] = "";
        bool good = endpoint_parse(bytes_text(rows[i].text), &e) == STATUS_OK;
        CHECK(t, rows[i].why, good == rows[i].good);
        if (good)
            endpoint_format(&e, text);
        CHECK(t, "it comes back as it was", !good || strcmp(text, rows[i].text) == 0);
    }
    struct endpoint e;
    CHECK(t, "a NUL ends nothing",
          endpoint_parse(bytes_of("tcp://a\0b:1", 11), &e) != STATUS_OK);
}

static enum status
parse_long(size_t label, size_t labels, size_t total)
{
    struct endpoint e;
    AUTO(buffer_fini) struct buffer text = { 0 };

    buffer_put_text(&text, "tcp://");
    for (size_t i = 0; i < labels; i++) {
        for (size_t j = 0; j < label; j++)
            buffer_put_u8(&text, 'a');
        buffer_put_text(&text, i + 1 < labels ? "." : "");
    }
    while (text.len < total)
        buffer_put_u8(&text, 'a');
    buffer_put_text(&text, ":1");
    return endpoint_parse(buffer_bytes(&text), &e);
}

static void
test_limits(struct check *t)
{
    enum { SCHEME = 6 };

    CHECK(t, "a label of 62", parse_long(62, 1, 0) == STATUS_OK);
    CHECK(t, "a label of 63", parse_long(63, 1, 0) == STATUS_OK);
    CHECK(t, "not of 64", parse_long(64, 1, 0) == STATUS_MALFORMED);
    /* "tcp://" + host + ":1": ENDPOINT_MAX ends the text before the host is over its own limit */
    CHECK(t, "a text one short of its limit", parse_long(48, 5, ENDPOINT_MAX - 3) == STATUS_OK);
    CHECK(t, "a text at its limit", parse_long(48, 5, ENDPOINT_MAX - 2) == STATUS_OK);
    CHECK(t, "a text over it", parse_long(48, 5, ENDPOINT_MAX - 1) == STATUS_TOO_BIG);
}

static void
test_what_an_endpoint_is_good_for(struct check *t)
{
    static const struct {
        const char *text;
        bool dial, listen;
    } rows[] = {
        { "tcp://127.0.0.1:7010", true, true }, { "tcp://brio:7010", true, false },
        { "tcp://[::1]:7010", true, true },     { "tcp://0.0.0.0:7010", false, true },
        { "tcp://[::]:7010", false, true },     { "tcp://127.0.0.1:0", false, true },
        { "tcp://[0:0::0]:7010", false, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct endpoint e;
        CHECK(t, rows[i].text, endpoint_parse(bytes_text(rows[i].text), &e) == STATUS_OK);
        CHECK(t, rows[i].text, endpoint_is_dialable(&e) == rows[i].dial);
        CHECK(t, rows[i].text, endpoint_is_listenable(&e) == rows[i].listen);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "only tcp to a plain host", test_only_tcp_to_a_plain_host },
        { "limits", test_limits },
        { "what an endpoint is good for", test_what_an_endpoint_is_good_for },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

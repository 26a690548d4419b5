/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/endpoint.h - "tcp://host:port", the only addresses there are. ZeroMQ knows other
 * transports, interface names and options in the same text, so it is only ever given text that
 * endpoint_format made.
 *
 *   host = IPv4 | "[" IPv6 "]" | DNS name, whose last label does not start with a digit
 *   port = 0 to 65535 without leading zeros
 */
#ifndef HANSA_FEDERATION_ENDPOINT_H
#define HANSA_FEDERATION_ENDPOINT_H

#include "schema/base/bytes.h"
#include "schema/base/limits.h"

enum { ENDPOINT_HOST_MAX = 253 };

enum endpoint_kind { ENDPOINT_IPV4, ENDPOINT_IPV6, ENDPOINT_NAME };

struct endpoint {
    enum endpoint_kind kind;
    char host[ENDPOINT_HOST_MAX + 1]; /* IPv6 without its brackets */
    uint16_t port;
};

/* STATUS_TOO_BIG over ENDPOINT_MAX, else STATUS_MALFORMED for anything but the above. */
MUST_CHECK enum status endpoint_parse(struct bytes text, struct endpoint *out);
/* Exactly the text that was parsed. */
void endpoint_format(const struct endpoint *endpoint, char out[static ENDPOINT_MAX + 1]);

/* A partner can be reached there: not port 0, not "every address of this machine". */
bool endpoint_is_dialable(const struct endpoint *endpoint);
/* An address to listen on: a number, not a name that could mean another machine tomorrow. */
bool endpoint_is_listenable(const struct endpoint *endpoint);

#endif

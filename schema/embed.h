/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/embed.h - data files compiled in: tables ended by a NULL name, in the order of the names.
 */
#ifndef HANSA_SCHEMA_EMBED_H
#define HANSA_SCHEMA_EMBED_H

#include <stdint.h>

struct embedded {
    const char *name; /* file name without its ending */
    const uint8_t *data;
    const uint8_t *end; /* a zero byte stands there */
};

extern const struct embedded embedded_types[];
extern const struct embedded embedded_lang[];
extern const struct embedded embedded_words[];
extern const struct embedded embedded_presets[];
extern const struct embedded embedded_migrations[]; /* node only */

#endif

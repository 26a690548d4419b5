/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/ical_priv.h - what writing and reading calendar files share (schema/ical_write.c).
 */
#ifndef HANSA_SCHEMA_ICAL_PRIV_H
#define HANSA_SCHEMA_ICAL_PRIV_H

#include "schema/base/arena.h"

/* Nothing that could end the line or the address. */
bool ical_is_plain_address(const char *text);
/* Text for a value: line feeds stay, other control characters do not; cut between characters. */
const char *ical_plain_text(const char *text, size_t max, bool is_name, struct arena *arena);

#endif

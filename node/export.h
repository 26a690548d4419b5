/* SPDX-License-Identifier: Apache-2.0
 *
 * node/export.h - records as a file for people and other programs: CSV, vCard, iCalendar.
 *
 * Each row says whose it is and what its reader may do with it: owner, via, as of, and of another company's row the
 * purposes and the end of the grants under which it is here. In a CSV these stand in columns of their own, whose names
 * begin with MAPPING_MARK, so that an import knows them and takes no row of another company for its own.
 */
#ifndef HANSA_NODE_EXPORT_H
#define HANSA_NODE_EXPORT_H

#include "node/service_priv.h"

struct export_format; /* of a table in export.c */

/* What one part of a file is written with. */
struct export_writer {
    struct call *call;
    const struct type *type;
    const struct export_format *format;
    const struct type_field **columns;
    size_t column_count, mark_count;
    char delimiter;
    struct arena *row; /* dropped after each row */
    struct arena *kept;
    struct export_grant {
        int64_t id; /* 0: none yet */
        const char *purposes, *until;
    } grants[64];
    struct buffer text;
    int64_t rows, partner_rows;
    int64_t left_out; /* what the format cannot say: an event without a time */
};

/* What the argument `delimiter` says: "," (also when it is left out) or ";". */
MUST_CHECK enum status export_delimiter(struct call *call, char *out);
/* STATUS_USAGE with a sentence: no such format, or not for records of this type. NULL: CSV. */
MUST_CHECK enum status export_init(struct export_writer *w, struct call *call,
                                   const struct type *type, const char *format);
void export_fini(struct export_writer *w);
/* What stands before the first row. */
void export_head(struct export_writer *w, bool bom);
/* A record as it is now; nothing when it is gone by now. */
MUST_CHECK enum status export_row(struct export_writer *w, int64_t record);

#endif

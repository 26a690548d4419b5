/* SPDX-License-Identifier: Apache-2.0
 *
 * node/import.h - a CSV file into records, piece by piece: what is new is added, what is there is updated, what
 * is bad goes into a file that can be mended and imported again.
 *
 * Rows are found again by the mapping's key columns, then e-mail, then name with company. A piece is one round's
 * work: committed with the number of rows done, so that an interrupted import goes on where it was.
 */
#ifndef HANSA_NODE_IMPORT_H
#define HANSA_NODE_IMPORT_H

#include "node/core_priv.h"

struct import;

struct import_config {
    const char *type;
    const char *path;     /* the file */
    const char *bad_path; /* where bad rows go */
    const char *preset;   /* NULL: recognise */
    const char *mapping;  /* text of the company's own, NULL: none */
    const char *charset;  /* NULL: guess */
    char delimiter;       /* 0: guess */
    /* For rows that do not say it themselves, by enum consent_field; NULL: not said. Without a column and without a basis
     * here, a type that asks for one is refused. */
    const char *consent[CONSENT_DATE];
    enum language language; /* of whoever reads what is wrong with it */
    bool dry_run;
    int64_t skip;     /* rows done before an interruption */
    int64_t bad_size; /* bytes of bad_path then */
};

struct import_counts {
    int64_t rows, added, updated, unchanged, bad;
    int64_t suppressed;         /* bad ones: of people who must not come back */
    int64_t limited;            /* good ones that lost a ground which was taken back */
    int64_t consented, unknown; /* of the good ones: with a ground for sharing, without */
    int64_t bad_size;
};

/* Looks at the beginning of the file. STATUS_USAGE and others with a sentence. */
MUST_CHECK enum status import_open(const struct import_config *config, struct diag *diag,
                                   struct import **out);
void import_close(struct import **import);
/* The next piece, in core's transaction. *done when the file is at its end. */
MUST_CHECK enum status import_step(struct import *import, struct core *core, struct diag *diag,
                                   bool *done);
const struct import_counts *import_counts_get(const struct import *import);
/* {line, column, value?, problem} of the first bad rows; a new reference. */
json_t *import_first_bad(const struct import *import);
void import_restore(struct import *import, const struct import_counts *counts,
                    const json_t *first_bad);
/* NULL: the header was not read yet. */
const struct mapping *import_mapping(const struct import *import);

#endif

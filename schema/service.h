/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/service.h - the one service table: what a node can be asked. API, CLI and OpenAPI are made
 * from it and have no logic of their own; node/service_*.c has one handler per row.
 *
 * A service "noun.verb" is `hansa noun verb` on the command line and METHOD PATH in the API, where
 * {name} in PATH is filled from the parameter of that name. Parameters of GET and DELETE go in the
 * query, those of POST and PATCH in a JSON object; an upload sends the file as the body and the rest in
 * the query. Summaries and parameter help are catalog text: "service.NAME", "service.NAME.PARAM".
 */
#ifndef HANSA_SCHEMA_SERVICE_H
#define HANSA_SCHEMA_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

enum param_kind {
    PARAM_TEXT,
    PARAM_INTEGER,
    PARAM_BOOLEAN, /* on the command line a flag without value */
    PARAM_LIST,    /* of text; repeated or comma-separated on the command line */
    PARAM_FIELDS, /* object name -> text; on the command line --FIELD VALUE for every option that is no other parameter */
    PARAM_FILE, /* text of a small file (<= 64 KiB); on the command line its path, "-" for standard input */
    PARAM_UPLOAD, /* the request body; on the command line a path */
};

enum param_flag {
    PARAM_REQUIRED = 1,
    PARAM_POSITIONAL =
        2, /* on the command line without --name, in table order; a list takes the rest */
    PARAM_TYPE_NOUN =
        4, /* filled from the noun: `hansa contact add` is record.add with type=contact */
};

struct service_param {
    const char *name;
    enum param_kind kind;
    unsigned flags;
    const char *example; /* for help, man page and OpenAPI; NULL: none */
};

enum right { RIGHT_READ, RIGHT_WRITE, RIGHT_SHARE, RIGHT_ADMIN, RIGHT_COUNT_ };
const char *right_name(enum right right);

enum service_effect {
    SERVICE_CHANGES = false,
    SERVICE_READS = true, /* runs on a snapshot, beside the writer */
    SERVICE_TAKES_BACK,   /* changes, also on a full disk: on the room kept for it (P12) */
};

/* How the reply looks to a person. JSON is the same for all. */
enum reply_shape {
    REPLY_OBJECT, /* members as "name: value" lines */
    REPLY_LIST, /* {"items": [...], "next": cursor or null, "total": n}: a table of `columns` */
    REPLY_FILE, /* {"text": ...}: written to --out FILE or standard output */
    REPLY_FILES, /* {"files": [{"name", "text"}], "left_out": [...], "next"}: written into the folder --out */
    REPLY_JOB, /* {"job": id}: the command line follows it with progress */
};

enum { SERVICE_PARAMS_MAX = 24 };

struct service {
    const char *name;   /* "partner.invite" */
    const char *method; /* GET, POST, PATCH, DELETE */
    const char *path;   /* "/api/v1/partners/{partner}" */
    enum right right;
    enum service_effect effect; /* false and true stand for the first two */
    enum reply_shape shape;
    const char *columns; /* REPLY_LIST: members shown, space-separated */
    struct service_param params[SERVICE_PARAMS_MAX]; /* ended by a NULL name */
};

size_t service_count(void);
const struct service *service_get(size_t index);
const struct service *service_find(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/light.h - companies without a node: what they get as files, and the rows that they send back
 * (docs/protocol/light.md, docs/adr/0014-a-company-without-a-node.md).
 *
 * 1. Such a company has a number of our making and no key. It cannot sign, so no chain begins with it: what it owns here
 *    can by construction go to nobody else.
 * 2. Its rows are its own records, kept here under the grant that asked for them, signed by us as custodian: the signature
 *    says that we held them so, never that the company said it. They end with that grant.
 */
#ifndef HANSA_NODE_LIGHT_H
#define HANSA_NODE_LIGHT_H

#include "node/service_priv.h"

/* What it needs to be shared with by file. STATUS_CONFLICT or STATUS_USAGE with a sentence: only an event of ours and its
 * own fields, read here and not passed on. */
MUST_CHECK enum status light_check(struct call *call, const struct grant *grant);
/* The signed offer that a reply sheet answers. */
MUST_CHECK enum status light_offer_make(struct call *call, const struct grant *grant,
                                        const struct object_id *gid, struct signed_object *out);

/* A share by file, as it was offered. */
struct light_share {
    struct live *live;
    const struct company *company;
    const struct grant *grant;
    struct signed_object object; /* the light offer */
    struct object_id oid;
    struct light_offer *offer;
};
/* The live one that the argument "share" names. STATUS_CONFLICT with a sentence: it is none, or has ended. */
MUST_CHECK enum status light_share_find(struct call *call, struct light_share *out);
/* "en", "zh-Hans", "zh-Hant" */
bool light_language_find(const char *text, enum language *out);

/* ---- light_page.c: texts of the files ---- */
struct light_files {
    struct call *call;
    const struct light_share *share;
    const struct type *event_type, *guest_type;
    struct record_now *event; /* with the granted fields alone */
    enum language language;
    const char *us, *ask; /* our name; whom to ask */
    char delimiter;
};
const char *light_page(const struct light_files *files);
const char *light_sheet(const struct light_files *files);
MUST_CHECK enum status light_offer_text(const struct light_files *files, const char **out);

/* ---- light_rows.c: rows held for a company ---- */
/* All rows held under the share, at most LIGHT_ROWS_MAX; in the arena. */
MUST_CHECK enum status light_rows_get(struct call *call, const struct live *live,
                                      struct record_now ***out, size_t *count);
/* New revisions, signed by us for the company; item.record 0: a new row. */
MUST_CHECK enum status light_rows_put(struct core *core, const struct live *live,
                                      struct mint *items, size_t count, const char *actor);

/* What is known of the person that a row means. */
enum { LIGHT_FORMS = 5 };
struct light_person {
    struct bytes form[LIGHT_FORMS]; /* matching forms; in the call's arena */
};
void light_person_of(struct call *call, const struct type *guest, const struct field *fields,
                     size_t count, struct light_person *out);
/* The same address, or the same name and nothing that both say differs. */
bool light_is_one(const struct light_person *a, const struct light_person *b);

#endif

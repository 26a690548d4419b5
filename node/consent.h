/* SPDX-License-Identifier: Apache-2.0
 *
 * node/consent.h - on what ground a person may be shared: the standing answer of her contact, refined by the
 * consent records about her. The rule itself is consent_of() (acl/chain.h).
 */
#ifndef HANSA_NODE_CONSENT_H
#define HANSA_NODE_CONSENT_H

#include "node/service_priv.h"

/* Puts into the draft of a row of type `to` what `contact`, a contact of ours, allows as of now: its consent fields,
 * with what its consent records add and take away. A row gets no basis when she took back or refused all of it. */
MUST_CHECK enum status consent_fill(struct call *call, const struct record_now *contact,
                                    const struct type *to, struct draft *draft);

/* A consent record of ours was written, with these fields: the contact that it is about, and guests and leads made of her,
 * say anew what they allow. */
MUST_CHECK enum status consent_spread(struct call *call, const struct field *fields,
                                      size_t count);

/* Takes out of what a draft says of its ground what was taken back: these purposes, for these recipients; empty: all. */
void consent_take_back(struct call *call, const struct type *type, struct draft *draft,
                       const char *purposes, const char *recipients);

struct consent_question {
    const struct type *
        type; /* of the row: it refers to a contact of ours by its field "contact", or to none */
    const struct field *fields; /* of the row, ascending */
    size_t field_count;
    const struct consent_target *target; /* consent_target_make() */
    bool waived;                         /* struct company: consent_waived */
};

/* Why would this personal row stay home? LACK_NONE: it would not. A row of ours that lacks its ground because the person
 * took it back, refused, or her consent has run out is LACK_WITHDRAWN. Catalog: "consent." and consent_lack_name(). */
MUST_CHECK enum status consent_left_out(struct call *call,
                                        const struct consent_question *question,
                                        enum consent_lack *out);

/* What stays home for lack of consent: how many, and the first of them with why, for the person at this node only. */
struct consent_stay {
    json_t *items; /* the caller's */
    int64_t count;
};
void consent_stay_note(struct call *call, struct consent_stay *stay, const struct copy_row *row,
                       enum consent_lack lack);
/* left_out, left_out_records */
void consent_stay_put(const struct consent_stay *stay, json_t *reply);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_priv.h - what the services share: arguments, look-ups, and the JSON people and programs get.
 */
#ifndef HANSA_NODE_SERVICE_PRIV_H
#define HANSA_NODE_SERVICE_PRIV_H

#include "node/core_priv.h"
#include "node/store/project.h"
#include "schema/text.h"

/* ---- arguments: the HTTP server checked their kinds ---- */
const char *arg_text(const struct call *call, const char *name); /* NULL: not given */
const char *arg_text_or(const struct call *call, const char *name, const char *otherwise);
int64_t arg_integer(const struct call *call, const char *name, int64_t otherwise);
bool arg_is_set(const struct call *call, const char *name);
const json_t *arg_list(const struct call *call, const char *name); /* array, or NULL */

/* ---- look-ups: STATUS_NOT_FOUND or STATUS_USAGE with a sentence ---- */
MUST_CHECK enum status find_record(struct call *call, const char *text, int64_t *record);
/* Its whole id, in the arena. */
MUST_CHECK enum status find_record_id(struct call *call, const char *text, struct bytes *out);
MUST_CHECK enum status find_company(struct call *call, const char *text, int64_t *company);
MUST_CHECK enum status find_share(struct call *call, const char *text, int64_t *share);
MUST_CHECK enum status find_proposal(struct call *call, const char *text, int64_t *proposal);
MUST_CHECK enum status find_type(struct call *call, const char *name, const struct type **out);

/* What the node itself does the way a request would: arena and diag stay the caller's. */
struct call service_own_call(struct core *core, struct arena *arena, struct diag *diag);

/* ---- JSON ---- */
json_t *json_id(
    const uint8_t *id32); /* first 16 characters of base32: enough to be told apart */
json_t *json_time(struct wall_ms at); /* RFC 3339, UTC */
json_t *json_words(const char *text); /* never NULL: bytes that are no text give "" */
json_t *json_text(struct bytes text); /* the same; no bytes are no text */
const char *id_text(struct call *call, const uint8_t *id32);
/* Adds a member and takes the value. */
void reply_set(json_t *object, const char *name, json_t *value);

/* The rows of a list: add items, then finish with the key of the last row and how many there are in all. */
struct page {
    json_t *items; /* of the call's reply */
    int64_t after;
    int64_t limit;
    const char *search;
};
MUST_CHECK enum status page_begin(struct call *call, struct page *page);
/* last: key of the last row shown; more: there are rows after it. total < 0: as many as shown. */
void page_end(struct call *call, struct page *page, int64_t last, bool more, int64_t total);

/* A whole list service: one page of a statement whose parameters are ?1 the key to go on after, ?2 the words looked
 * for, ?3 how many, and whose first column is the key. */
typedef json_t *row_fn(struct call *call, struct stmt *q);
MUST_CHECK enum status page_rows(struct call *call, enum statement id, row_fn *row);

/* ---- records as JSON (service_record.c) ---- */
const char *record_title(struct call *call, const struct record_now *now);
json_t *record_fields_json(struct call *call, const struct type *type,
                           const struct field *fields, size_t count);
/* A whole list service over `query`, whose type is set: the request's page of it, words looked for, segment, rule. */
MUST_CHECK enum status record_page(struct call *call, struct project_query *query);
/* id, type, title, owner, via, as_of, fields, and what its type adds. */
MUST_CHECK enum status record_json(struct call *call, const struct record_now *now,
                                   json_t **out);
/* STATUS_DENIED with a sentence: another company's. */
/* What record.list and record.export are asked for: type, event, segment, rule. */
MUST_CHECK enum status record_page_query(struct call *call, struct project_query *out);
MUST_CHECK enum status record_check_own(struct call *call, const struct record_now *now);
struct company_name {
    const char *name;
    enum company_state state;
    int64_t introduced_by;
    bool is_confirmed; /* introduced only, but its words were compared */
};
MUST_CHECK enum status company_name(struct call *call, int64_t company,
                                    struct company_name *out);
/* Do we know that it is who it says? Not when we only met it through a chain. */
bool company_name_is_verified(const struct company_name *name);
/* Who made this company known to us, while we have no link to it; else NULL. */
MUST_CHECK enum status carrier_name(struct call *call, int64_t company, const char **out);
/* Through which company a copy under this grant came; NULL for our own and for the owner itself. */
MUST_CHECK enum status via_name(struct call *call, int64_t grant, int64_t owner,
                                const char **out);

/* ---- contribution terms (service_terms.c) ---- */
/* What the request says of contributions, into `grant`; parent: the grant it will hang under, or NULL. */
MUST_CHECK enum status terms_read(struct call *call, const struct grant *parent,
                                  struct grant *grant);
json_t *terms_json(struct call *call, const struct terms *terms);
/* "2027-05-01" counts to the end of that day, UTC; or a moment. STATUS_USAGE with sentence `key`. */
MUST_CHECK enum status moment_read(struct call *call, const char *text, const char *key,
                                   struct wall_ms *out);
/* "attendee.name", or "name" of type `only`. */
MUST_CHECK enum status grant_field_read(struct call *call, const char *text,
                                        const struct type *only, struct grant_field *out);

/* ---- shares (service_share.c, service_offer.c) ---- */
/* The share that the argument names, if it still runs and we are on this side of it; else a sentence. */
MUST_CHECK enum status find_live(struct call *call, const char *param, enum share_role role,
                                 struct live **out);
/* The share as the reply. */
MUST_CHECK enum status share_show(struct call *call, int64_t share, int64_t *leaf);
/* Terms of a leaf: fields, purpose, until, depth, ... into `object`. */
MUST_CHECK enum status share_terms(struct call *call, int64_t leaf, json_t *object);
json_t *grant_fields_json(struct call *call, const struct grant *grant);
MUST_CHECK enum status company_name_of(struct call *call, const struct node_id *node,
                                       const char **out);

/* ---- field texts to fields (service_record.c) ---- */
struct draft { /* fields of a record being made or changed, ascending */
    struct field fields[FIELDS_MAX];
    size_t count;
};
MUST_CHECK enum status draft_set(struct call *call, struct draft *draft,
                                 const struct type *type, const char *name, const char *text);
/* Completes a name from its parts and checks what is required. */
MUST_CHECK enum status draft_check(struct call *call, struct draft *draft,
                                   const struct type *type);
/* STATUS_DENIED with a sentence: the person must not come back, or took this ground back (node/suppression.h). id: NULL: the
 * record is new. */
MUST_CHECK enum status draft_may_stand(struct call *call, const struct record_id *id,
                                       struct draft *draft, const struct type *type);
void draft_put(struct draft *draft, struct key key, struct bytes value);
const struct field *draft_find(const struct draft *draft, struct key key);

/* ---- guests (service_guest.c) ---- */
/* The event that the request names, ours or a partner's, that is here and not removed. */
MUST_CHECK enum status guests_event(struct call *call, struct record_now **event);
struct guests_progress {
    int64_t after; /* the last contact looked at */
    int64_t done, added, already;
    bool is_over;
};
/* The next piece of our contacts that contain `search`, as guests of the call's event. */
MUST_CHECK enum status guests_bring(struct call *call, const char *search,
                                    struct guests_progress *progress);

/* ---- persons (service_person.c) ---- */
struct claim { /* a row that speaks of a person */
    struct record_now *now;
    const char *company; /* whose row it is */
    const char *via;     /* who handed it to us; NULL: the owner, or it is ours */
    bool is_verified;
    bool by_file;           /* of a company without a node: not signed by it (node/light.h) */
    struct wall_ms claimed; /* as its owner signed, in the first revision that we saw */
    struct wall_ms since;   /* when it was first shown here */
    struct wall_ms
        stale; /* of a company without a link: not heard of since, for long; ms 0: it is not stale */
};
/* Ours first, then the earliest to come. In the arena; none: the person is gone. STATUS_NOT_FOUND: all her rows are lost. */
MUST_CHECK enum status person_claims(struct call *call, int64_t person, struct claim **out,
                                     size_t *count);
/* The value of the first claim that has the field, as text; NULL: none has it. */
const char *person_text(struct call *call, const struct type *type, const struct claim *claims,
                        size_t count, const char *name);
/* "Cedar via Brio, not verified" */
const char *claim_words(struct call *call, const struct claim *claim);

/* The one person of the event that the text means: by the beginning of a row's id, or by words. */
/* What guest.list and guest.export are asked for: event, company, status. */
MUST_CHECK enum status person_query(struct call *call, struct project_query *out);
MUST_CHECK enum status person_find(struct call *call, const struct record_id *event,
                                   const char *text, int64_t *person);
/* The newest activity of this form about the row, ours or (own_only false) anybody's; NULL: none. */
MUST_CHECK enum status claim_activity(struct call *call, const struct claim *claim,
                                      const char *form, bool own_only, struct record_now **out);
/* What an activity of ours about the row says at least: form, about, and the contribution under which the row reached
 * us, so that its bringer sees it. */
MUST_CHECK enum status claim_draft(struct call *call, const struct type *activity,
                                   const struct claim *claim, const char *form,
                                   struct draft *draft);
/* The person at this row, and the row as a claim. STATUS_NOT_FOUND: it is not shown. */
MUST_CHECK enum status claim_of_row(struct call *call, const struct record_id *row,
                                    struct claim *out, int64_t *person);
/* When the first of them arrived, by anybody's word; ms 0: nobody said so. */
MUST_CHECK enum status person_arrived(struct call *call, const struct claim *claims,
                                      size_t count, struct wall_ms *out);

/* ---- leads (service_lead.c, service_followup.c) ---- */
/* The row that a lead refers to, as it may be read now. */
struct lead_guest {
    struct claim claim; /* claim.now NULL: it is gone */
    const char *why;    /* it is gone; for people */
    const char *origin; /* "Spring launch, brought by Cedar via Brio, attended" */
    const char *name, *organization, *email, *telephone; /* NULL: not there */
};
/* STATUS_NOT_FOUND: the lead refers to no row. */
MUST_CHECK enum status lead_guest_get(struct call *call, const struct record_now *lead,
                                      struct lead_guest *out);
/* What a lead adds to its record in a reply, and what its change tells the bringers. */
MUST_CHECK enum status lead_show(struct call *call, const struct record_now *now,
                                 json_t *object);
MUST_CHECK enum status lead_changed(struct call *call, const struct record_now *before);

/* ---- segments (service_segment.c) ---- */
/* Narrows a list to what the request's `where` and the segment that its argument `segment` names cover, if they are
 * given. query->type is set. */
MUST_CHECK enum status segment_filter(struct call *call, const char *segment,
                                      struct project_query *query);
/* What a type asks of its records beyond what every type does. */
MUST_CHECK enum status segment_check(struct call *call, const struct draft *draft,
                                     const struct type *type);
MUST_CHECK enum status segment_show(struct call *call, const struct record_now *now,
                                    json_t *object);
MUST_CHECK enum status segment_removed(struct call *call, const struct record_now *now);

/* ---- jobs (service_job.c) ---- */
/* Queues a job and answers with its number. Takes args. */
MUST_CHECK enum status job_add(struct call *call, const char *kind, json_t *args,
                               const char *path, int64_t total);

/* ---- dictionary (service_node.c) ---- */
/* A field of our own on a type; call->dictionary is the new one afterwards. */
MUST_CHECK enum status type_add_field(struct call *call, const struct type *type,
                                      const char *name, const char *label, const char *kind,
                                      const char *privacy);

/* ---- partners (service_partner.c, service_light.c) ---- */
MUST_CHECK enum status partner_show(struct call *call, int64_t company);
/* What is written down of a company without a node; of others nothing. */
MUST_CHECK enum status light_company_put(struct call *call, int64_t company, json_t *object);

/* ---- calendar files (service_invitation.c) ---- */
/* The event, as far as its fields are given, for nobody in particular. STATUS_USAGE with *why: it has no time. */
/* marks: as in struct ical_invitation. */
MUST_CHECK enum status invitation_event(struct call *call, struct record_now *event,
                                        const char *const *marks, struct diag *why,
                                        const char **out);

/* ---- evidence files (service_evidence.c) ---- */
void evidence_begin(struct buffer *out);
/* "grant ", and the signed bytes. STATUS_TOO_BIG with a sentence. */
MUST_CHECK enum status evidence_line(struct call *call, const char *word, struct bytes object,
                                     struct buffer *out);
/* The file as the reply. */
void evidence_end(struct call *call, struct buffer *out);

/* ---- handlers: one per row of the service table ---- */
enum status service_node_status(struct call *call);
enum status service_lease_set(struct call *call);
enum status service_type_list(struct call *call);
enum status service_type_show(struct call *call);
enum status service_type_add(struct call *call);
enum status service_field_add(struct call *call);
enum status service_node_backup(struct call *call);
enum status service_node_confirm(struct call *call);
enum status service_partner_invite(struct call *call);
enum status service_partner_accept(struct call *call);
enum status service_key_list(struct call *call);
enum status service_key_partners(struct call *call);
enum status service_key_retire(struct call *call);
/* Into the warnings of the node's status. */
MUST_CHECK enum status service_key_warn(struct call *call, json_t *warnings);
enum status service_partner_list(struct call *call);
enum status service_partner_show(struct call *call);
enum status service_partner_trust(struct call *call);
enum status service_partner_confirm(struct call *call);
enum status service_partner_waive(struct call *call);
enum status service_partner_suspend(struct call *call);
enum status service_partner_remove(struct call *call);
enum status service_partner_add_light(struct call *call);
enum status service_share_to_file(struct call *call);
enum status service_share_import_reply(struct call *call);
enum status service_record_add(struct call *call);
enum status service_record_set(struct call *call);
enum status service_record_show(struct call *call);
enum status service_record_list(struct call *call);
enum status service_record_export(struct call *call);
enum status service_record_remove(struct call *call);
enum status service_record_import(struct call *call);
enum status service_job_list(struct call *call);
enum status service_job_show(struct call *call);
enum status service_job_stop(struct call *call);
enum status service_job_resume(struct call *call);
enum status service_job_bad_rows(struct call *call);
enum status service_contact_erase(struct call *call);
enum status service_contact_mentions(struct call *call);
enum status service_consent_withdraw(struct call *call);
enum status service_suppression_list(struct call *call);
enum status service_suppression_check(struct call *call);
enum status service_suppression_lift(struct call *call);
enum status service_segment_list(struct call *call);
enum status service_segment_preview(struct call *call);
enum status service_segment_members(struct call *call);
enum status service_segment_include(struct call *call);
enum status service_segment_exclude(struct call *call);
enum status service_guest_add(struct call *call);
enum status service_guest_list(struct call *call);
enum status service_guest_export(struct call *call);
enum status service_guest_arrive(struct call *call);
enum status service_lead_make(struct call *call);
enum status service_lead_undo(struct call *call);
enum status service_lead_move(struct call *call);
enum status service_work_list(struct call *call);
enum status service_event_attribution(struct call *call);
enum status service_guest_invitation(struct call *call);
enum status service_guest_invitations(struct call *call);
enum status service_guest_reply(struct call *call);
enum status service_guest_contribute(struct call *call);
enum status service_guest_brought(struct call *call);
enum status service_guest_carried(struct call *call);
enum status service_share_lens(struct call *call);
enum status service_share_create(struct call *call);
enum status service_share_list(struct call *call);
enum status service_share_show(struct call *call);
enum status service_share_stop(struct call *call);
enum status service_offer_list(struct call *call);
enum status service_offer_show(struct call *call);
enum status service_offer_accept(struct call *call);
enum status service_offer_decline(struct call *call);
enum status service_guest_missing(struct call *call);
enum status service_guest_ask(struct call *call);
enum status service_ask_list(struct call *call);
enum status service_ask_close(struct call *call);
enum status service_proposal_make(struct call *call);
enum status service_receipt_list(struct call *call);
enum status service_receipt_hold(struct call *call);
enum status service_receipt_export(struct call *call);
enum status service_evidence_list(struct call *call);
enum status service_evidence_export(struct call *call);
enum status service_letter_list(struct call *call);
enum status service_letter_export(struct call *call);
enum status service_letter_import(struct call *call);
enum status service_proposal_list(struct call *call);
enum status service_proposal_show(struct call *call);
enum status service_proposal_accept(struct call *call);
enum status service_proposal_decline(struct call *call);
enum status service_explain(struct call *call);
enum status service_holders(struct call *call);
/* Names, as keys of the object, of the companies that have a record or may have it: under a share that is not over, and
 * not said to be erased. */
MUST_CHECK enum status service_data_holding(struct call *call, int64_t record, json_t *names);
enum status service_data_where(struct call *call);
enum status service_data_held(struct call *call);
enum status service_data_register(struct call *call);
enum status service_deadletter_list(struct call *call);
enum status service_audit_list(struct call *call);
enum status service_audit_verify(struct call *call);
enum status service_audit_accept(struct call *call);

#endif

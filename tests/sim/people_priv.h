/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/people_priv.h - what the files of people.c share.
 */
#ifndef HANSA_TESTS_SIM_PEOPLE_H
#define HANSA_TESTS_SIM_PEOPLE_H

#include "tests/sim/sim.h"

/* A service at a node, told to the trace; a machine's fault fails the seed. The reply is the caller's. */
json_t *people_ask(struct node *node, const char *service, json_t *args, enum status *status);
/* The same when only the status matters. */
enum status people_tell(struct node *node, const char *service, json_t *args);
void people_copy_id(const json_t *object, char out[static ID_TEXT_LEN + 1]);
bool people_is_text(const json_t *object, const char *name, const char *text);

void people_invite(struct node *host, struct node *guest); /* until it is accepted */

/* kind < 0: any. -1: there is none. */
int people_pick_record(struct sim *sim, int owner, int kind);
int people_pick_partner(struct sim *sim, int of);
unsigned people_some_slots(struct sim *sim, unsigned of);
unsigned people_all_slots(const struct node *node, enum thing kind);

/* ---- people_records.c ---- */
void people_add_event(struct node *node);
void people_add_contact(struct node *node);
void people_add_lead(struct node *node);
void people_change_record(struct node *node);
void people_change(struct node *node, int record);
void people_change_foreign(struct node *node);
void people_remove_record(struct node *node);
void people_erase(struct node *node);
void people_take_ground(struct node *node);
void people_add_field(struct node *node);
void people_add_guest(struct node *node);
void people_add_guest_to(struct node *node, int event);

/* ---- people_shares.c ---- */
void people_share_own(struct node *node);
void people_ask_for_guests(struct node *node);
void people_pass_on(struct node *node);
void people_answer(struct node *node);
void people_stop_share(struct node *node);
void people_suspend(struct node *node);
void people_waive(struct node *node);
void people_shorten_lease(struct node *node);
void people_fall_silent(struct node *node);
void people_trust_again(struct node *node);

/* ---- people_contributions.c ---- */
void people_draw_terms(struct sim *sim, struct share *s, bool surely);
void people_narrow_terms(struct sim *sim, struct share *s); /* a copy of its parent's */
void people_put_terms(const struct share *s, json_t *args);
void people_bring_guest(struct node *node);
void people_contribute(struct node *node);
void people_withdraw(struct node *node);
struct node *people_on_the_way(struct sim *sim);
void people_close_way(struct node *node);
void people_arrive(struct node *node);
void people_call_off(struct node *node);

/* ---- keys.c ---- */
void people_rotate(struct node *node);
/* Whoever knows no key of a partner's that is in use gets an invitation from it. */
void people_invite_again(struct sim *sim);

#endif

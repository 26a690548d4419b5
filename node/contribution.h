/* SPDX-License-Identifier: Apache-2.0
 *
 * node/contribution.h - rows that others bring to our event, and ours to theirs: offers that are answered by rule, what
 * becomes of each row, and what comes back (docs/protocol/contributions.md).
 *
 * 1. The organiser's word alone decides (quota, deadline, consent); it is signed and goes to the row's owner.
 * 2. Nothing that one bringer is told depends on what another brought: quota and reasons are per cited grant.
 */
#ifndef HANSA_NODE_CONTRIBUTION_H
#define HANSA_NODE_CONTRIBUTION_H

#include "node/exchange_priv.h"

/* clang-format off */
/* Reasons, as codes on the wire; catalog keys "contribution.CODE". */
#define CONTRIBUTION_CODES(X)                                                    \
    X(UNKNOWN)     /* the grant that is cited is none of ours */                 \
    X(LAPSED)      /* it has ended or was taken back */                          \
    X(NOT_YOURS)   /* it was given to another company */                         \
    X(NOT_ASKED)   /* it does not ask for guests */                              \
    X(OTHER_EVENT) /* it is about another event */                               \
    X(FIELDS)      /* fields that were not asked for */                          \
    X(PASS_ON)     /* contributions are not passed on */                         \
    X(TWICE)       /* there is one already */                                    \
    X(CLOSED)      /* the event is over or called off */                         \
    X(DEADLINE)    /* too late */                                                \
    X(OVER_QUOTA)  /* more rows than agreed */                                   \
    X(NO_CONSENT)  /* personal fields without a basis */
/* clang-format on */

/* Fields of an attendee that a contribution may always have. */
bool contribution_is_basic(const struct type_field *field);

/* May this offer of kind CONTRIBUTION or FEEDBACK be accepted without a person? NULL: yes; else the code. */
const char *contribution_refusal(struct core *core, const struct verified_chain *chain,
                                 enum offer_kind kind);
/* The rule's answer to an offer that was just added; a contribution to our own event gets its feedback. */
MUST_CHECK enum status contribution_answer(struct core *core, int64_t share);

/* What we call the share of the grant that a feedback cites: its own offer says no name. "": we have no such share. */
MUST_CHECK enum status contribution_title(struct core *core, const struct object_id *cited,
                                          const char **out);

/* A root grant of ours that answers another, as a share: signed, verified, offered. grant: everything but
 * parties and nonce, which are filled in. */
struct contribution_give {
    struct company *to;
    enum offer_kind kind;
    const char *title;
    int64_t count;
    const char *actor;
};
MUST_CHECK enum status contribution_give(struct core *core, struct grant *grant,
                                         const struct contribution_give *how,
                                         struct live **out);

/* Does an event of ours take new rows under this grant? NULL: it does; else the code. */
MUST_CHECK enum status contribution_closed(struct core *core, const struct grant *leaf,
                                           const char **out);

/* The organiser judges the rows of one message. */
struct contribution_judge {
    struct live *live; /* NULL: not a contribution to our event */
    const struct terms *terms;
    const char *closed; /* code for new rows; NULL: open */
    int64_t taken;
    int64_t left; /* rows that may still be refused, and said so; negative: not counted yet */
    bool has_changed;
};
MUST_CHECK enum status contribution_judge_begin(struct core *core, struct live *live,
                                                struct contribution_judge *out);
/* *code NULL: take it. */
MUST_CHECK enum status contribution_judge_row(struct core *core, struct contribution_judge *j,
                                              const struct received *item, const char **code);
/* What became of it, to be told. is_kept: its copy changed; false with code NULL: we have it, or a newer one. */
MUST_CHECK enum status contribution_judge_note(struct core *core, struct contribution_judge *j,
                                               const struct received *item, const char *code,
                                               bool is_kept);
MUST_CHECK enum status contribution_judge_end(struct core *core, struct contribution_judge *j);

/* Signs and queues what was judged; what needs the key process waits for it. */
MUST_CHECK enum status contribution_tell(struct core *core);
/* A Verdict on rows of ours. */
MUST_CHECK enum status contribution_take_verdict(struct taking *t);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/person.h - one person, one line: which rows of an event's guest list speak of the same human being.
 *
 * 1. Rows of one event are connected when they have an e-mail address in common, a number that at least one of them
 *    calls mobile, a telephone and a name, or a name and a company. A name alone connects nobody, and neither does a
 *    telephone that two rows only call telephone: a company's switchboard is not a person.
 * 2. A person's number is the smallest local record number among the connected rows; at most PERSON_ROWS_MAX are
 *    connected.
 * 3. As long as an event has rows of one company alone, each row is a line of its own: nobody was brought twice.
 *    A row stands alone, too, until its keys are computed, a moment later and in small pieces: the keys are random places in
 *    the database, which a large share must not wait for. The cost is that of the rows that are connected.
 * 4. Nothing of it is ever sent, and no partner can ask about it: whether somebody else brought the same person is
 *    known where both rows are held, and only there.
 */
#ifndef HANSA_NODE_PERSON_H
#define HANSA_NODE_PERSON_H

#include "node/records_priv.h"

bool person_is_kept(const struct type *type); /* of attendees, and of nobody else */
/* The row is there, or has changed: its keys are due where they are kept. */
MUST_CHECK enum status person_note(struct core *core, const struct type *type, int64_t record,
                                   const struct row_in *row);
/* Works off at most `most` rows that are due; core->persons_wait says whether there are more. */
MUST_CHECK enum status person_settle(struct core *core, size_t most);
/* The keys of a row, and whom they connect it with. */
MUST_CHECK enum status person_put(struct core *core, const struct type *type, int64_t record,
                                  const struct row_in *row);
MUST_CHECK enum status person_drop(struct core *core, int64_t record);

#endif

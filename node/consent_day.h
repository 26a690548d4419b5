/* SPDX-License-Identifier: Apache-2.0
 *
 * node/consent_day.h - consents that run out: what a person allowed until a day is over the day after, whether or not
 * anybody looks.
 */
#ifndef HANSA_NODE_CONSENT_DAY_H
#define HANSA_NODE_CONSENT_DAY_H

#include "node/core_priv.h"

/* Once a day, and at the first look: contacts and rows of consents of ours that are over since say it, and what was shared
 * on that ground is withdrawn. Looked at again and again; does nothing while the day is the same. */
MUST_CHECK enum status consent_day_pass(struct core *core);

#endif

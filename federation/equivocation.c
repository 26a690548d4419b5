/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/equivocation.c - making and checking the proof of an equivocation (contract: federation/equivocation.h).
 *
 * It is a Records body of two revisions with no field opened, under no grant.
 */
#include "federation/equivocation.h"

#include "schema/base/cleanup.h"
#include "schema/digest.h"
#include "schema/merkle.h"

struct bytes
equivocation_format(const struct twin twins[2], struct arena *arena)
{
    struct run_leaves runs[2] = { *twins[0].run, *twins[1].run };
    struct cleared items[2];
    size_t taken;

    for (size_t i = 0; i < 2; i++) {
        runs[i].id = (int64_t)i; /* each on its own, whatever batch it is of */
        items[i] = (struct cleared){ .shown = { .revision = twins[i].revision },
                                     .run = &runs[i],
                                     .leaf = twins[i].leaf };
    }
    struct bytes body = records_pack(items, 2, MESSAGE_BODY_MAX, arena, &taken);
    assert(taken == 2); /* two revisions and two paths: a few KiB */
    return body;
}

static enum status
check_run(const struct run *run, const struct key_directory *keys, struct arena *arena,
          struct revision **revision, struct revision_id *id)
{
    struct company_keys owner;

    if (run->item_count != 1 || run->items[0].field_count != 0 || run->items[0].has_secret ||
        run->items[0].withheld.len != 0)
        return STATUS_MALFORMED;
    TRY(wire_revision_parse(run->items[0].revision, arena, revision));
    *id = digest_revision_id(run->items[0].revision);
    if (!keys->find(keys->self, &(*revision)->owner, &owner))
        return STATUS_UNKNOWN_KEY;
    struct digest leaf = merkle_leaf(id);
    return run_verify(run, &leaf, &(*revision)->owner, &owner);
}

enum status
equivocation_verify(struct bytes body, const struct key_directory *keys, struct arena *arena,
                    struct equivocation *out)
{
    struct revision *revisions[2];
    struct record_id records[2];
    struct records *message;

    *out = (struct equivocation){ 0 };
    TRY(wire_records_parse(body, arena, &message));
    if (message->run_count != 2 || !ID_IS_ZERO(message->grant))
        return STATUS_MALFORMED;
    struct equivocation found = { 0 };
    for (size_t i = 0; i < 2; i++) {
        TRY(check_run(&message->runs[i], keys, arena, &revisions[i], &found.revisions[i]));
        records[i] = digest_record_id(revisions[i]->type.space, revisions[i]->type.number,
                                      &revisions[i]->owner, revisions[i]->nonce);
    }
    if (!ID_IS_EQUAL(records[0], records[1]) ||
        position_compare(revisions[0]->position, revisions[1]->position) != 0 ||
        ID_IS_EQUAL(found.revisions[0], found.revisions[1]))
        return STATUS_MALFORMED;
    found.owner = revisions[0]->owner;
    found.record = records[0];
    found.position = revisions[0]->position;
    *out = found;
    return STATUS_OK;
}

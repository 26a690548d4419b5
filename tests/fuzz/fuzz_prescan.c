/* SPDX-License-Identifier: Apache-2.0
 *
 * The pre-scan against the protobuf decoder: what passes must decode, without unknown fields, and pack
 * to the same bytes. The first byte chooses the message.
 */
#include <string.h>

#include "schema/base/arena.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/prescan.h"
#include "wire.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const struct prescan_message *rules;
    const ProtobufCMessageDescriptor *descriptor;
} messages[] = {
    { &prescan_signed, &hansa__v1__signed__descriptor },
    { &prescan_descriptor, &hansa__v1__descriptor__descriptor },
    { &prescan_revision, &hansa__v1__revision__descriptor },
    { &prescan_records, &hansa__v1__records__descriptor },
    { &prescan_grant, &hansa__v1__grant__descriptor },
    { &prescan_offer, &hansa__v1__offer__descriptor },
    { &prescan_answer, &hansa__v1__answer__descriptor },
    { &prescan_passon, &hansa__v1__pass_on__descriptor },
    { &prescan_passon_ack, &hansa__v1__pass_on_ack__descriptor },
    { &prescan_revocation, &hansa__v1__revocation__descriptor },
    { &prescan_void, &hansa__v1__void__descriptor },
    { &prescan_hello, &hansa__v1__hello__descriptor },
    { &prescan_ack, &hansa__v1__ack__descriptor },
    { &prescan_introduce, &hansa__v1__introduce__descriptor },
    { &prescan_signed_body, &hansa__v1__signed_body__descriptor },
    { &prescan_offer_body, &hansa__v1__offer_body__descriptor },
    { &prescan_verdict, &hansa__v1__verdict__descriptor },
    { &prescan_ask, &hansa__v1__ask__descriptor },
    { &prescan_proposal, &hansa__v1__proposal__descriptor },
    { &prescan_proposal_answer, &hansa__v1__proposal_answer__descriptor },
    { &prescan_sealed, &hansa__v1__sealed__descriptor },
    { &prescan_sealed_body, &hansa__v1__sealed_body__descriptor },
    { &prescan_sealed_receipt, &hansa__v1__sealed_receipt__descriptor },
    { &prescan_receipt, &hansa__v1__receipt__descriptor },
    { &prescan_head, &hansa__v1__head__descriptor },
    { &prescan_withdrawal, &hansa__v1__withdrawal__descriptor },
    { &prescan_light_offer, &hansa__v1__light_offer__descriptor },
    { &prescan_scopes, &hansa__v1__scopes__descriptor },
    { &prescan_scope_ids, &hansa__v1__scope_ids__descriptor },
};

static void *
on_alloc(void *arena, size_t size)
{
    return arena_try(arena, size);
}

static void
on_free(void *arena, void *pointer)
{
    (void)arena;
    (void)pointer;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static uint8_t packed[MESSAGE_MAX];

    if (size == 0)
        return 0;
    size_t which = data[0] % COUNT_OF(messages);
    struct bytes raw = bytes_of(data + 1, size - 1);
    if (prescan_check(messages[which].rules, raw) != STATUS_OK)
        return 0;
    if (arena == NULL)
        arena = arena_new(ARENA_CAP_MESSAGE);
    arena_reset(arena);
    ProtobufCAllocator allocator = { on_alloc, on_free, arena };
    ProtobufCMessage *pb =
        protobuf_c_message_unpack(messages[which].descriptor, &allocator, raw.len, raw.data);
    assert(pb != NULL && pb->n_unknown_fields == 0);
    assert(protobuf_c_message_get_packed_size(pb) == raw.len);
    (void)protobuf_c_message_pack(pb, packed);
    assert(raw.len == 0 || memcmp(packed, raw.data, raw.len) == 0);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * federation/edge_core.c - frames from core and to core (federation/edge_wire.h).
 *
 * Commands are carried out even while core does not read, so that a DROP is never held up by the
 * messages before it; only the ring for answers has to have room.
 */
#include "federation/edge_priv.h"

#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/log.h"

enum { COMMANDS_PER_TURN = 256, STRANGERS_EVERY_MS = 1000 };

/* ---- to core ---- */

bool
edge_core_has_room(const struct edge *edge)
{
    return edge->ring_count < RING_SIZE;
}

void
edge_core_pass(struct edge *edge, const struct node_id *from, zmq_msg_t *message)
{
    assert(!edge->is_pending);
    edge->pending = (struct edge_frame){ .op = EDGE_RECEIVED, .node = *from };
    (void)zmq_msg_init(&edge->pending_message);
    (void)zmq_msg_move(&edge->pending_message, message);
    edge->pending.message =
        bytes_of(zmq_msg_data(&edge->pending_message), zmq_msg_size(&edge->pending_message));
    edge->is_pending = true;
    edge_core_flush(edge);
}

static void
forget_pending(struct edge *edge)
{
    (void)zmq_msg_close(&edge->pending_message);
    edge->is_pending = false;
}

void
edge_core_forget(struct edge *edge, const struct node_id *id)
{
    if (edge->is_pending && ID_IS_EQUAL(edge->pending.node, *id))
        forget_pending(edge);
}

/* False: the socket is full, or core is gone for good. */
static bool
write_frame(struct edge *edge, const struct edge_frame *frame)
{
    enum status status = edge_frame_send(FD_CORE_EDGE, frame);

    if (status != STATUS_OK && status != STATUS_BUSY)
        edge->must_stop = true;
    return status == STATUS_OK;
}

static void
ring_put(struct edge *edge, const struct edge_frame *frame)
{
    edge->ring[(edge->ring_first + edge->ring_count++) % RING_SIZE] = *frame;
}

void
edge_core_say(struct edge *edge, const struct edge_frame *frame)
{
    assert(edge_core_has_room(edge));
    ring_put(edge, frame);
    edge_core_flush(edge);
}

static void
tell_of(struct edge *edge, const struct edge_node *node, bool *must_say, enum edge_op op)
{
    if (!*must_say || !edge_core_has_room(edge))
        return;
    *must_say = false;
    ring_put(edge, &(struct edge_frame){ .op = (uint8_t)op, .node = node->id });
}

/* What may be told late, or in one with what comes after. */
static void
tell_news(struct edge *edge)
{
    int64_t now = edge_now_ms();

    for (size_t i = 0; i < edge->node_count; i++) {
        struct edge_node *node = &edge->nodes[i];
        tell_of(edge, node, &node->must_say_up, EDGE_UP);
        tell_of(edge, node, &node->must_say_proved, EDGE_PROVED);
    }
    if (edge->strangers == 0 || now - edge->strangers_told_ms < STRANGERS_EVERY_MS ||
        !edge_core_has_room(edge))
        return;
    ring_put(edge, &(struct edge_frame){ .op = EDGE_STRANGER, .number = edge->strangers });
    edge->strangers = 0;
    edge->strangers_told_ms = now;
}

void
edge_core_flush(struct edge *edge)
{
    tell_news(edge);
    while (edge->ring_count > 0) {
        if (!write_frame(edge, &edge->ring[edge->ring_first]))
            return;
        edge->ring_first = (edge->ring_first + 1) % RING_SIZE;
        edge->ring_count--;
    }
    if (edge->is_pending && write_frame(edge, &edge->pending))
        forget_pending(edge);
}

/* ---- from core ---- */

static void
on_config(struct edge *edge, const struct edge_frame *frame)
{
    if (frame->number != edge->life)
        return; /* meant for an earlier life of ours */
    edge->is_configured = true;
    bool is_listening = edge_listen(edge, frame->text);
    if (is_listening)
        LOG(LOG_INFO, "edge.listening", log_word("endpoint", edge->actual));
    else
        LOG(LOG_ERROR, "edge.not_listening", log_word("why", edge->actual));
    edge_core_say(edge, &(struct edge_frame){ .op = EDGE_READY,
                                              .code = is_listening,
                                              .text = bytes_text(edge->actual) });
}

static void
on_drop(struct edge *edge, const struct edge_frame *frame)
{
    edge_node_drop(edge, &frame->node);
    edge_core_say(edge, &(struct edge_frame){ .op = EDGE_DROPPED, .node = frame->node });
}

static void
on_send(struct edge *edge, const struct edge_frame *frame)
{
    struct edge_node *node = edge_node_find(edge, &frame->node);

    if (node != NULL)
        edge_node_send(edge, node, frame->message);
}

static void
on_epoch(struct edge *edge, const struct edge_frame *frame)
{
    struct edge_node *node = edge_node_find(edge, &frame->node);

    if (node != NULL)
        edge_node_reset(edge, node);
    edge_core_say(edge, &(struct edge_frame){
                            .op = EDGE_EPOCH, .node = frame->node, .number = frame->number });
}

static void
on_renew(struct edge *edge, const struct edge_frame *frame)
{
    (void)frame;
    edge->must_stop = true;
}

static void
dispatch(struct edge *edge, const struct edge_frame *frame)
{
    static void (*const handlers[])(struct edge *, const struct edge_frame *) = {
        [CORE_CONFIG] = on_config, [CORE_ADMIT] = edge_node_admit, [CORE_DROP] = on_drop,
        [CORE_SEND] = on_send,     [CORE_EPOCH] = on_epoch,        [CORE_RENEW] = on_renew,
    };

    if (edge->is_configured || frame->op == CORE_CONFIG)
        handlers[frame->op](edge, frame);
}

void
edge_core_commands(struct edge *edge)
{
    static uint8_t buf[EDGE_FRAME_MAX];
    struct edge_frame frame;
    struct bytes raw;

    for (int i = 0; i < COMMANDS_PER_TURN && edge_core_has_room(edge); i++) {
        enum status status = edge_frame_receive(FD_CORE_EDGE, buf, &raw);
        if (status == STATUS_BUSY)
            return;
        if (status == STATUS_STOPPED || status == STATUS_IO) {
            edge->must_stop = true;
            return;
        }
        if (status == STATUS_OK)
            status = edge_frame_parse(raw, CORE_TO_EDGE, &frame);
        if (status == STATUS_OK)
            dispatch(edge, &frame);
        else
            LOG(LOG_ERROR, "edge.bad_frame", log_status(status));
        explicit_bzero(buf, raw.len);
    }
}

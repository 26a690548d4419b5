/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/unit/node/test_stop.c - taking a share back goes through whatever partners made of it: many shares that it was passed
 * on to, each of which another one keeps in sight, and messages that tell of nothing. We gave something to CARRIER.
 */
#include "node/service_priv.h"
#include "tests/unit/node/route_fake.h"

/* We gave one that FALLING were passed on from. Each of these and of the others is looked at once, and each compared with
 * each: (FALLING + 2) * (others + 1) - 1 altogether. */
enum { FALLING = 254, OTHERS_UNDER = PREVIEW_LOOKS_MAX / (FALLING + 2) - 1 };

static bool
note_many(struct desk *d, uint8_t nonce, size_t count, struct live **given)
{
    struct grant root = grant_of(d, CARRIER, nonce);
    struct signed_object links[2] = { sample_grant_sign(&d->home.world, &root, d->arena) };
    struct object_id parent = digest_object_id(links[0].body);
    struct live *noted;

    for (size_t i = 0; i < count; i++) {
        struct grant link = sample_link(&d->home.world, &root, &parent, OTHER);
        put_u64(link.nonce, i);
        links[1] = sample_grant_sign(&d->home.world, &link, d->arena);
        if (!hold(d, links, 2, ROLE_NOTED, &noted))
            return false;
    }
    return hold(d, links, 1, ROLE_GIVEN, given);
}

/* There is no link. */
static void
on_send(void *self, const struct node_id *to, struct bytes message)
{
    (void)self, (void)to, (void)message;
}

static void
on_admit(void *self, const struct link_peer *peer)
{
    (void)self, (void)peer;
}

static void
on_drop(void *self, const struct node_id *node)
{
    (void)self, (void)node;
}

static void
on_done(struct api_request *request)
{
    *(bool *)request->done_self = true;
}

/* Until it is answered; the reply is the caller's. */
static enum status
stop(struct desk *d, const struct object_id *share, bool is_preview, json_t **reply)
{
    AUTO(json_decrefp) json_t *id = json_id(share->b);
    AUTO(json_decrefp) json_t *args = json_pack("{s:O}", "share", id);
    bool is_done = false;
    struct api_request request = { .service = service_find("share.stop"),
                                   .args = args,
                                   .uid = geteuid(),
                                   .language = LANGUAGE_EN,
                                   .done = on_done,
                                   .done_self = &is_done };

    d->core->env.send = on_send;
    d->core->env.admit = on_admit;
    d->core->env.drop = on_drop;
    if (is_preview)
        (void)json_object_set_new(args, "preview", json_true());
    core_submit(d->core, &request);
    for (int i = 0; i < 4 && !is_done; i++)
        (void)core_round(d->core);
    *reply = request.reply;
    return is_done ? request.status : STATUS_BUSY;
}

/* OTHER has `ways` shares besides those that fall. */
static void
preview_of(struct check *t, const char *why, size_t falling, size_t ways, bool is_cut)
{
    AUTO(json_decrefp) json_t *reply = NULL;
    struct desk d;
    struct live *given;

    CHECK(t, why, desk_set(&d));
    /* desk_set() noted two: looked at, each compared with each that falls */
    CHECK(t, why, note_many(&d, 3, ways - COUNT_OF(d.way), &given));
    CHECK(t, why, share_move(d.core, given, SHARE_STOPPED, "") == STATUS_OK);
    CHECK(t, why, note_many(&d, 4, falling, &given));
    struct object_id share = *chain_leaf_id(given->chain);
    CHECK(t, why, stop(&d, &share, true, &reply) == STATUS_OK);
    CHECK(t, why, json_array_size(json_object_get(reply, "falls")) == falling + 1);
    CHECK(t, why, json_is_true(json_object_get(reply, "at_least")) == is_cut);
    CHECK(t, why, json_array_size(json_object_get(reply, "other_ways")) <= PREVIEW_LOOKS_MAX);
    desk_clear(&d);
}

static void
test_many(struct check *t)
{
    preview_of(t, "one under the limit all is counted", FALLING, OTHERS_UNDER, false);
    preview_of(t, "with one more share some is left out, and it says so", FALLING,
               OTHERS_UNDER + 1, true);
}

static void
test_unknown_on_the_wire(struct check *t)
{
    AUTO(json_decrefp) json_t *reply = NULL;
    struct desk d;
    struct live *given = NULL;
    uint8_t items[20] = { [7] = 99 }; /* of a record that is not here */

    CHECK(t, "a share", desk_set(&d) && note_many(&d, 3, 1, &given));
    struct object_id share = *chain_leaf_id(given->chain);
    CHECK(t, "a message with something that nobody knows",
          store_exec(d.core->store, STMT_FRAME_ADD, "iiiibibibi", d.company[OTHER]->id,
                     (int64_t)STREAM_DATA, (int64_t)1, (int64_t)MESSAGE_RECORDS,
                     bytes_text("x"), given->leaf, bytes_of(items, sizeof(items)), given->share,
                     bytes_text("x"), (int64_t)HOME_NOW_MS) == STATUS_OK);
    CHECK(t, "nothing that is only to be said keeps it from being taken back",
          stop(&d, &share, false, &reply) == STATUS_OK);
    CHECK(t, "it is taken back, and what was passed on with it",
          live_by_gid(d.core, &share, ROLE_GIVEN) == NULL &&
              d.core->live_count == COUNT_OF(d.way));
    desk_clear(&d);
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "many shares fall", test_many },
        { "an unknown record on the wire", test_unknown_on_the_wire },
    };

    return check_main(argc, argv, cases, COUNT_OF(cases));
}

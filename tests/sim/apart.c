/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/apart.c - what one bringer learns does not depend on what another brings.
 *
 * The same story three times, without faults: Brio brings Ada; Cedar, through Brio, brings the same Ada, somebody
 * else, or nobody. Everything that Acme says to Brio, and everything that Brio's services answer about the event, is
 * written down with what is drawn at random masked, and must be equal. What Brio carries for Cedar is Cedar's
 * and not compared when Cedar brings nobody.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"
#include "tests/sim/people_priv.h"

enum { ACME, BRIO, CEDAR, NAMES_MAX = 400 };
enum brings { SAME_PERSON, OTHER_PERSON, NOBODY, BRINGS_COUNT_ };

static const char *const brings_names[BRINGS_COUNT_] = { "the same person", "somebody else",
                                                         "nobody" };

/* ---- writing down ------------------------------------------------------------------------- */

/* Ids are random: each is called by the order in which Brio met it. */
struct names {
    char text[NAMES_MAX][ID_TEXT_LEN + 1];
    int count;
};

static bool
is_id(const char *s)
{
    size_t n = 0;

    for (; (s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '2' && s[n] <= '7'); n++)
        ;
    return n == ID_TEXT_LEN && !isalnum((unsigned char)s[n]);
}

static int
name_of(struct names *names, const char *id)
{
    for (int i = 0; i < names->count; i++)
        if (strncmp(names->text[i], id, ID_TEXT_LEN) == 0)
            return i;
    if (names->count == NAMES_MAX)
        abort();
    memcpy(names->text[names->count], id, ID_TEXT_LEN);
    return names->count++;
}

/* Moments differ by the milliseconds that messages take; hexadecimal is a hash or a key. */
static size_t
masked_len(const char *s)
{
    size_t digits = 0, hex = 0;

    while (isdigit((unsigned char)s[digits]) ||
           (digits > 3 && s[digits] != '\0' && strchr("-:T.Z", s[digits]) != NULL) ||
           (digits == 10 && s[digits] == ' ' && isdigit((unsigned char)s[digits + 1])))
        digits++;
    while (isxdigit((unsigned char)s[hex]))
        hex++;
    return digits >= 10 ? digits : hex >= 32 ? hex : 0;
}

static void
put_text(struct buffer *out, struct names *names, const char *s)
{
    char text[32];

    for (bool inside = false; *s != '\0';) {
        size_t masked = inside ? 0 : masked_len(s);
        if (!inside && is_id(s)) {
            (void)snprintf(text, sizeof(text), "#%d", name_of(names, s));
            buffer_put_bytes(out, bytes_text(text));
            s += ID_TEXT_LEN;
        } else if (masked > 0) {
            buffer_put_bytes(out, bytes_text("*"));
            s += masked;
        } else {
            inside = isalnum((unsigned char)*s) != 0;
            buffer_put_u8(out, (uint8_t)*s++);
        }
    }
}

static void
put_line(struct buffer *out, struct names *names, const char *text)
{
    put_text(out, names, text);
    buffer_put_u8(out, '\n');
}

/* ---- messages ----------------------------------------------------------------------------- */

static bool put_message(struct buffer *out, struct bytes body, int depth);

static bool
is_printable(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] < 0x20 || b.data[i] > 0x7e)
            return false;
    return b.len > 0;
}

static bool
read_varint(struct bytes b, size_t *at, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; *at < b.len && shift < 64; shift += 7) {
        uint8_t c = b.data[(*at)++];
        *out |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80)
            return true;
    }
    return false;
}

/* Text as it is, messages inside opened, the rest by its length: ids, keys, nonces, hashes, signatures. */
static void
put_value(struct buffer *out, struct bytes value, int depth)
{
    AUTO(buffer_fini) struct buffer inner = { 0 };
    char text[32];

    if (is_printable(value) && value.len != ID_SIZE && value.len != 16) {
        buffer_put_bytes(out, value);
        return;
    }
    if (value.len > 2 && value.len != ID_SIZE && value.len != 64 && depth < 8 &&
        put_message(&inner, value, depth + 1)) {
        buffer_put_bytes(out, buffer_bytes(&inner));
        return;
    }
    (void)snprintf(text, sizeof(text), "<%zu>", value.len);
    buffer_put_bytes(out, bytes_text(text));
}

/* false: it is no message of protobuf. */
static bool
put_message(struct buffer *out, struct bytes body, int depth)
{
    size_t at = 0;
    char text[48];

    buffer_put_u8(out, '{');
    while (at < body.len) {
        uint64_t tag, value;
        if (!read_varint(body, &at, &tag) || tag >> 3 == 0 || tag >> 3 > 64 ||
            !read_varint(body, &at, &value))
            return false;
        (void)snprintf(text, sizeof(text), " %u:", (unsigned)(tag >> 3));
        buffer_put_bytes(out, bytes_text(text));
        if ((tag & 7) == 0) {
            bool is_moment = value > UINT64_C(1000000000000);
            (void)snprintf(text, sizeof(text), is_moment ? "*" : "%llu",
                           (unsigned long long)value);
            buffer_put_bytes(out, bytes_text(text));
            continue;
        }
        if ((tag & 7) != 2 || value > body.len - at)
            return false;
        put_value(out, bytes_of(body.data + at, value), depth);
        at += value;
    }
    buffer_put_u8(out, '}');
    return true;
}

static struct buffer *heard[2]; /* what Acme says to Brio, by stream */

/* Is it a receipt that Brio only carries? */
static bool
is_for_others(const struct sim *sim, const struct envelope *env)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct signed_object *object;
    struct receipt *receipt;

    return env->kind == MESSAGE_SEALED || env->kind == MESSAGE_SEALED_RECEIPT ||
           (env->kind == MESSAGE_RECEIPT &&
            wire_signed_body_parse(env->body, arena, &object) == STATUS_OK &&
            wire_receipt_parse(object->body, arena, &receipt) == STATUS_OK &&
            !ID_IS_EQUAL(receipt->audience, sim->nodes[BRIO].id));
}

void
apart_hear(struct sim *sim, int from, int to, const struct envelope *env)
{
    char text[64];

    if (heard[0] == NULL || from != ACME || to != BRIO || env->stream == STREAM_SESSION ||
        is_for_others(sim, env))
        return;
    struct buffer *out = heard[env->stream - 1];
    (void)snprintf(text, sizeof(text), "%s ", message_kind_name(env->kind));
    buffer_put_bytes(out, bytes_text(text));
    if (!put_message(out, env->body, 0))
        buffer_put_bytes(out, bytes_text("?"));
    buffer_put_u8(out, '\n');
}

/* ---- the story ---------------------------------------------------------------------------- */

static json_t *
must(struct node *node, const char *service, json_t *args)
{
    enum status s;
    json_t *reply = people_ask(node, service, args, &s);

    if (s != STATUS_OK)
        sim_fail(node->sim, "%s at %s: %s", service, node->name, status_name(s));
    node_flush(node, SIZE_MAX);
    net_run(node->sim, node->sim->now + 5000);
    return reply;
}

static void
does(struct node *node, const char *service, json_t *args)
{
    json_decref(must(node, service, args));
}

static void
makes(struct node *node, const char *type, json_t *fields, char id[static ID_TEXT_LEN + 1])
{
    json_t *reply =
        must(node, "record.add", json_pack("{s:s, s:o}", "type", type, "fields", fields));

    people_copy_id(reply, id);
    json_decref(reply);
}

static void
accepts(struct node *node)
{
    json_t *reply = must(node, "offer.list", json_pack("{s:i}", "limit", 20));
    const json_t *items = json_object_get(reply, "items");

    for (size_t i = 0; i < json_array_size(items); i++)
        if (people_is_text(json_array_get(items, i), "state", "open"))
            does(node, "offer.accept",
                 json_pack("{s:O}", "offer", json_object_get(json_array_get(items, i), "id")));
    json_decref(reply);
}

static json_t *
invitation(const char *event, const char *partner)
{
    return json_pack("{s:[s], s:s, s:[s,s,s,s], s:[s], s:s, s:i, s:b}", "records", event,
                     "partner", partner, "fields", "event.name", "event.place",
                     "attendee.event", "attendee.organization", "purpose", "event", "until",
                     "2027-12-31", "depth", 0, "contribute", true);
}

static void
guest(struct node *node, const char *event, const char *given, const char *email,
      char id[static ID_TEXT_LEN + 1])
{
    makes(node, "attendee",
          json_pack("{s:s, s:s, s:s, s:s, s:s}", "event", event, "name", given, "email", email,
                    "organization", "Quill AG", "consentBasis", "contract"),
          id);
}

/* A lead for everybody who came, and how far it is: that goes back to who brought them. */
static void
follow_up(struct node *acme, const char *event)
{
    does(acme, "lead.make",
         json_pack("{s:s, s:[s], s:s}", "event", event, "sellers", "Sam", "due", "2027-06-01"));
    json_t *reply =
        must(acme, "record.list", json_pack("{s:s, s:i}", "type", "lead", "limit", 20));
    const json_t *items = json_object_get(reply, "items");

    for (size_t i = 0; i < json_array_size(items); i++)
        does(acme, "lead.move",
             json_pack("{s:O, s:s}", "lead", json_object_get(json_array_get(items, i), "id"),
                       "stage", "qualified"));
    if (json_array_size(items) == 0 && !sim_failed(acme->sim))
        sim_fail(acme->sim, "nobody became a lead");
    json_decref(reply);
}

static void
play(struct sim *sim, enum brings brings, char event[static ID_TEXT_LEN + 1],
     char row[static ID_TEXT_LEN + 1])
{
    struct node *acme = &sim->nodes[ACME], *brio = &sim->nodes[BRIO],
                *cedar = &sim->nodes[CEDAR];
    char theirs[ID_TEXT_LEN + 1], other[ID_TEXT_LEN + 1];

    makes(acme, "event", json_pack("{s:s, s:s}", "name", "Launch", "place", "Hamburg"), event);
    json_t *args = invitation(event, brio->name);
    (void)json_object_set_new(args, "want",
                              json_pack("[s,s]", "attendee.email", "attendee.organization"));
    (void)json_object_set_new(args, "quota", json_integer(2));
    (void)json_object_set_new(args, "depth", json_integer(1));
    does(acme, "share.create", args);
    accepts(brio);
    does(brio, "share.create", invitation(event, cedar->name));
    accepts(cedar);
    if (brings != NOBODY) {
        bool same = brings == SAME_PERSON;
        guest(cedar, event, same ? "Ada Quill" : "Bob Stone",
              same ? "ada@quill.example" : "bob@stone.example", theirs);
        does(cedar, "guest.contribute",
             json_pack("{s:s, s:[s,s]}", "event", event, "purpose", "event", "follow-up"));
    } else {
        net_run(sim, sim->now + 10000);
    }
    guest(brio, event, "Ada Quill", "ada@quill.example", row);
    does(brio, "guest.contribute",
         json_pack("{s:s, s:[s,s]}", "event", event, "purpose", "event", "follow-up"));
    net_run(sim, sim->now + 20000);
    does(acme, "guest.arrive", json_pack("{s:s, s:s}", "event", event, "guest", row));
    if (brings != NOBODY) /* when it is the same person she is there already */
        does(acme, "guest.arrive", json_pack("{s:s, s:s}", "event", event, "guest", theirs));
    else
        net_run(sim, sim->now + 5000);
    follow_up(acme, event);
    does(brio, "record.set",
         json_pack("{s:s, s:s, s:{s:s}}", "type", "attendee", "record", row, "fields",
                   "organization", "Quill SE"));
    guest(brio, event, "Cleo Third", "cleo@third.example", other);
    guest(brio, event, "Dan Over", "dan@over.example", other);
    net_run(sim, sim->now + 60000);
}

/* ---- asking ------------------------------------------------------------------------------- */

static void
ask(struct node *node, struct buffer *out, struct names *names, const char *service,
    json_t *args)
{
    enum status s;
    json_t *reply = node_ask(node, service, args, &s);
    char *text = json_dumps(reply, JSON_SORT_KEYS | JSON_ENCODE_ANY);

    put_line(out, names, service);
    put_line(out, names, text != NULL ? text : status_name(s));
    free(text);
    json_decref(reply);
}

static void
ask_all(struct sim *sim, enum brings brings, const char *event, const char *row,
        struct buffer *out)
{
    static const char *const lists[] = { "event.list",     "attendee.list", "share.list",
                                         "offer.list",     "partner.list",  "activity.list",
                                         "deadletter.list" };
    static const char *const of_event[] = { "guest.list", "guest.brought", "event.show",
                                            "holders" };
    AUTO(xfree) struct names *names = xcalloc(1, sizeof(*names));
    struct node *brio = &sim->nodes[BRIO];

    for (size_t i = 0; i < COUNT_OF(of_event); i++) {
        const char *name = strcmp(of_event[i], "holders") == 0 ? "record" : "event";
        if (service_find(of_event[i]) != NULL)
            ask(brio, out, names, of_event[i], json_pack("{s:s}", name, event));
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (service_find(lists[i]) != NULL)
            ask(brio, out, names, lists[i], json_pack("{s:i}", "limit", 50));
    ask(brio, out, names, "record.list",
        json_pack("{s:s, s:i}", "type", "activity", "limit", 50));
    ask(brio, out, names, "record.list",
        json_pack("{s:s, s:i}", "type", "attendee", "limit", 50));
    ask(brio, out, names, "record.show",
        json_pack("{s:s, s:s}", "type", "attendee", "record", row));
    ask(brio, out, names, "partner.show", json_pack("{s:s}", "partner", "Acme"));
    if (brings != NOBODY)
        ask(brio, out, names, "guest.carried", json_pack("{s:s}", "event", event));
}

/* ---- comparing ---------------------------------------------------------------------------- */

struct account {
    struct buffer said[2], answered;
};

static void
account_fini(struct account *a)
{
    buffer_fini(&a->said[0]);
    buffer_fini(&a->said[1]);
    buffer_fini(&a->answered);
}

static bool
run(const char *base, uint64_t seed, enum brings brings, struct account *out)
{
    AUTO(xfree) struct sim *sim = xcalloc(1, sizeof(*sim));
    char event[ID_TEXT_LEN + 1] = "", row[ID_TEXT_LEN + 1] = "";

    sim->seed = seed;
    sim->random = seed * UINT64_C(0x2545f4914f6cdd1d);
    sim->base = base;
    sim->node_count = 3;
    sim->is_apart = true;
    node_random_from(&sim->random);
    for (int i = 0; i < sim->node_count; i++)
        node_init(sim, i);
    heard[0] = &out->said[0];
    heard[1] = &out->said[1];
    if (people_meet(sim))
        play(sim, brings, event, row);
    if (!sim_failed(sim))
        ask_all(sim, brings, event, row, &out->answered);
    heard[0] = heard[1] = NULL;
    if (sim_failed(sim))
        printf("FAILED  Cedar brings %s: %s\n", brings_names[brings], sim->failure);
    bool is_done = !sim_failed(sim);
    for (int i = 0; i < sim->node_count; i++)
        node_fini(&sim->nodes[i]);
    net_fini(sim);
    watch_fini(sim);
    node_random_from(NULL);
    return is_done;
}

/* What Brio carries is asked last; without Cedar's row there is no such question. */
static struct bytes
common(const struct buffer *b)
{
    static const char last[] = "guest.carried\n";
    const uint8_t *at = memmem(b->data, b->len, last, sizeof(last) - 1);

    return bytes_of(b->data, at == NULL ? b->len : (size_t)(at - b->data));
}

static bool
is_equal(struct bytes a, struct bytes b, const char *what, const char *with)
{
    size_t i = 0, line = 0;

    while (i < a.len && i < b.len && a.data[i] == b.data[i]) {
        line = a.data[i] == '\n' ? i + 1 : line;
        i++;
    }
    if (i == a.len && i == b.len)
        return true;
    size_t from = i > line + 120 ? i - 120 : line;
    printf("differs: %s, when Cedar brings %s:\n  %.*s\n  %.*s\n", what, with,
           (int)(a.len - from > 400 ? 400 : a.len - from), (const char *)a.data + from,
           (int)(b.len - from > 400 ? 400 : b.len - from), (const char *)b.data + from);
    return false;
}

enum apart
apart_compare(const char *base, uint64_t seed)
{
    struct account all[BRINGS_COUNT_] = { 0 };
    bool told = true, same = true;

    for (int i = 0; i < BRINGS_COUNT_; i++)
        told = run(base, seed, (enum brings)i, &all[i]) && told;
    for (int i = 1; i < BRINGS_COUNT_ && told && same; i++) {
        bool whole = i != NOBODY;
        for (int k = 0; k < 2; k++)
            same = is_equal(buffer_bytes(&all[0].said[k]), buffer_bytes(&all[i].said[k]),
                            "what Acme says to Brio", brings_names[i]) &&
                   same;
        same = is_equal(whole ? buffer_bytes(&all[0].answered) : common(&all[0].answered),
                        whole ? buffer_bytes(&all[i].answered) : common(&all[i].answered),
                        "what Brio's services answer", brings_names[i]) &&
               same;
    }
    if (told && same)
        printf("apart   seed %llu: %zu bytes said, %zu answered, equal in %d stories\n",
               (unsigned long long)seed, all[0].said[0].len + all[0].said[1].len,
               all[0].answered.len, (int)BRINGS_COUNT_);
    for (int i = 0; i < BRINGS_COUNT_; i++)
        account_fini(&all[i]);
    return !told ? APART_FAILED : same ? APART_SAME : APART_DIFFERS;
}

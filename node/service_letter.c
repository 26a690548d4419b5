/* SPDX-License-Identifier: Apache-2.0
 *
 * node/service_letter.c - letters: what takes back or answers and has no way to a company, sealed to it in a file that
 * people carry (docs/protocol/letters.md). An import takes each object as if it had come over a link.
 *
 * 1. A whole letter is opened and checked before the first object in it is taken.
 * 2. Each object is verified and taken or refused alone. Nothing in a letter is believed because it is in a letter, and
 *    what its author signed is taken from a company that was removed as well: taking back needs no trust.
 * 3. The same letter once more changes nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "federation/letter.h"
#include "node/exchange_priv.h"
#include "node/receipt.h"
#include "node/revocation.h"
#include "node/service_priv.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/digest.h"

enum {
    KIND_TAKEN = MESSAGE_ACK
}; /* in a letter: names of objects that its author took from us */

/* ---- what is to go ------------------------------------------------------------------------ */

struct bag {
    struct letter_item items[LETTER_ITEMS_MAX];
    size_t count, left; /* left: there was no room for them */
};

static void
bag_put(struct bag *bag, uint8_t kind, struct bytes body)
{
    if (bag->count < LETTER_ITEMS_MAX)
        bag->items[bag->count++] = (struct letter_item){ kind, body };
    else
        bag->left++;
}

/* Our own receipts come from the table, where only the newest of each stands. */
static bool
is_own_receipt(struct call *call, uint8_t kind, struct bytes body)
{
    struct signed_object *object;
    struct receipt *r;

    return kind == MESSAGE_RECEIPT &&
           wire_signed_body_parse(body, call->arena, &object) == STATUS_OK &&
           wire_receipt_parse(object->body, call->arena, &r) == STATUS_OK &&
           ID_IS_EQUAL(r->author, call->core->me);
}

static enum status
gather_waiting(struct call *call, int64_t company, struct bag *bag)
{
    enum { KIND = 2, BODY };
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_WAITING_BACK);
    enum status s;

    stmt_bind(q, "ii", company, INT64_MAX);
    while ((s = stmt_step(q)) == STATUS_OK) {
        uint8_t kind = (uint8_t)stmt_int(q, KIND);
        struct bytes body = arena_copy(call->arena, stmt_bytes(q, BODY));
        if (!is_own_receipt(call, kind, body))
            bag_put(bag, kind, body);
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
gather_receipts(struct call *call, int64_t company, struct bag *bag)
{
    AUTO(stmt_return) struct stmt *q = stmt_borrow(call->store, STMT_RECEIPT_OURS);
    enum status s;

    stmt_bind(q, "i", company);
    while ((s = stmt_step(q)) == STATUS_OK) {
        struct signed_object *object;
        TRY(wire_signed_object_parse(arena_copy(call->arena, stmt_bytes(q, 0)), call->arena,
                                     &object));
        bag_put(bag, MESSAGE_RECEIPT, wire_signed_body_format(object, call->arena));
    }
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

/* ---- writing ------------------------------------------------------------------------------ */

struct sealing {
    struct call *call;
    const struct company *to;
    struct content_key key;
    uint8_t wrapped[SEAL_KEY_SIZE];
};

static void
sealing_fini(struct sealing *s)
{
    explicit_bzero(&s->key, sizeof(s->key));
}

static enum status
seal_part(struct sealing *s, struct bytes plain, size_t number, size_t parts,
          struct sealed_body **out)
{
    struct core *core = s->call->core;
    struct sealed header = { .author = core->me,
                             .audience = s->to->node,
                             .epoch = (uint32_t)parts,
                             .incarnation = core->incarnation,
                             .number = number };
    struct sealed_body *made = ARENA_NEW(s->call->arena, struct sealed_body);

    memcpy(header.key, s->wrapped, sizeof(header.key));
    core->env.random(core->env.self, header.nonce, sizeof(header.nonce));
    made->box = seal_close(&s->key, &header, LETTER_BOX, plain, s->call->arena);
    TRY(core_sign(core, SIGN_SEALED, wire_sealed_format(&header, s->call->arena),
                  &made->header));
    *out = made;
    return STATUS_OK;
}

/* Plain parts, each as full as it can be. */
static size_t
cut_parts(struct call *call, struct bag *bag, struct bytes parts[static LETTER_PARTS_MAX])
{
    size_t done = 0, count = 0;

    while (done < bag->count && count < LETTER_PARTS_MAX) {
        AUTO(buffer_fini) struct buffer plain = { 0 };
        done += letter_pack(bag->items + done, bag->count - done, &plain);
        parts[count++] = arena_copy(call->arena, buffer_bytes(&plain));
    }
    bag->left += bag->count - done;
    bag->count = done;
    return count;
}

static enum status
write_letter(struct call *call, const struct company *to, struct bag *bag, struct buffer *out)
{
    AUTO(sealing_fini) struct sealing s = { .call = call, .to = to };
    struct bytes parts[LETTER_PARTS_MAX];
    struct letter letter = { 0 };

    TRY(company_descriptor(call->core, &call->core->me, call->arena, &letter.descriptor));
    call->core->env.random(call->core->env.self, s.key.b, sizeof(s.key.b));
    if (!seal_wrap(&s.key, &to->sealing_key, s.wrapped))
        return diag_say(call->diag, STATUS_UNKNOWN_KEY, "letter.no_key", to->name, NULL);
    letter.part_count = cut_parts(call, bag, parts);
    for (size_t i = 0; i < letter.part_count; i++)
        TRY(seal_part(&s, parts[i], i + 1, letter.part_count, &letter.parts[i]));
    letter_format(&letter, out);
    return audit_add(call->core, call->actor, "letter.written", bytes_of(to->node.b, ID_SIZE),
                     (struct bytes){ 0 });
}

/* What was made in this round is signed at once, to go with it. */
static enum status
gather(struct call *call, const struct company *to, struct bag *bag)
{
    TRY(revocation_tell(call->core));
    for (int i = 0; i < LETTER_ITEMS_MAX && call->core->receipts_unsaid; i++)
        TRY(receipt_tell(call->core));
    TRY(gather_waiting(call, to->id, bag));
    return gather_receipts(call, to->id, bag);
}

static enum status
find_other(struct call *call, struct company **out)
{
    int64_t id;

    TRY(find_company(call, arg_text(call, "for"), &id));
    *out = company_by_id(call->core, id);
    if ((*out)->state == COMPANY_LIGHT)
        return diag_say(call->diag, STATUS_CONFLICT, "light.no_node", (*out)->name, NULL);
    return STATUS_OK;
}

enum status
service_letter_export(struct call *call)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    AUTO(xfree) struct bag *bag = xcalloc(1, sizeof(*bag));
    struct company *to;

    TRY(find_other(call, &to));
    TRY(core_need_txn(call->core));
    TRY(gather(call, to, bag));
    if (bag->count == 0)
        return diag_say(call->diag, STATUS_NOT_FOUND, "letter.nothing", to->name, NULL);
    TRY(write_letter(call, to, bag, &out));
    call->reply = json_object();
    reply_set(call->reply, "company", json_words(to->name));
    reply_set(call->reply, "objects", json_integer((json_int_t)bag->count));
    reply_set(call->reply, "left", json_integer((json_int_t)bag->left));
    reply_set(call->reply, "text", json_stringn((const char *)out.data, out.len));
    return STATUS_OK;
}

/* ---- opening ------------------------------------------------------------------------------ */

struct opening {
    struct call *call;
    struct letter letter;
    struct company *from;
    struct content_key key;
    const uint8_t *wrapped; /* of key; NULL: none yet */
    struct letter_item *items;
    size_t count;
};

static void
opening_fini(struct opening *o)
{
    explicit_bzero(&o->key, sizeof(o->key));
}

static enum status
read_letter(struct opening *o)
{
    AUTO(buffer_fini) struct buffer file = { 0 };
    struct call *call = o->call;
    const char *path = call->request->upload_path;
    AUTO(fd_close) int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return diag_say(call->diag, STATUS_USAGE, "import.empty", NULL);
    enum status s = file_read(fd, LETTER_FILE_MAX, &file);
    if (s == STATUS_OK)
        s = letter_parse(buffer_bytes(&file), call->arena, &o->letter);
    if (s == STATUS_TOO_BIG)
        return diag_say(call->diag, s, "letter.big", NULL);
    if (s == STATUS_CORRUPT) /* the file, not what we have stored */
        return diag_say(call->diag, STATUS_MALFORMED, "letter.changed", NULL);
    return s == STATUS_MALFORMED ? diag_say(call->diag, s, "letter.none", NULL) : s;
}

static enum status
find_author(struct opening *o)
{
    struct call *call = o->call;
    struct descriptor *d;
    struct node_id node;

    enum status s = descriptor_verify(&o->letter.descriptor, call->now, call->arena, &d, &node);
    if (s != STATUS_OK)
        return diag_say(call->diag, s, "letter.descriptor", NULL);
    if (ID_IS_EQUAL(node, call->core->me))
        return diag_say(call->diag, STATUS_CONFLICT, "letter.own", NULL);
    o->from = company_find(call->core, &node);
    if (o->from == NULL)
        return diag_say(call->diag, STATUS_DENIED, "letter.stranger", d->name, NULL);
    return company_learn(call->core, &o->letter.descriptor, o->from->state, 0, &o->from);
}

static enum status
part_key(struct opening *o, const struct sealed *header)
{
    struct keyring *keys = &o->call->core->env.keyring;

    if (o->wrapped != NULL && memcmp(o->wrapped, header->key, SEAL_KEY_SIZE) == 0)
        return STATUS_OK;
    o->wrapped = NULL;
    TRY(keys->unwrap(keys->self, header->key, &o->key));
    o->wrapped = header->key;
    return STATUS_OK;
}

static enum status
check_header(struct opening *o, const struct sealed_body *part, const struct sealed *header,
             size_t number)
{
    static const struct object_id none;
    struct key_directory keys = company_keys_of(o->call->core);

    if (!ID_IS_EQUAL(header->author, o->from->node) || !ID_IS_EQUAL(header->grant, none))
        return STATUS_BAD_SIGNATURE;
    TRY(object_verify(SIGN_SEALED, &part->header, &header->author, &header->audience,
                      &header->audience, &keys));
    if (!ID_IS_EQUAL(header->audience, o->call->core->me))
        return diag_say(o->call->diag, STATUS_WRONG_AUDIENCE, "letter.for_other", o->from->name,
                        NULL);
    if (header->epoch != o->letter.part_count || header->number != number)
        return diag_say(o->call->diag, STATUS_MALFORMED, "letter.part_missing", NULL);
    return STATUS_OK;
}

static enum status
open_part(struct opening *o, const struct sealed_body *part, size_t number)
{
    struct call *call = o->call;
    struct sealed *header;
    struct bytes plain;
    uint8_t kind;

    TRY(wire_sealed_parse(part->header.body, call->arena, &header));
    TRY(check_header(o, part, header, number));
    TRY(part_key(o, header));
    TRY(seal_open(&o->key, header, part->box, call->arena, &kind, &plain));
    return kind == LETTER_BOX ? letter_unpack(plain, o->items, LETTER_ITEMS_MAX, &o->count)
                              : STATUS_UNKNOWN_KIND;
}

static enum status
open_letter(struct opening *o)
{
    TRY(read_letter(o));
    TRY(find_author(o));
    o->items = ARENA_ARRAY(o->call->arena, struct letter_item, LETTER_ITEMS_MAX);
    for (size_t i = 0; i < o->letter.part_count; i++) {
        enum status s = open_part(o, o->letter.parts[i], i + 1);
        if (s == STATUS_BAD_SIGNATURE ||
            (s == STATUS_MALFORMED && o->call->diag->key[0] == '\0'))
            return diag_say(o->call->diag, s, "letter.does_not_open", o->from->name, NULL);
        TRY(s);
    }
    return STATUS_OK;
}

/* ---- taking ------------------------------------------------------------------------------- */

struct tally {
    int64_t objects, news;
    json_t *refused;
    struct buffer taken; /* names */
};

static void
tally_fini(struct tally *t)
{
    json_decref(t->refused);
    buffer_fini(&t->taken);
}

struct place {
    int64_t number;
    bool is_queued; /* else sealed, and without a receipt */
};

/* It took these of what waits for it; what is under way over a link goes with the link. */
static enum status
settle(struct opening *o, struct bytes names)
{
    enum { PLACE, NUMBER, KIND, BODY, QUEUED = 0, HANDED = 1 };
    struct core *core = o->call->core;
    struct place *dropped = ARENA_ARRAY(o->call->arena, struct place, LETTER_ITEMS_MAX);
    size_t count = 0;
    enum status s;

    if (names.len % ID_SIZE != 0)
        return STATUS_MALFORMED;
    {
        AUTO(stmt_return) struct stmt *q = stmt_borrow(core->store, STMT_WAITING_BACK);
        stmt_bind(q, "ii", o->from->id, (int64_t)LETTER_ITEMS_MAX);
        while ((s = stmt_step(q)) == STATUS_OK) {
            struct letter_item item = { (uint8_t)stmt_int(q, KIND), stmt_bytes(q, BODY) };
            struct digest name = letter_name(&item);
            bool is_named = false;
            for (size_t i = 0; i < names.len && !is_named; i += ID_SIZE)
                is_named = memcmp(names.data + i, name.b, ID_SIZE) == 0;
            if (is_named && stmt_int(q, PLACE) != HANDED)
                dropped[count++] =
                    (struct place){ stmt_int(q, NUMBER), stmt_int(q, PLACE) == QUEUED };
        }
    }
    for (size_t i = 0; s == STATUS_NOT_FOUND && i < count; i++)
        TRY(dropped[i].is_queued
                ? store_exec(core->store, STMT_CONTROL_DROP, "i", dropped[i].number)
                : store_exec(core->store, STMT_PARCEL_EMPTY, "ii", o->from->id,
                             dropped[i].number));
    return s == STATUS_NOT_FOUND ? STATUS_OK : s;
}

static enum status
take_item(struct opening *o, const struct letter_item *item, const char **detail)
{
    struct envelope env = { .kind = item->kind, .stream = STREAM_CONTROL, .body = item->body };
    struct taking t = {
        .core = o->call->core, .from = o->from, .arena = o->call->arena, .env = &env
    };

    *detail = "kind";
    if (item->kind == KIND_TAKEN)
        return settle(o, item->body);
    if (item->kind != MESSAGE_REVOCATION && item->kind != MESSAGE_RECEIPT &&
        item->kind != MESSAGE_WITHDRAWAL)
        return STATUS_UNKNOWN_KIND; /* nothing in a letter gives a right */
    enum status s = exchange_take_object(&t);
    *detail = t.detail;
    return s;
}

static void
refused(struct opening *o, const struct letter_item *item, enum status s, const char *detail,
        struct tally *tally)
{
    struct envelope env = { .kind = item->kind, .body = item->body };
    json_t *row = json_object();

    dead_letter(o->call->core, o->from->id, &env, s, detail);
    reply_set(row, "kind", json_words(message_kind_name(item->kind)));
    reply_set(row, "reason",
              json_words(text_failure(o->call->language, s, NULL, o->call->arena)));
    reply_set(row, "detail", json_words(detail));
    (void)json_array_append_new(tally->refused, row);
}

static enum status
take_one(struct opening *o, const struct letter_item *item, struct tally *tally)
{
    struct core *core = o->call->core;
    struct digest name = letter_name(item);
    struct core_mark mark;
    const char *detail;

    TRY(core_mark_set(core, &mark));
    enum status s = take_item(o, item, &detail);
    if (s != STATUS_OK) {
        core_mark_undo(core, &mark);
        if (!exchange_is_their_fault(s))
            return s;
        refused(o, item, s, detail, tally);
        return STATUS_OK;
    }
    tally->news += core->audit_number != mark.audit_number;
    core_mark_keep(core);
    if (item->kind == KIND_TAKEN)
        return STATUS_OK;
    tally->objects++;
    buffer_put_bytes(&tally->taken, bytes_of(name.b, ID_SIZE));
    return STATUS_OK;
}

/* What we took, and what we have to say ourselves. */
static enum status
answer(struct opening *o, const struct tally *tally, json_t *files)
{
    AUTO(buffer_fini) struct buffer out = { 0 };
    AUTO(xfree) struct bag *bag = xcalloc(1, sizeof(*bag));
    struct call *call = o->call;
    struct bytes names = buffer_bytes(&tally->taken);

    for (size_t i = 0, n; i < names.len; i += n) {
        n = names.len - i < 32 * KIB ? names.len - i : 32 * KIB;
        bag_put(bag, KIND_TAKEN, bytes_of(names.data + i, n));
    }
    TRY(gather(call, o->from, bag));
    TRY(write_letter(call, o->from, bag, &out));
    json_t *file = json_object();
    reply_set(file, "name",
              json_words(arena_printf(call->arena, "letter-for-%s.txt", o->from->name)));
    reply_set(file, "text", json_stringn((const char *)out.data, out.len));
    (void)json_array_append_new(files, file);
    return STATUS_OK;
}

enum status
service_letter_import(struct call *call)
{
    AUTO(opening_fini) struct opening o = { .call = call };
    AUTO(tally_fini) struct tally tally = { .refused = json_array() };

    TRY(core_need_txn(call->core));
    TRY(open_letter(&o));
    for (size_t i = 0; i < o.count; i++)
        TRY(take_one(&o, &o.items[i], &tally));
    TRY(audit_add(call->core, call->actor, "letter.taken", bytes_of(o.from->node.b, ID_SIZE),
                  (struct bytes){ 0 }));
    json_t *files = json_array();
    call->reply = json_object();
    reply_set(call->reply, "company", json_words(o.from->name));
    reply_set(call->reply, "taken", json_integer(tally.objects));
    reply_set(call->reply, "news", json_integer(tally.news));
    reply_set(call->reply, "refused", json_integer((json_int_t)json_array_size(tally.refused)));
    reply_set(call->reply, "left_out", json_incref(tally.refused));
    reply_set(call->reply, "files", files);
    reply_set(call->reply, "next", json_null());
    return tally.objects > 0 ? answer(&o, &tally, files) : STATUS_OK;
}

/* ---- what waits --------------------------------------------------------------------------- */

struct link_state {
    int64_t way; /* company.id; 0: none */
    bool is_up;
};

static struct link_state
link_state(struct call *call, int64_t company)
{
    struct link_state out = { 0 };
    struct core *core = call->core;

    (void)pthread_mutex_lock(&core->view_lock);
    for (size_t i = 0; i < core->link_count; i++)
        if (core->links[i].company == company)
            out = (struct link_state){ core->links[i].way, core->links[i].state == PEER_READY };
    (void)pthread_mutex_unlock(&core->view_lock);
    return out;
}

/* Columns of WAITING_LIST. */
static json_t *
waiting_json(struct call *call, struct stmt *q)
{
    enum { ID, NAME, STATE, REVOCATIONS, RECEIPTS, WITHDRAWALS };
    json_t *o = json_object();
    enum company_state state = (enum company_state)stmt_int(q, STATE);
    bool has_link = state == COMPANY_TRUSTED || state == COMPANY_SUSPENDED;
    struct link_state here = link_state(call, stmt_int(q, ID)), hop = { 0 };
    struct company_name via = { 0 };

    if (!has_link && here.way != 0 && company_name(call, here.way, &via) == STATUS_OK)
        hop = link_state(call, here.way);
    bool is_up = has_link ? here.is_up : hop.is_up;
    const char *name[] = { stmt_text(q, NAME) };
    reply_set(o, "company", json_words(name[0]));
    reply_set(o, "withdrawals", json_integer(stmt_int(q, WITHDRAWALS)));
    reply_set(o, "revocations", json_integer(stmt_int(q, REVOCATIONS)));
    reply_set(o, "receipts", json_integer(stmt_int(q, RECEIPTS)));
    reply_set(o, "way", json_string(has_link ? "link" : here.way != 0 ? "sealed" : "none"));
    if (here.way != 0 && !has_link)
        reply_set(o, "via", json_words(via.name));
    reply_set(o, "link", json_string(is_up ? "up" : "down"));
    if (!is_up)
        reply_set(o, "what_to_do",
                  json_words(text_format(call->language, "letter.do", name, 1, call->arena)));
    return o;
}

enum status
service_letter_list(struct call *call)
{
    return page_rows(call, STMT_WAITING_LIST, waiting_json);
}

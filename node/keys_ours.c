/* SPDX-License-Identifier: Apache-2.0
 *
 * node/keys_ours.c - a new descriptor of ours, found beside our keys, and the end of the keys before it (contract:
 * node/keys.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "node/keys_priv.h"
#include "node/route.h"
#include "schema/base/cleanup.h"
#include "schema/base/file.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"

/* ---- a new one of ours -------------------------------------------------------------------- */

/* The newest that the journal knows; 0: none. */
static uint64_t
journal_serial(const struct core *core)
{
    enum journal_kind kind;
    struct bytes content;
    uint64_t last = 0;

    for (size_t at = 0; journal_next(core->journal, &at, &kind, &content);) {
        struct reader r = reader_of(content);
        uint64_t here = kind == JOURNAL_SERIAL ? reader_u64(&r) : 0;
        last = here > last ? here : last;
    }
    return last;
}

static enum status
read_one(struct core *core, const char *name, struct arena *arena,
         struct signed_object **object, struct descriptor **d)
{
    AUTO(buffer_fini) struct buffer raw = { 0 };

    *object = NULL;
    *d = NULL;
    enum status s = file_read_at(AT_FDCWD, arena_printf(arena, "%s/%s", core->home, name),
                                 OBJECT_MAX, &raw);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    TRY(s);
    return keys_parse(buffer_bytes(&raw), arena, object, d);
}

/* The one of the keys that are there: beside them once they were changed, before that the home's. NULL: a node of a test.
 * STATUS_CONFIG: the home knows a newer one than the keys are. */
static enum status
read_ours(struct core *core, struct arena *arena, struct signed_object **object,
          struct descriptor **d)
{
    struct signed_object *newest;
    struct descriptor *known;

    TRY(read_one(core, "keys/descriptor", arena, object, d));
    TRY(read_one(core, "descriptor", arena, &newest, &known));
    if (*d != NULL)
        return known != NULL && known->serial > (*d)->serial ? STATUS_CONFIG : STATUS_OK;
    if (known != NULL && known->serial > 1)
        return STATUS_CONFIG; /* the first keys, which have none beside them */
    *object = newest;
    *d = known;
    return STATUS_OK;
}

static const char *
former_name(struct arena *arena, uint64_t serial)
{
    return arena_printf(arena, "descriptor.%llu", (unsigned long long)serial);
}

/* Outside the database and its copies: the home knows that there was this one, and those before it. */
static enum status
note_ours(struct core *core, const struct descriptor *d, const struct signed_object *object)
{
    AUTO(fd_close) int home = open(core->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct bytes raw = wire_signed_object_format(object, core->round);

    if (home < 0)
        return STATUS_IO;
    TRY(file_replace_at(home, former_name(core->round, d->serial), raw));
    if (d->serial > DESCRIPTORS_MAX)
        file_remove_at(home, former_name(core->round, d->serial - DESCRIPTORS_MAX));
    return file_replace_at(home, "descriptor", raw);
}

/* Those that a database from before them does not know: what was signed under them is ours all the same. */
static enum status
learn_former(struct core *core, struct company *us, struct arena *arena)
{
    for (uint64_t serial = us->serial - 1; serial > 1; serial--) {
        struct signed_object *object;
        struct descriptor *d;
        struct node_id node;
        TRY(read_one(core, former_name(arena, serial), arena, &object, &d));
        if (d == NULL ||
            descriptor_verify(object, d->not_before, arena, &d, &node) != STATUS_OK ||
            !ID_IS_EQUAL(node, core->me))
            return STATUS_OK;
        enum status s = keys_take(core, us, d, object, 0);
        if (s != STATUS_OK)
            return s == STATUS_EQUIVOCATION ? STATUS_OK : s;
    }
    return STATUS_OK;
}

static bool
has_former(struct core *core, const char *name)
{
    return access(arena_printf(core->round, "%s/keys/former-%s.key", core->home, name), F_OK) ==
           0;
}

static enum status
tell_everybody(struct core *core)
{
    for (size_t i = 1; i < core->company_count; i++) {
        struct company *c = core->companies[i];
        if (c->peer != NULL || c->state == COMPANY_INTRODUCED)
            TRY(keys_tell(core, c));
    }
    return STATUS_OK;
}

enum status
keys_begin(struct core *core, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct company *us = core->companies[0];
    struct signed_object *object;
    struct descriptor *d;
    struct node_id node;
    uint8_t raw[8];

    enum status s = read_ours(core, arena, &object, &d);
    if (s == STATUS_OK && d == NULL)
        return STATUS_OK;
    if (s == STATUS_CONFIG ||
        (s == STATUS_OK && (d->serial < us->serial || d->serial < journal_serial(core))))
        return diag_say(diag, STATUS_CONFIG, "home.keys_older", core->home, NULL);
    TRY(s);
    s = descriptor_verify(object, d->not_before, arena, &d, &node);
    if (s != STATUS_OK || !ID_IS_EQUAL(node, core->me))
        return diag_say(diag, STATUS_CONFIG, "home.keys_foreign", core->home, NULL);
    if (d->serial > us->serial) {
        uint64_t refused_below = us->refused_below;
        TRY(note_ours(core, d, object));
        TRY(keys_take(core, us, d, object, 0));
        TRY(learn_former(core, us, arena));
        TRY(tell_everybody(core));
        if (d->refused_below > refused_below) /* this one says so, or one that we missed */
            TRY(keys_anew_begin(core));
    }
    if (d->serial > 1 && d->serial > journal_serial(core)) {
        put_u64(raw, d->serial);
        journal_add(core->journal, JOURNAL_SERIAL, bytes_of(raw, sizeof(raw)));
    }
    core->has_former_sealing = has_former(core, "sealing");
    core->has_former_transport = has_former(core, "transport");
    return STATUS_OK;
}

enum status
keys_overtaken(struct core *core, const struct descriptor *d,
               const struct signed_object *object)
{
    if (d->serial <= core->companies[0]->serial)
        return STATUS_OK;
    LOG(LOG_ERROR, "keys.overtaken", log_num("serial", (int64_t)d->serial));
    TRY(note_ours(core, d, object));
    core->are_keys_older = true;
    return STATUS_OK;
}

/* ---- the ones before ---------------------------------------------------------------------- */

bool
keys_are_known(struct core *core, const struct company *c, bool link_only)
{
    struct way way;

    if (c->told >= core->companies[0]->serial || c->state == COMPANY_SELF ||
        c->state == COMPANY_LIGHT || c->state == COMPANY_REMOVED)
        return true;
    if (c->peer != NULL)
        return false;
    return link_only ? c->state != COMPANY_INVITED : !route_find(core, c, &way);
}

static bool
are_known_by_all(struct core *core, bool link_only)
{
    for (size_t i = 1; i < core->company_count; i++)
        if (!keys_are_known(core, core->companies[i], link_only))
            return false;
    return true;
}

static enum status
retire(struct core *core, const char *name, const char *actor)
{
    const char *path = arena_printf(core->round, "%s/keys/former-%s.key", core->home, name);

    if (unlink(path) != 0 && errno != ENOENT)
        return file_status(errno);
    LOG(LOG_INFO, "keys.retired", log_word("key", name));
    return audit_add(core, actor, "key.retired", bytes_of(core->me.b, ID_SIZE),
                     bytes_text(name));
}

enum status
keys_retire(struct core *core, bool at_once, const char *actor)
{
    int64_t invited;

    if (!core->has_former_sealing && !core->has_former_transport)
        return STATUS_OK;
    TRY(core_need_txn(core));
    if (core->has_former_sealing &&
        (at_once || PLANTED(KEY_GONE_EARLY) || are_known_by_all(core, false))) {
        TRY(retire(core, "sealing", actor));
        core->has_former_sealing = false;
        if (core->env.keyring.forget != NULL &&
            core->env.keyring.forget(core->env.keyring.self) != STATUS_OK)
            LOG(LOG_WARN, "keys.not_forgotten"); /* until the key process starts again */
    }
    TRY(store_number(core->store, &invited, STMT_INVITATION_OPEN, "i", core_wall(core).ms));
    if (core->has_former_transport &&
        (at_once || (invited == 0 && are_known_by_all(core, true)))) {
        TRY(retire(core, "transport", actor));
        core->has_former_transport = false;
        core_order(core, LINK_RENEW, &(struct link_peer){ .dial = NULL }, 0);
    }
    return STATUS_OK;
}

enum status
keys_linked(struct core *core, struct arena *arena, struct signed_object *out)
{
    const struct company *us = core->companies[0];

    for (uint64_t i = us->serial; core->has_former_transport && i > 0; i--) {
        struct signed_object *object;
        struct descriptor *d;
        enum status s = keys_kept(core, us, i, arena, &object, &d);
        if (s == STATUS_NOT_FOUND)
            break;
        TRY(s);
        *out = *object;
        if (!ID_IS_EQUAL(d->transport_key, us->transport_key))
            return STATUS_OK;
    }
    return company_descriptor(core, &core->me, arena, out);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_open.c - a home becomes a node: first start, opening, closing; everything that memory holds is
 * read from the database here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/give_back.h"
#include "node/keys.h"
#include "node/quarantine.h"
#include "node/route.h"
#include "node/store/project.h"
#include "node/suppression.h"
#include "schema/base/cleanup.h"
#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "schema/digest.h"

#ifdef HANSA_PLANTS
int plant_active = -1;
#endif

static char *
path_in(const char *home, const char *name)
{
    size_t size = strlen(home) + strlen(name) + 2;
    char *path = xcalloc(1, size);

    (void)snprintf(path, size, "%s/%s", home, name);
    return path;
}

enum status
core_init(const char *home, const struct core_birth *birth, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    AUTO(store_close) struct store *st = NULL;
    AUTO(xfree) char *path = path_in(home, "hansa.db");
    struct signed_object *object;
    struct descriptor *d;
    struct bytes there;
    uint32_t incarnation = 1;
    uint8_t raw[4];

    TRY(wire_signed_object_parse(birth->descriptor, arena, &object));
    TRY(wire_descriptor_parse(object->body, arena, &d));
    TRY(store_open(path, diag, &st));
    if (store_meta_get(st, "node", arena, &there) == STATUS_OK)
        return diag_say(diag, STATUS_CONFLICT, "home.exists", home, NULL);
    struct node_id node = digest_node_id(&d->root_key);
    put_u32(raw, incarnation);
    TRY(store_begin(st));
    TRY(store_meta_put(st, "node", bytes_of(node.b, ID_SIZE)));
    TRY(store_meta_put(st, "incarnation", bytes_of(raw, sizeof(raw))));
    TRY(store_meta_put(st, "language", bytes_text(birth->language)));
    if (birth->listen != NULL)
        TRY(store_meta_put(st, "listen", bytes_text(birth->listen)));
    TRY(store_exec(st, STMT_COMPANY_ADD, "bttibiii", bytes_of(node.b, ID_SIZE), d->name,
                   d->country, (int64_t)d->serial, birth->descriptor, (int64_t)COMPANY_SELF,
                   (int64_t)0, d->not_before.ms));
    return store_commit(st);
}

static enum status
load_meta(struct core *core, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct bytes node, incarnation, key;
    char text[64];

    if (store_meta_get(core->store, "node", arena, &node) != STATUS_OK || node.len != ID_SIZE)
        return diag_say(diag, STATUS_CONFIG, "home.empty", core->home, NULL);
    memcpy(core->me.b, node.data, ID_SIZE);
    base32_format(node, text);
    (void)snprintf(core->own_space, sizeof(core->own_space), "%s", text);
    TRY(store_meta_get(core->store, "incarnation", arena, &incarnation));
    if (incarnation.len != 4)
        return STATUS_CORRUPT;
    core->incarnation = get_u32(incarnation.data);
    if (store_meta_get(core->store, "match-key", arena, &key) == STATUS_OK && key.len == 32) {
        memcpy(core->match_key, key.data, 32);
        return STATUS_OK;
    }
    core->env.random(core->env.self, core->match_key, sizeof(core->match_key));
    TRY(store_begin(core->store));
    TRY(store_meta_put(core->store, "match-key",
                       bytes_of(core->match_key, sizeof(core->match_key))));
    return store_commit(core->store);
}

enum status
core_load_dictionary(struct core *core, struct diag *diag)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct dictionary *made;
    struct bytes own;
    bool in_txn = store_in_txn(core->store);

    enum status s = store_meta_get(core->store, "own-types", arena, &own);
    if (s != STATUS_OK && s != STATUS_NOT_FOUND)
        return s;
    TRY(dictionary_new(own, core->own_space, diag, &made));
    /* Readers may still hold the old ones: they are small, change rarely and stay until the end. */
    core->dictionaries = xrealloc(core->dictionaries,
                                  (core->dictionary_count + 1) * sizeof(*core->dictionaries));
    core->dictionaries[core->dictionary_count++] = made;
    core->dictionary = made;
    core->profile = dictionary_profile(made);
    if (!in_txn)
        TRY(store_begin(core->store));
    TRY(project_tables(core->store, made));
    if (!in_txn)
        TRY(store_commit(core->store));
    return STATUS_OK;
}

enum status
core_load(struct core *core, struct diag *diag)
{
    int64_t any;

    TRY(audit_load(core, diag));
    TRY(companies_load(core));
    TRY(quarantine_load(core));
    TRY(give_back_load(core));
    TRY(lives_load(core));
    core->verdicts_wait = true;
    core->persons_wait = true;
    core->receipts_wait = true;
    core->withdrawals_wait = true;
    enum status withdrawn = store_number(core->store, &any, STMT_WITHDRAWN_ANY, "");
    if (withdrawn != STATUS_OK && withdrawn != STATUS_NOT_FOUND)
        return withdrawn;
    core->has_withdrawn = withdrawn == STATUS_OK;
    core->receipts_unsaid = true;
    core->letting_waits = true;
    core->revocations_unsaid = true;
    TRY(keys_anew_load(core));
    core->has_erased = true; /* perhaps in the life before, and the log has it still (P11) */
    return jobs_load(core);
}

/* Everything into memory; when it was restored, quarantined in the same transaction. */
static enum status
load(struct core *core, struct diag *diag)
{
    bool began;

    TRY(quarantine_begin(core, diag, &began));
    TRY(core_load(core, diag));
    if (began)
        TRY(quarantine_requeue(core));
    else
        TRY(store_begin(core->store));
    TRY(grants_read_cites(core));
    TRY(keys_begin(core, diag));
    TRY(route_begin(core));
    TRY(store_commit(core->store));
    if (began)
        quarantine_began(core);
    quarantine_note_all(core);
    return STATUS_OK;
}

enum status
core_open(const struct core_config *config, struct diag *diag, struct core **out)
{
    AUTO(core_close) struct core *core = xcalloc(1, sizeof(*core));

    *out = NULL;
    core->env = config->env;
    core->home = xstrdup(config->home);
    core->audit_fd = -1;
    core->db_path = path_in(config->home, "hansa.db");
    core->round = arena_new(0);
    core->sendings_end = &core->sendings;
    core->orders_end = &core->orders;
    (void)pthread_mutex_init(&core->view_lock, NULL);
    exchange_ops(core, &core->peer_ops);
    TRY(disk_open(core->home, config->ballast, diag, &core->disk));
    TRY(store_open(core->db_path, diag, &core->store));
    if (journal_open(core->home, &core->journal) != STATUS_OK)
        return diag_say(diag, STATUS_CORRUPT, "home.journal", core->home, NULL);
    TRY(load_meta(core, diag));
    TRY(core_load_dictionary(core, diag));
    TRY(load(core, diag));
    TRY(suppression_load(core, diag));
    TRY(jobs_sweep(core));
    *out = TAKE(core);
    return STATUS_OK;
}

void
core_close(struct core **out)
{
    struct core *core = *out;

    if (core == NULL)
        return;
    job_close(core);
    if (core->journal != NULL && core->store != NULL && !store_in_txn(core->store)) {
        core->audit_signed_at = (struct mono_ms){ INT64_MIN / 2 };
        (void)audit_sign(core);
    }
    journal_close(&core->journal);
    fd_close(&core->audit_fd);
    buffer_fini(&core->audit_tail);
    lives_free(core);
    companies_free(core);
    for (struct waiter *w = core->waiters, *next; w != NULL; w = next) {
        next = w->next;
        w->request->done(w->request);
        free(w);
    }
    for (size_t i = 0; i < core->reader_count; i++)
        store_close(&core->reader_pool[i]);
    store_close(&core->store);
    disk_close(&core->disk);
    arena_free(&core->round);
    free(core->requests);
    free(core->answers);
    route_forget_keys(core);
    free(core->opened_keys);
    free(core->links);
    free(core->spent_path);
    free(core->home);
    free(core->db_path);
    for (size_t i = 0; i < core->dictionary_count; i++)
        dictionary_free(&core->dictionaries[i]);
    free(core->dictionaries);
    (void)pthread_mutex_destroy(&core->view_lock);
    free(core);
    *out = NULL;
}

enum status
core_ends(const struct core *core)
{
    return core->are_keys_older ? STATUS_CONFIG : STATUS_OK;
}

/* ---- what the link says of itself ---------------------------------------------------------- */

void
core_on_proved(struct core *core, const struct node_id *node)
{
    struct company *c = company_find(core, node);

    if (c != NULL)
        keys_proved(core, c);
}

void
core_on_strangers(struct core *core, uint32_t count)
{
    core->strangers += count;
    LOG(LOG_INFO, "link.strangers", log_num("count", count));
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * node/core_read.c - readers, each on a snapshot of its own, and forgetting: what was erased leaves memory, too (P11).
 */
#include "node/core_answer.h"
#include "schema/base/cleanup.h"
#include "schema/base/wipe.h"

static enum status
reader_take(struct core *core, struct store **out, uint64_t *as_of)
{
    *out = NULL;
    (void)pthread_mutex_lock(&core->view_lock);
    *as_of = core->forgotten;
    if (core->reader_count > 0)
        *out = core->reader_pool[--core->reader_count];
    (void)pthread_mutex_unlock(&core->view_lock);
    return *out != NULL ? STATUS_OK : store_open_reader(core->db_path, out);
}

static void
reader_give(struct core *core, struct store **st, uint64_t as_of)
{
    if (*st == NULL)
        return;
    store_rollback(*st);
    (void)pthread_mutex_lock(&core->view_lock);
    if (core->reader_count < COUNT_OF(core->reader_pool) && as_of == core->forgotten)
        core->reader_pool[core->reader_count++] = TAKE(*st);
    (void)pthread_mutex_unlock(&core->view_lock);
    store_close(st);
}

void
core_read(struct core *core, struct api_request *request)
{
    AUTO(arena_free) struct arena *arena = arena_new(0);
    struct store *st = NULL;
    uint64_t as_of;
    enum status s = reader_take(core, &st, &as_of);

    if (s == STATUS_OK)
        s = store_begin_read(st);
    if (s == STATUS_OK) {
        struct call call = { .core = core,
                             .store = st,
                             .dictionary = core->dictionary,
                             .arena = arena,
                             .now = core_wall(core) };
        service_run(&call, request);
    } else {
        request->status = s;
    }
    reader_give(core, &st, as_of);
}

/* A reader's pages are as old as its last snapshot. The writer's are not: what it lets go of is overwritten in them. */
void
core_forget(struct core *core)
{
    store_forget(core->store);
    (void)pthread_mutex_lock(&core->view_lock);
    core->forgotten++;
    while (core->reader_count > 0)
        store_close(&core->reader_pool[--core->reader_count]);
    (void)pthread_mutex_unlock(&core->view_lock);
    wipe_stack();
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/sim/main.c - the simulator's program.
 *
 *   sim --seeds 500 [--first 1]       every seed must end well, every kind of fault and of event must have been met;
 *       [--jobs 2]                    in so many processes
 *   sim --seed 17 [--verbose]         one seed, with what people did
 *   sim --plant NAME --seeds 50       a planted bug must be caught within so many seeds
 *   sim --plants --seeds 150          all of them
 *   sim --twice --seeds 4             each seed twice: the same bytes
 *   sim --apart --seeds 2             what one bringer learns does not depend on another's guests
 *
 * The last line is "N passed, M failed".
 */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schema/base/log.h"
#include "schema/base/plant.h"
#include "tests/check.h"
#include "tests/sim/sim.h"

/* Time goes into allocations: short stacks and a small quarantine make the sanitizer twice as fast here. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "malloc_context_size=3:quarantine_size_mb=4";
}

enum { SETTLE_MINUTES = 15, LONG_WAITS = 30, HUNG_SECONDS = 60, JOBS_MAX = 16 };

static const char *const count_names[COUNT_COUNT_] = {
#define X(name) [FAULT_##name] = #name,
    FAULTS(X)
#undef X
#define X(name) [COUNT_##name] = #name,
        SOMETIMES(X)
#undef X
};

static const char *const plant_names[] = {
#define X(name) #name,
    PLANT_TABLE(X)
#undef X
};

struct options {
    uint64_t first, seeds, jobs;
    const char *plant;
    bool plants, twice, apart, verbose;
};

/* ---- for the other files ------------------------------------------------------------------ */

void
sim_fail(struct sim *sim, const char *format, ...)
{
    va_list args;

    if (sim_failed(sim))
        return;
    va_start(args, format);
    (void)vsnprintf(sim->failure, sizeof(sim->failure), format, args);
    va_end(args);
}

uint64_t
sim_random(struct sim *sim, uint64_t below)
{
    uint64_t x = check_random(&sim->random);

    return below == 0 ? 0 : x % below;
}

bool
sim_chance(struct sim *sim, unsigned percent)
{
    return sim_random(sim, 100) < percent;
}

/* FNV-1a. */
void
sim_trace(struct sim *sim, struct bytes data)
{
    for (size_t i = 0; i < data.len; i++)
        sim->trace = (sim->trace ^ data.data[i]) * UINT64_C(0x100000001b3);
}

/* ---- a seed ------------------------------------------------------------------------------- */

/* Every seed has its own choice of faults; one in eight has none. */
static void
choose_faults(struct sim *sim)
{
    bool none = sim_chance(sim, 12);

    for (int i = 0; i < FAULT_rows_lost; i++)
        sim->faults[i] = !none && sim_chance(sim, i == FAULT_carrier_drops ? 70 : 40);
    sim->faults[FAULT_rows_lost] = !none && sim->seed % 3 == 0;
    sim->faults[FAULT_disk_full] = !none && sim->seed % 8 == 1 && sim->seed % 3 != 0;
}

static void
settle(struct sim *sim)
{
    int64_t until = sim->now + SETTLE_MINUTES * SIM_MINUTE;

    net_calm(sim);
    net_run(sim, sim->now + 2 * SIM_MINUTE);
    people_settle(sim);
    while (!sim_failed(sim) && sim->now < until) {
        net_run(sim, sim->now + 5000);
        if (!sim_failed(sim) && judge_settled(sim, false))
            return;
    }
    /* What a carrier dropped goes again after ten minutes, then after twice as long, and so on. */
    for (int i = 0; i < LONG_WAITS && !sim_failed(sim) && !sealed_is_quiet(sim, false); i++) {
        sim->now += 40 * SIM_MINUTE;
        net_run(sim, sim->now + SIM_MINUTE);
        if (!sim_failed(sim) && judge_settled(sim, false))
            return;
    }
    /* Something may be under way just now: a word of an owner goes every 20 s. */
    for (int tries = 0; tries < 4 && !sim_failed(sim); tries++) {
        if (judge_settled(sim, tries == 3))
            return;
        net_run(sim, sim->now + 7000);
    }
}

static void
story(struct sim *sim)
{
    if (!people_meet(sim))
        return;
    for (sim->step = 1; sim->step <= OPS_A_SEED && !sim_failed(sim); sim->step++) {
        people_act(sim);
        if (sim->step % 16 == 0)
            judge_glance(sim);
        if (sim->seed % 3 == 0)
            restore_keep(sim);
    }
    if (!sim_failed(sim))
        settle(sim);
    if (!sim_failed(sim))
        judge_end(sim);
    if (!sim_failed(sim) && !sim->restore.has_copy && sim->seed % 6 == 2) {
        keys_act(sim);
        settle(sim);
        judge_end(sim);
    }
    if (!sim_failed(sim) && sim->restore.has_copy)
        restore_act(sim);
    else if (!sim_failed(sim))
        hostile_act(sim);
}

static struct sim *
run_seed(uint64_t seed, const char *base, bool verbose)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));

    sim->seed = seed;
    sim->random = seed * UINT64_C(0x2545f4914f6cdd1d);
    sim->trace = UINT64_C(0xcbf29ce484222325);
    node_random_from(&sim->random);
    full_watch(sim);
    sim->base = base;
    sim->verbose = verbose;
    sim->node_count = 3 + (int)sim_random(sim, 3);
    if (sim->node_count == 5 && sim_chance(sim, 50))
        sim->node_count = 3;
    choose_faults(sim);
    for (int i = 0; i < sim->node_count; i++)
        node_init(sim, i);
    story(sim);
    for (int i = 0; i < sim->node_count; i++)
        node_fini(&sim->nodes[i]);
    net_fini(sim);
    watch_fini(sim);
    full_watch(NULL);
    node_random_from(NULL);
    return sim;
}

static void
say_failure(const struct sim *sim)
{
    printf("FAILED  seed %llu, step %d, %.3f s: %s\n        faults:",
           (unsigned long long)sim->seed, sim->step, (double)sim->now / 1000, sim->failure);
    for (int i = 0; i < FAULT_COUNT_; i++)
        if (sim->faults[i])
            printf(" %s", count_names[i]);
    printf("\n        again: sim --seed %llu --verbose\n", (unsigned long long)sim->seed);
    (void)fflush(stdout);
}

/* ---- many seeds --------------------------------------------------------------------------- */

/* What the processes of one run tell each other; each writes only its own. */
struct told {
    uint64_t at; /* the seed that runs */
    uint64_t failed, counts[COUNT_COUNT_];
};

/* One process's share of the seeds, from told->at on. */
static void
run_share(const struct options *o, const char *base, struct told *told)
{
    for (; told->at < o->first + o->seeds; told->at += o->jobs) {
        struct sim *sim = run_seed(told->at, base, o->verbose);
        told->failed += sim_failed(sim);
        if (sim_failed(sim))
            say_failure(sim);
        if (o->verbose)
            printf("seed %llu trace %016llx\n", (unsigned long long)sim->seed,
                   (unsigned long long)sim->trace);
        for (int i = 0; i < COUNT_COUNT_; i++)
            told->counts[i] += sim->counts[i];
        free(sim);
    }
}

static pid_t
start_share(const struct options *o, const char *base, struct told *told)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        run_share(o, base, told);
        exit(0); /* what leaked is said here, by a code of its own */
    }
    return child;
}

/* A process that stopped itself had met a failure in its seed; the others after it run all the same. */
static void
end_share(const struct options *o, const char *base, struct told *told, pid_t child)
{
    for (int status = 0;; child = start_share(o, base, told)) {
        if (waitpid(child, &status, 0) != child)
            abort();
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            return;
        told->failed++;
        if (told->at >= o->first + o->seeds) {
            printf("FAILED  something of a seed was never freed\n");
            return;
        }
        printf("FAILED  seed %llu: the node stopped itself\n        again: sim --seed %llu\n",
               (unsigned long long)told->at, (unsigned long long)told->at);
        told->at += o->jobs;
    }
}

/* Adds all up in the first. */
static void
run_shares(const struct options *o, const char *base, struct told *told)
{
    pid_t children[JOBS_MAX];

    for (uint64_t i = 0; i < o->jobs; i++) {
        told[i].at = o->first + i;
        children[i] = start_share(o, base, &told[i]);
    }
    for (uint64_t i = 0; i < o->jobs; i++)
        end_share(o, base, &told[i], children[i]);
    for (uint64_t i = 1; i < o->jobs; i++) {
        told[0].failed += told[i].failed;
        for (int k = 0; k < COUNT_COUNT_; k++)
            told[0].counts[k] += told[i].counts[k];
    }
}

static int
run_many(const struct options *o, const char *base)
{
    struct told *told = mmap(NULL, JOBS_MAX * sizeof(*told), PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t missing = 0;

    if (told == MAP_FAILED)
        abort();
    run_shares(o, base, told);
    const uint64_t *counts = told[0].counts, failed = told[0].failed;
    for (int i = 0; i < COUNT_COUNT_ && o->seeds >= 100; i++) {
        if (counts[i] > 0)
            continue;
        printf("FAILED  never met in %llu seeds: %s\n", (unsigned long long)o->seeds,
               count_names[i]);
        missing++;
    }
    printf("%s seeds=%llu first=%llu", failed + missing == 0 ? "PASS" : "FAIL",
           (unsigned long long)o->seeds, (unsigned long long)o->first);
    for (int i = 0; i < COUNT_COUNT_; i++)
        printf(" %s=%llu", count_names[i], (unsigned long long)counts[i]);
    printf("\n%llu passed, %llu failed\n", (unsigned long long)(o->seeds - failed),
           (unsigned long long)(failed + missing));
    return failed + missing == 0 ? 0 : 1;
}

static int
run_twice(const struct options *o, const char *base)
{
    uint64_t failed = 0;

    for (uint64_t seed = o->first; seed < o->first + o->seeds; seed++) {
        struct sim *one = run_seed(seed, base, false), *two = run_seed(seed, base, false);
        bool same = one->trace == two->trace && one->counts[COUNT_messages] > 0;
        failed += !same;
        printf("%s  seed %llu: %016llx, again %016llx\n", same ? "same  " : "FAILED",
               (unsigned long long)seed, (unsigned long long)one->trace,
               (unsigned long long)two->trace);
        free(one);
        free(two);
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)(o->seeds - failed),
           (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}

/* ---- planted bugs ------------------------------------------------------------------------- */

/* In a process of its own: a broken promise may also end in an assert, which catches nothing: a bug without one would
 * pass. */
static bool
is_caught(uint64_t seed, const char *base)
{
    int status = 0;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        (void)alarm(HUNG_SECONDS);
        struct sim *sim = run_seed(seed, base, false);
        bool failed = sim_failed(sim);
        if (failed)
            printf("caught  %s by seed %llu, step %d: %s\n", plant_names[plant_active],
                   (unsigned long long)seed, sim->step, sim->failure);
        free(sim);
        (void)fflush(stdout);
        _exit(failed ? 1 : 0);
    }
    if (waitpid(child, &status, 0) != child)
        abort();
    nodes_sweep(base);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        printf("stopped %s in seed %llu: the node itself\n", plant_names[plant_active],
               (unsigned long long)seed);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

static bool
hunt(int plant, const struct options *o, const char *base)
{
    plant_active = plant;
    for (uint64_t seed = o->first; seed < o->first + o->seeds; seed++)
        if (is_caught(seed, base))
            return true;
    printf("FAILED  %s is not caught within %llu seeds\n", plant_names[plant],
           (unsigned long long)o->seeds);
    return false;
}

static int
run_plants(const struct options *o, const char *base)
{
    unsigned passed = 0, failed = 0;

    for (int i = 0; i < PLANT_COUNT_; i++) {
        if (o->plant != NULL && strcasecmp(o->plant, plant_names[i]) != 0)
            continue;
        bool caught = hunt(i, o, base);
        passed += caught;
        failed += !caught;
    }
    if (passed + failed == 0)
        printf("FAILED  no plant is called %s\n", o->plant);
    printf("%u passed, %u failed\n", passed, failed + (passed + failed == 0));
    return failed == 0 && passed > 0 ? 0 : 1;
}

/* ---- one bringer and another -------------------------------------------------------------- */

/* Equal as things are, and not with a plant that tells one bringer of another's guest. */
static int
run_apart(const struct options *o, const char *base)
{
    uint64_t failed = 0;

    for (uint64_t seed = o->first; seed < o->first + o->seeds; seed++)
        failed += apart_compare(base, seed) != APART_SAME;
    plant_active = PLANT_FEEDBACK_TO_ALL;
    bool is_blind = apart_compare(base, o->first) != APART_DIFFERS;
    plant_active = -1;
    if (is_blind)
        printf("FAILED  FEEDBACK_TO_ALL makes no difference\n");
    uint64_t passed = o->seeds - failed + (is_blind ? 0 : 1);
    failed += is_blind ? 1 : 0;
    printf("%llu passed, %llu failed\n", (unsigned long long)passed,
           (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}

/* ---- the program -------------------------------------------------------------------------- */

static bool
parse(int argc, char **argv, struct options *o)
{
    static const struct option table[] = {
        { "seeds", required_argument, NULL, 'n' }, { "first", required_argument, NULL, 'f' },
        { "jobs", required_argument, NULL, 'j' },  { "seed", required_argument, NULL, 's' },
        { "plant", required_argument, NULL, 'p' }, { "plants", no_argument, NULL, 'P' },
        { "twice", no_argument, NULL, 't' },       { "verbose", no_argument, NULL, 'v' },
        { "apart", no_argument, NULL, 'a' },       { 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (c == 'n')
            o->seeds = strtoull(optarg, NULL, 10);
        else if (c == 'f' || c == 's')
            o->first = strtoull(optarg, NULL, 10);
        else if (c == 'j')
            o->jobs = strtoull(optarg, NULL, 10);
        else if (c == 'p')
            o->plant = optarg;
        else if (c != 'P' && c != 't' && c != 'v' && c != 'a')
            return false;
        o->plants = o->plants || c == 'p' || c == 'P';
        o->twice = o->twice || c == 't';
        o->apart = o->apart || c == 'a';
        o->verbose = o->verbose || c == 'v';
        if (c == 's')
            o->seeds = 1;
    }
    return optind == argc && o->seeds > 0 && o->jobs > 0 && o->jobs <= JOBS_MAX;
}

static bool
make_base(char *out, size_t size)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

    (void)snprintf(out, size, "%s/hansa-sim.XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(out) != NULL && nodes_template(out) == STATUS_OK;
}

int
main(int argc, char **argv)
{
    struct options o = { .first = 1, .seeds = 20, .jobs = 1 };
    char base[200];

    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* in one order with the log */
    if (sodium_init() < 0 || !memory_init() || !parse(argc, argv, &o)) {
        fprintf(stderr,
                "sim [--seeds N] [--first S] [--jobs J] [--seed S] [--verbose] [--plant NAME | "
                "--plants | --twice | --apart]\n");
        return 64;
    }
    log_init("sim", getenv("HANSA_LOG") != NULL ? log_level_wanted()
                                                : (enum log_level)(LOG_ERROR + 1));
    json_object_seed(1);
    if (!make_base(base, sizeof(base))) {
        fprintf(stderr, "sim: no folder for homes\n");
        return 73;
    }
    int code = o.plants  ? run_plants(&o, base)
               : o.twice ? run_twice(&o, base)
               : o.apart ? run_apart(&o, base)
                         : run_many(&o, base);
    nodes_clean(base);
    return code;
}

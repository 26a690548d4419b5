/* SPDX-License-Identifier: Apache-2.0
 *
 * Selective disclosure (DESIGN P3): whatever is narrowed to whatever, it opens to the same root, what
 * was withheld is nowhere in the bytes, and nothing that is shown can be forged. Values are random
 * 16 bytes or more, so that finding one in a message is no accident. HANSA_CASES sets the number.
 */
#include <stdlib.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/commitment.h"
#include "tests/check.h"

static size_t
case_count(size_t otherwise)
{
    const char *text = getenv("HANSA_CASES");

    return text == NULL ? otherwise : strtoul(text, NULL, 10);
}

static unsigned
draw(uint64_t *state, unsigned below)
{
    return (unsigned)(check_random(state) % below);
}

static uint8_t *
draw_bytes(uint64_t *state, struct arena *arena, size_t len)
{
    uint8_t *out = arena_alloc(arena, len);

    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)check_random(state);
    return out;
}

/* A record with random values, some of its fields in a name space of its own. */
struct sample {
    struct disclosure full;
    struct field salted[FIELDS_MAX]; /* what the owner alone knows */
    struct digest root;
};

static void
draw_sample(uint64_t *state, struct arena *arena, struct sample *s)
{
    size_t count = draw(state, 4) == 0 ? draw(state, FIELDS_MAX + 1) : draw(state, 14);
    size_t common = count - draw(state, (unsigned)count / 2 + 1);
    struct field *f = ARENA_ARRAY(arena, struct field, count);
    uint32_t number = 0;

    for (size_t i = 0; i < count; i++) {
        number = i == common ? 1 : number + 1 + draw(state, 5);
        size_t len = 16 + draw(state, 40);
        f[i].key.number = number;
        f[i].key.space = i < common ? (struct bytes){ 0 } : bytes_text("own");
        f[i].value = bytes_of(draw_bytes(state, arena, len), len);
    }
    s->full = (struct disclosure){ .revision = bytes_text("revision"),
                                   .has_secret = true,
                                   .fields = f,
                                   .field_count = count };
    memcpy(s->full.secret, draw_bytes(state, arena, 32), 32);
    s->root = commitment_root(s->full.secret, f, count);
    if (count > 0)
        memcpy(s->salted, f, count * sizeof(*f));
    commitment_salts(s->full.secret, s->salted, count);
}

/* Some of them kept, at least one dropped when there is one. */
static void
draw_keep(uint64_t *state, size_t count, bool *keep)
{
    unsigned odds = 1 + draw(state, 8);

    for (size_t i = 0; i < count; i++)
        keep[i] = draw(state, 8) < odds;
    if (count > 0)
        keep[draw(state, (unsigned)count)] = false;
}

static struct bytes
message_of(struct arena *arena, const struct disclosure *shown)
{
    struct disclosure item = *shown;
    struct run run = { .size = 1, .items = &item, .item_count = 1 };
    struct records in = { .runs = &run, .run_count = 1 };

    return wire_records_format(&in, arena);
}

static bool
holds(struct bytes message, const void *needle, size_t len)
{
    return memmem(message.data, message.len, needle, len) != NULL;
}

static void
check_canaries(struct check *t, struct bytes message, const struct sample *s, const bool *keep)
{
    for (size_t i = 0; i < s->full.field_count; i++) {
        const struct field *f = &s->salted[i];
        CHECK(t, "a value is in the message exactly when it is granted",
              holds(message, f->value.data, f->value.len) == keep[i]);
        CHECK(t, "and so is its salt", holds(message, f->salt, sizeof(f->salt)) == keep[i]);
    }
    if (s->full.field_count > 0)
        CHECK(t, "the secret is not in it", !holds(message, s->full.secret, 32));
}

static void
test_narrowing(struct check *t)
{
    uint64_t state = t->seed;

    for (size_t n = case_count(400); n > 0; n--) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sample s;
        bool keep[FIELDS_MAX];
        struct disclosure shown;
        struct records *back;
        draw_sample(&state, arena, &s);
        CHECK(t, "the full disclosure opens", commitment_open(&s.full, &s.root) == STATUS_OK);
        draw_keep(&state, s.full.field_count, keep);
        commitment_narrow(&s.full, keep, arena, &shown);
        struct bytes message = message_of(arena, &shown);
        check_canaries(t, message, &s, keep);
        if (!CHECK(t, "the message parses",
                   wire_records_parse(message, arena, &back) == STATUS_OK))
            continue;
        CHECK(t, "and what it shows opens to the same root",
              commitment_open(&back->runs[0].items[0], &s.root) == STATUS_OK);
        size_t total = shown.field_count + shown.withheld.len / 32;
        CHECK(t, "the total is padded, so that it does not show how many are withheld",
              total % 8 == 0 || s.full.field_count == 0);
    }
}

/* Narrowing in two steps gives the bytes of narrowing at once: nobody sees how often it was passed on. */
static void
test_two_steps(struct check *t)
{
    uint64_t state = t->seed + 1;

    for (size_t n = case_count(400); n > 0; n--) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sample s;
        bool first[FIELDS_MAX], second[FIELDS_MAX], both[FIELDS_MAX];
        struct disclosure a, b, at_once;
        draw_sample(&state, arena, &s);
        draw_keep(&state, s.full.field_count, first);
        commitment_narrow(&s.full, first, arena, &a);
        draw_keep(&state, a.field_count, second);
        commitment_narrow(&a, second, arena, &b);
        for (size_t i = 0, k = 0; i < s.full.field_count; i++)
            both[i] = first[i] && second[k++];
        commitment_narrow(&s.full, both, arena, &at_once);
        CHECK(t, "two steps are one",
              bytes_is_equal(message_of(arena, &b), message_of(arena, &at_once)));
        CHECK(t, "and open", commitment_open(&b, &s.root) == STATUS_OK);
    }
}

static void
forge(uint64_t *state, struct arena *arena, struct disclosure *d)
{
    struct field *f = &d->fields[draw(state, (unsigned)d->field_count)];
    struct bytes value = arena_copy(arena, f->value);

    switch (draw(state, 4)) {
    case 0:
        ((uint8_t *)(uintptr_t)value.data)[draw(state, (unsigned)value.len)] ^= 1;
        f->value = value;
        break;
    case 1:
        f->value.len--;
        break;
    case 2:
        f->salt[draw(state, 16)] ^= 0x40;
        break;
    default:
        f->key.space = bytes_text("zzz");
    }
}

static void
test_forging(struct check *t)
{
    uint64_t state = t->seed + 2;
    size_t forged = 0;

    for (size_t n = case_count(400); n > 0; n--) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sample s;
        bool keep[FIELDS_MAX];
        struct disclosure shown;
        draw_sample(&state, arena, &s);
        draw_keep(&state, s.full.field_count, keep);
        commitment_narrow(&s.full, keep, arena, &shown);
        if (shown.field_count == 0)
            continue;
        forge(&state, arena, &shown);
        CHECK(t, "a forged field never opens", commitment_open(&shown, &s.root) != STATUS_OK);
        forged++;
    }
    CHECK(t, "something was forged", forged > 0);
}

/* What is left after erasure: commitments alone still open, and show nothing. */
static void
test_nothing_shown(struct check *t)
{
    uint64_t state = t->seed + 3;

    for (size_t count = 1; count <= FIELDS_MAX; count += 7) {
        AUTO(arena_free) struct arena *arena = arena_new(0);
        struct sample s;
        static const bool keep[FIELDS_MAX];
        struct disclosure shown;
        do
            draw_sample(&state, arena, &s);
        while (s.full.field_count == 0);
        commitment_narrow(&s.full, keep, arena, &shown);
        CHECK(t, "commitments alone open",
              shown.field_count == 0 && commitment_open(&shown, &s.root) == STATUS_OK);
        check_canaries(t, message_of(arena, &shown), &s, keep);
    }
}

int
main(int argc, char **argv)
{
    static const struct check_case cases[] = {
        { "narrowing", test_narrowing },
        { "two steps are one", test_two_steps },
        { "forging", test_forging },
        { "nothing shown", test_nothing_shown },
    };
    return check_main(argc, argv, cases, COUNT_OF(cases));
}

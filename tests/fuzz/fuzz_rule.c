/* SPDX-License-Identifier: Apache-2.0
 *
 * tests/fuzz/fuzz_rule.c - rule_parse of any text over any type: a tree within the limits whose values keep the rules
 * of their kinds, or a sentence. Byte 0 is the type, byte 1 the region.
 */
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/rule.h"
#include "schema/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_term(const struct rule *r)
{
    assert(r->kind == RULE_TEXT || (r->field != NULL && r->field->column != NULL));
    if (r->kind == RULE_EMPTY)
        return;
    assert(r->value.len > 0);
    if (r->kind == RULE_TEXT || r->op == RULE_CONTAINS || rule_is_folded(r->field->kind))
        assert(utf8_is_valid(r->value));
    else if (r->field->kind == KIND_REFERENCE)
        assert(r->value.len == 2 * (size_t)ID_SIZE);
    else
        assert(value_is_valid(r->field, r->value));
}

/* How many terms there are. */
static size_t
check_tree(const struct rule *r, size_t depth)
{
    assert(depth <= RULE_TERMS_MAX + 3 * RULE_DEPTH_MAX + 2);
    if (r->kind == RULE_AND || r->kind == RULE_OR)
        return check_tree(r->left, depth + 1) + check_tree(r->right, depth + 1);
    if (r->kind == RULE_NOT)
        return check_tree(r->left, depth + 1);
    check_term(r);
    return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const regions[] = { NULL, "DE", "CN", "US" };
    static struct dictionary *dictionary;
    struct diag diag = { 0 };
    const struct rule *rule;

    if (dictionary == NULL &&
        dictionary_new((struct bytes){ 0 }, NULL, NULL, &dictionary) != STATUS_OK)
        return 0;
    if (size < 2)
        return 0;
    AUTO(arena_free) struct arena *arena = arena_new(0);
    const struct type *type =
        dictionary_type(dictionary, data[0] % dictionary_count(dictionary));
    enum status s = rule_parse(type, bytes_of(data + 2, size - 2),
                               regions[data[1] % COUNT_OF(regions)], arena, &diag, &rule);
    if (s == STATUS_OK) {
        assert(check_tree(rule, 0) <= RULE_TERMS_MAX);
    } else {
        assert(diag.key[0] != '\0' && rule == NULL);
        (void)text_failure(LANGUAGE_EN, s, &diag, arena);
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * schema/rule.c - the rule language: words to tokens, tokens to a tree (contract: schema/rule.h). Bounded by
 * RULE_MAX, RULE_TERMS_MAX and RULE_DEPTH_MAX, so that whoever walks the tree may recurse.
 */
#include "schema/rule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "schema/base/cleanup.h"
#include "schema/base/limits.h"
#include "schema/text_priv.h"
#include "schema/value_priv.h"

enum keyword {
    WORD_NONE,
    WORD_AND,
    WORD_OR,
    WORD_NOT,
    WORD_IS,
    WORD_EMPTY,
    WORD_SET,
    WORD_IS_EMPTY,
    WORD_IS_SET,
};

/* Catalog keys whose texts, in every language, are the words. */
static const char *const keywords[] = {
    [WORD_AND] = "input.and",           [WORD_OR] = "input.or",
    [WORD_NOT] = "input.not",           [WORD_IS] = "input.is",
    [WORD_EMPTY] = "input.empty",       [WORD_SET] = "input.set",
    [WORD_IS_EMPTY] = "input.is-empty", [WORD_IS_SET] = "input.is-set",
};

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_OP,
};

struct token {
    enum token_kind kind;
    struct bytes text; /* as written; quoted: between the quotes */
    size_t column;
    enum keyword keyword;
    enum rule_op op;
    bool negated; /* "!=" */
};

struct parse {
    const struct type *type;
    const char *region;
    struct arena *arena;
    struct diag *diag;
    struct bytes left; /* not yet read */
    size_t column;     /* of its first character */
    struct token token;
    size_t terms, depth;
};

/* ---- what is wrong ------------------------------------------------------------------------ */

static enum status
refuse(const struct parse *p, const struct token *at, enum status status, const char *key,
       const char *more)
{
    char column[24];

    (void)snprintf(column, sizeof(column), "%zu", at->column);
    return diag_say(p->diag, status, key, column, arena_text(p->arena, at->text), more, NULL);
}

static enum status
refuse_limit(const struct parse *p, const char *key, size_t limit)
{
    return refuse(p, &p->token, STATUS_TOO_BIG, key, arena_printf(p->arena, "%zu", limit));
}

/* ---- characters --------------------------------------------------------------------------- */

/* The sign that a character stands for: full-width forms and what Chinese keyboards give are as good as ASCII. */
static uint32_t
sign_of(uint32_t c)
{
    static const struct {
        uint32_t typed, sign;
    } rows[] = {
        { 0x3001, ',' }, { 0x301C, '~' }, { 0x223C, '~' }, { 0x201C, '"' },
        { 0x201D, '"' }, { 0x300C, '"' }, { 0x300D, '"' },
    };

    if (c >= 0xFF01 && c <= 0xFF5E)
        return c - 0xFEE0;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].typed == c)
            return rows[i].sign;
    return c;
}

/* What closes a quote that opens with this character. Curly ones are often typed the wrong way round. */
static bool
is_closing(uint32_t open, uint32_t c)
{
    if (open == 0x201C || open == 0x201D)
        return c == 0x201C || c == 0x201D;
    return open == 0x300C ? c == 0x300D : c == open;
}

static uint32_t
peek(const struct parse *p)
{
    struct bytes left = p->left;
    uint32_t c = 0;

    return text_next(&left, &c) ? c : 0;
}

static uint32_t
take(struct parse *p)
{
    uint32_t c = 0;

    if (text_next(&p->left, &c))
        p->column++;
    return c;
}

/* ---- tokens ------------------------------------------------------------------------------- */

static const struct sign {
    uint32_t sign;
    bool then_equal; /* followed by "=" */
    enum token_kind kind;
    enum rule_op op;
    bool negated;
} signs[] = {
    { '(', false, TOKEN_OPEN, 0, false },
    { ')', false, TOKEN_CLOSE, 0, false },
    { ',', false, TOKEN_COMMA, 0, false },
    { '=', true, TOKEN_OP, RULE_EQUAL, false },
    { '=', false, TOKEN_OP, RULE_EQUAL, false },
    { '!', true, TOKEN_OP, RULE_EQUAL, true },
    { 0x2260, false, TOKEN_OP, RULE_EQUAL, true },
    { '~', false, TOKEN_OP, RULE_CONTAINS, false },
    { '<', true, TOKEN_OP, RULE_LESS_EQUAL, false },
    { 0x2264, false, TOKEN_OP, RULE_LESS_EQUAL, false },
    { '<', false, TOKEN_OP, RULE_LESS, false },
    { '>', true, TOKEN_OP, RULE_MORE_EQUAL, false },
    { 0x2265, false, TOKEN_OP, RULE_MORE_EQUAL, false },
    { '>', false, TOKEN_OP, RULE_MORE, false },
};

/* The sign that stands here, or NULL. */
static const struct sign *
sign_here(const struct parse *p)
{
    struct bytes left = p->left;
    uint32_t first = 0, second = 0;

    (void)text_next(&left, &first);
    (void)text_next(&left, &second);
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (signs[i].sign == sign_of(first) && (!signs[i].then_equal || sign_of(second) == '='))
            return &signs[i];
    return NULL;
}

static void
take_sign(struct parse *p, const struct sign *sign)
{
    (void)take(p);
    if (sign->then_equal)
        (void)take(p);
    p->token.kind = sign->kind;
    p->token.op = sign->op;
    p->token.negated = sign->negated;
}

static enum status
take_quoted(struct parse *p)
{
    uint32_t open = take(p);
    const uint8_t *start = p->left.data;

    while (p->left.len > 0) {
        const uint8_t *end = p->left.data;
        if (is_closing(open, take(p))) {
            p->token.kind = TOKEN_QUOTED;
            p->token.text = text_trim(bytes_of(start, (size_t)(end - start)));
            return STATUS_OK;
        }
    }
    return refuse(p, &p->token, STATUS_USAGE, "rule.quote", NULL);
}

/* "1,250": the comma of a number separates no values. */
static bool
is_in_number(const struct parse *p, uint32_t before)
{
    return before < 0x80 && isdigit((int)before) && p->left.len > 1 && p->left.data[0] == ',' &&
           isdigit(p->left.data[1]);
}

static enum keyword
keyword_of(const struct parse *p, struct bytes word)
{
    const char *folded = text_fold(word, p->arena);

    for (size_t i = WORD_AND; i < COUNT_OF(keywords); i++)
        if (value_word_is(keywords[i], folded))
            return (enum keyword)i;
    return WORD_NONE;
}

static void
take_word(struct parse *p)
{
    const uint8_t *start = p->left.data;
    uint32_t before = 0;

    while (p->left.len > 0 && !text_is_space(peek(p)) && sign_of(peek(p)) != '"' &&
           (sign_here(p) == NULL || is_in_number(p, before)))
        before = take(p);
    p->token.kind = TOKEN_WORD;
    p->token.text = bytes_of(start, (size_t)(p->left.data - start));
    p->token.keyword = keyword_of(p, p->token.text);
}

static enum status
advance(struct parse *p)
{
    while (p->left.len > 0 && text_is_space(peek(p)))
        (void)take(p);
    p->token = (struct token){ .column = p->column, .text = bytes_of(p->left.data, 0) };
    if (p->left.len == 0)
        return STATUS_OK;
    const struct sign *sign = sign_here(p);
    const uint8_t *start = p->left.data;
    if (sign_of(peek(p)) == '"')
        return take_quoted(p);
    if (sign == NULL) {
        take_word(p);
        return STATUS_OK;
    }
    take_sign(p, sign);
    p->token.text = bytes_of(start, (size_t)(p->left.data - start));
    return STATUS_OK;
}

/* ---- nodes -------------------------------------------------------------------------------- */

static const struct rule *
join(const struct parse *p, enum rule_kind kind, const struct rule *left,
     const struct rule *right)
{
    struct rule *node = ARENA_NEW(p->arena, struct rule);

    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

static enum status
new_term(struct parse *p, enum rule_kind kind, const struct type_field *field,
         struct rule **out)
{
    *out = ARENA_NEW(p->arena, struct rule);
    (*out)->kind = kind;
    (*out)->field = field;
    if (++p->terms > RULE_TERMS_MAX)
        return refuse_limit(p, "rule.many", RULE_TERMS_MAX);
    return STATUS_OK;
}

/* ---- values ------------------------------------------------------------------------------- */

enum { EQUALS = 1, CONTAINS = 2, ORDER = 4 };

/* What may be asked of a field, and whether its text is compared folded. Emptiness may be asked of all. */
static const struct {
    unsigned ops;
    bool folded;
} kinds[KIND_COUNT_] = {
    [KIND_TEXT] = { EQUALS | CONTAINS, true },
    [KIND_NAME] = { EQUALS | CONTAINS, true },
    [KIND_EMAIL] = { EQUALS | CONTAINS, true },
    [KIND_PHONE] = { EQUALS | CONTAINS, true },
    [KIND_URL] = { EQUALS | CONTAINS, true },
    [KIND_ADDRESS] = { EQUALS | CONTAINS, true },
    [KIND_ENUM] = { EQUALS, false },
    [KIND_COUNTRY] = { EQUALS, false },
    [KIND_LANGUAGE] = { EQUALS | CONTAINS, false },
    [KIND_CURRENCY] = { EQUALS, false },
    [KIND_ZONE] = { EQUALS | CONTAINS, false },
    [KIND_BOOLEAN] = { EQUALS, false },
    [KIND_INTEGER] = { EQUALS | ORDER, false },
    [KIND_DECIMAL] = { EQUALS | ORDER, false },
    [KIND_MONEY] = { EQUALS | ORDER, false },
    [KIND_DATE] = { EQUALS | ORDER, false },
    [KIND_DATETIME] = { EQUALS | ORDER, false },
    [KIND_REFERENCE] = { EQUALS, false },
    [KIND_CONSENT] = { 0, false },
    [KIND_BYTES] = { 0, false },
};

static const char *const ops_written[] = {
    [0] = "is empty, is set",
    [EQUALS] = "=, !=",
    [EQUALS | CONTAINS] = "=, !=, ~",
    [EQUALS | ORDER] = "=, !=, <, <=, >, >=",
};

bool
rule_is_folded(enum kind kind)
{
    return kinds[kind].folded;
}

static enum status
folded_value(const struct parse *p, const struct token *typed, struct bytes *out)
{
    *out = bytes_text(text_fold(typed->text, p->arena));
    return out->len > 0 ? STATUS_OK : refuse(p, typed, STATUS_USAGE, "rule.value", "");
}

/* The beginning of an id, as ids are shown. */
static enum status
reference_value(const struct parse *p, const struct type_field *field,
                const struct token *typed, struct bytes *out)
{
    uint8_t *range = arena_alloc(p->arena, 2 * (size_t)ID_SIZE);

    if (!base32_range(arena_text(p->arena, typed->text), range, range + ID_SIZE))
        return diag_say(p->diag, STATUS_USAGE, "value.reference", field->name,
                        arena_text(p->arena, typed->text), NULL);
    *out = bytes_of(range, 2 * (size_t)ID_SIZE);
    return STATUS_OK;
}

/* One value of a condition, as a term of its own. */
static enum status
parse_value(struct parse *p, const struct type_field *field, enum rule_op op,
            const struct rule **out)
{
    struct token typed = p->token;
    struct rule *term = NULL;

    if ((typed.kind != TOKEN_WORD && typed.kind != TOKEN_QUOTED) || typed.text.len == 0 ||
        (typed.keyword >= WORD_AND && typed.keyword <= WORD_NOT))
        return refuse(p, &typed, STATUS_USAGE, "rule.value", "");
    TRY(new_term(p, RULE_FIELD, field, &term));
    term->op = op;
    if (op == RULE_CONTAINS || rule_is_folded(field->kind))
        TRY(folded_value(p, &typed, &term->value));
    else if (field->kind == KIND_REFERENCE)
        TRY(reference_value(p, field, &typed, &term->value));
    else
        TRY(value_parse(field, typed.text, p->region, NULL, p->arena, p->diag, &term->value));
    *out = term;
    return advance(p);
}

/* ---- conditions --------------------------------------------------------------------------- */

static enum status
find_field(const struct parse *p, const struct token *name, const struct type_field **out)
{
    *out = type_field_find_name(p->type, arena_text(p->arena, name->text));
    if (*out == NULL)
        return refuse(p, name, STATUS_USAGE, "rule.field", p->type->name);
    return (*out)->column != NULL ? STATUS_OK : refuse(p, name, STATUS_USAGE, "rule.own", NULL);
}

static enum status
check_op(const struct parse *p, const struct token *op, const struct type_field *field)
{
    unsigned asked = op->op == RULE_EQUAL ? EQUALS : op->op == RULE_CONTAINS ? CONTAINS : ORDER;
    char column[24];

    if ((kinds[field->kind].ops & asked) != 0)
        return STATUS_OK;
    (void)snprintf(column, sizeof(column), "%zu", op->column);
    return diag_say(p->diag, STATUS_USAGE, "rule.op", column, arena_text(p->arena, op->text),
                    field->name, ops_written[kinds[field->kind].ops], NULL);
}

/* field op value { "," value } */
static enum status
parse_compare(struct parse *p, const struct type_field *field, const struct rule **out)
{
    struct token op = p->token;
    const struct rule *one = NULL;

    TRY(check_op(p, &op, field));
    TRY(advance(p));
    TRY(parse_value(p, field, op.op, out));
    while (p->token.kind == TOKEN_COMMA) {
        if (op.op >= RULE_LESS)
            return refuse(p, &p->token, STATUS_USAGE, "rule.one", NULL);
        TRY(advance(p));
        TRY(parse_value(p, field, op.op, &one));
        *out = join(p, RULE_OR, *out, one);
    }
    if (op.negated)
        *out = join(p, RULE_NOT, *out, NULL);
    return STATUS_OK;
}

/* field "is" ["not"] ("empty" | "set") */
static enum status
parse_is(struct parse *p, const struct type_field *field, const struct rule **out)
{
    bool negated = false;
    struct rule *term = NULL;

    TRY(new_term(p, RULE_EMPTY, field, &term));
    if (p->token.keyword == WORD_IS) {
        TRY(advance(p));
        negated = p->token.keyword == WORD_NOT;
        if (negated)
            TRY(advance(p));
        if (p->token.keyword != WORD_EMPTY && p->token.keyword != WORD_SET)
            return refuse(p, &p->token, STATUS_USAGE, "rule.is", NULL);
    }
    bool is_set = p->token.keyword == WORD_SET || p->token.keyword == WORD_IS_SET;
    *out = is_set != negated ? join(p, RULE_NOT, term, NULL) : term;
    return advance(p);
}

/* Somewhere a quoted text. */
static enum status
make_text(struct parse *p, const struct token *typed, const struct rule **out)
{
    struct rule *term = NULL;

    TRY(new_term(p, RULE_TEXT, NULL, &term));
    TRY(folded_value(p, typed, &term->value));
    *out = term;
    return STATUS_OK;
}

static enum status
parse_term(struct parse *p, const struct rule **out)
{
    struct token name = p->token;
    const struct type_field *field = NULL;

    if ((name.kind != TOKEN_WORD && name.kind != TOKEN_QUOTED) || name.keyword == WORD_AND ||
        name.keyword == WORD_OR)
        return refuse(p, &name, STATUS_USAGE, "rule.condition", NULL);
    TRY(advance(p));
    bool is_question = p->token.keyword == WORD_IS || p->token.keyword == WORD_IS_EMPTY ||
                       p->token.keyword == WORD_IS_SET;
    if (p->token.kind != TOKEN_OP && !is_question)
        return name.kind == TOKEN_QUOTED
                   ? make_text(p, &name, out)
                   : refuse(p, &name, STATUS_USAGE, "rule.operator", NULL);
    TRY(find_field(p, &name, &field));
    return is_question ? parse_is(p, field, out) : parse_compare(p, field, out);
}

static enum status parse_or(struct parse *p, const struct rule **out);

static enum status
parse_group(struct parse *p, const struct rule **out)
{
    struct token open = p->token;

    TRY(advance(p));
    TRY(parse_or(p, out));
    if (p->token.kind == TOKEN_END)
        return refuse(p, &open, STATUS_USAGE, "rule.open", NULL);
    if (p->token.kind != TOKEN_CLOSE)
        return refuse(p, &p->token, STATUS_USAGE, "rule.extra", NULL);
    return advance(p);
}

static enum status
parse_condition(struct parse *p, const struct rule **out)
{
    bool is_not = p->token.keyword == WORD_NOT;

    if (!is_not && p->token.kind != TOKEN_OPEN)
        return parse_term(p, out);
    if (++p->depth > RULE_DEPTH_MAX)
        return refuse_limit(p, "rule.deep", RULE_DEPTH_MAX);
    if (is_not) {
        TRY(advance(p));
        TRY(parse_condition(p, out));
        *out = join(p, RULE_NOT, *out, NULL);
    } else {
        TRY(parse_group(p, out));
    }
    p->depth--;
    return STATUS_OK;
}

static enum status
parse_and(struct parse *p, const struct rule **out)
{
    const struct rule *right = NULL;

    TRY(parse_condition(p, out));
    while (p->token.keyword == WORD_AND) {
        TRY(advance(p));
        TRY(parse_condition(p, &right));
        *out = join(p, RULE_AND, *out, right);
    }
    return STATUS_OK;
}

static enum status
parse_or(struct parse *p, const struct rule **out)
{
    const struct rule *right = NULL;

    TRY(parse_and(p, out));
    while (p->token.keyword == WORD_OR) {
        TRY(advance(p));
        TRY(parse_and(p, &right));
        *out = join(p, RULE_OR, *out, right);
    }
    return STATUS_OK;
}

/* Controls other than line ends could hide what a rule says. */
static enum status
check_text(const struct parse *p)
{
    struct bytes left = p->left;
    struct token at = { .column = 1, .text = bytes_of(left.data, 0) };
    uint32_t c = 0;

    for (; text_next(&left, &c); at.column++)
        if (text_is_hidden(c) && !text_is_space(c))
            return refuse(p, &at, STATUS_USAGE, "rule.hidden", NULL);
    return STATUS_OK;
}

enum status
rule_parse(const struct type *type, struct bytes text, const char *region, struct arena *arena,
           struct diag *diag, const struct rule **out)
{
    struct parse p = { type, region, arena, diag, text, 1, { 0 }, 0, 0 };
    const struct rule *root = NULL;

    *out = NULL;
    if (text.len > RULE_MAX)
        return refuse_limit(&p, "rule.long", RULE_MAX);
    if (!utf8_is_valid(text))
        return diag_say(diag, STATUS_USAGE, "rule.utf8", NULL);
    TRY(check_text(&p));
    TRY(advance(&p));
    if (p.token.kind == TOKEN_END)
        return diag_say(diag, STATUS_USAGE, "rule.empty", NULL);
    TRY(parse_or(&p, &root));
    if (p.token.kind != TOKEN_END)
        return refuse(&p, &p.token, STATUS_USAGE, "rule.extra", NULL);
    *out = root;
    return STATUS_OK;
}

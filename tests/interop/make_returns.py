# SPDX-License-Identifier: Apache-2.0
"""Vectors of the bodies that come back (terms, verdicts, asks, proposals) and of the sealed way: every row of
their tables in docs/protocol/messages.md, one fault at a time."""
from make_messages import (
    ASK,
    HANDLES,
    HEAD,
    PROPOSAL,
    SAMPLES,
    SIGNED,
    VERDICT,
    WITHDRAWAL,
    changed,
    message,
    replaced,
)
from wire_ref import LENGTH, SCALARS, TABLES, VARINT, encode, encode_one, tag, varint
from world import EVENT, TERMS, fields_of, root_grant, without_none

TERMS_GRANT = root_grant(terms=TERMS)
# inner message -> (outer message, a good outer, its field, a good inner)
INSIDE = {
    "Terms": ("Grant", TERMS_GRANT, "terms", TERMS),
    "Judged": ("Verdict", {**VERDICT, "row": VERDICT["row"][:1]}, "row", VERDICT["row"][0]),
    "Withdrawn": ("Withdrawal", {**WITHDRAWAL, "row": WITHDRAWAL["row"][:1]}, "row", WITHDRAWAL["row"][0]),
    "Wanted": ("Ask", {**ASK, "row": ASK["row"][:1]}, "row", ASK["row"][0]),
}
OUTER = ["Verdict", "Ask", "Proposal", "ProposalAnswer", "Sealed", "SealedBody", "SealedReceipt", "Receipt", "Head",
         "Withdrawal"]


def nested(inner, raw):
    """(outer message, its bytes) with raw as its one inner message."""
    outer, fields, name, _ = INSIDE[inner]
    out = b""
    for number, spec in sorted(TABLES[outer].items()):
        if spec.name == name:
            out += tag(number, LENGTH) + varint(len(raw)) + raw
        elif spec.name in fields:
            for one in fields[spec.name] if spec.is_repeated else [fields[spec.name]]:
                out += encode_one(number, spec, one)
    return outer, out


def inner_vector(name, status, inner, raw):
    return message(f"{inner} {name}", status, *nested(inner, raw))


def build(name, status, of, fields):
    """of: an outer or an inner message."""
    fields = without_none(fields)
    if of in INSIDE:
        return inner_vector(name, status, of, encode(of, fields))
    return message(name, status, of, encode(of, fields))


def sample_of(name):
    return INSIDE[name][3] if name in INSIDE else SAMPLES[name]


def good_value(spec, sample):
    value = sample[spec.name]
    return value[0] if spec.is_repeated else value


def faults_of(name, number, spec):
    """(what, status, raw of this field) for one row of a table."""
    sample = sample_of(name)

    def raw(*values):
        return b"".join(encode_one(number, spec, v) for v in values)

    good = good_value(spec, sample)
    if spec.least == 1 and not spec.is_repeated:
        yield f"without {spec.name}", "MALFORMED", b""
    if not spec.is_repeated:
        yield f"with {spec.name} twice", "MALFORMED", raw(good, good)
    if spec.type in SCALARS:
        yield f"with bytes where {spec.name} is a number", "MALFORMED", tag(number, LENGTH) + b"\1\1"
        if spec.low > 0:
            yield f"with {spec.name} = {spec.low - 1}", "MALFORMED", raw(spec.low - 1)
        over = min(spec.high, SCALARS[spec.type]) + 1
        yield f"with {spec.name} = {over}", "MALFORMED", tag(number, VARINT) + varint(over)
    else:
        yield f"with a number where {spec.name} is none", "MALFORMED", tag(number, VARINT) + b"\1"
    if spec.type == "bytes" and spec.low == spec.high:
        for size in (0, spec.low - 1, spec.low + 1):
            yield f"with {size} bytes of {spec.name}", "MALFORMED", raw(bytes(size))
    if spec.type == "string":
        yield f"with {spec.high} bytes of {spec.name}", "OK", raw("x" * spec.high)
        yield f"with {spec.high + 1} bytes of {spec.name}", "MALFORMED", raw("x" * (spec.high + 1))
        yield f"with a control character in {spec.name}", "MALFORMED", raw("a\rb")


def row_vectors():
    """Each row of each table."""
    for name in [*INSIDE, *OUTER]:
        sample = {**sample_of(name)}
        if name == "Judged":  # a reason may stand
            sample = {**sample, "taken": False, "reason": "CLOSED"}
        for number, spec in sorted(TABLES[name].items()):
            for what, status, raw in faults_of(name, number, spec):
                body = b""
                for other, other_spec in sorted(TABLES[name].items()):
                    if other == number:
                        body += raw
                    elif other_spec.name in sample:
                        value = sample[other_spec.name]
                        for one in value if other_spec.is_repeated else [value]:
                            body += encode_one(other, other_spec, one)
                if name in INSIDE:
                    yield inner_vector(what, status, name, body)
                else:
                    yield message(what, status, name, body)
    for name in INSIDE:
        good = encode(name, sample_of(name))
        yield inner_vector("alone in its message", "OK", name, good)
        yield inner_vector("with a field nobody knows", "MALFORMED", name, good + tag(99, VARINT) + b"\1")
        yield inner_vector("with a byte after the end", "MALFORMED", name, good + b"\0")
        yield inner_vector("cut short by one byte", "MALFORMED", name, good[:-1])
        yield inner_vector("of nothing", "MALFORMED", name, b"")


def ids(count):
    return [bytes(30) + bytes([i >> 8, i & 255]) for i in range(count)]


def numbered_fields(count):
    return fields_of(*((4, i) for i in range(count)))


def list_vectors():
    """Counts at the limit and one over, order, repetition."""
    row = {**VERDICT["row"][0]}
    wanted = ASK["row"][0]
    for count, status in ((0, "MALFORMED"), (1, "OK"), (63, "OK"), (64, "OK"), (65, "MALFORMED")):
        yield changed(f"{count} rows", status, "Verdict", row=[{**row, "record": r} for r in ids(count)])
        gone = [{"record": r, "incarnation": 1, "number": 1} for r in ids(count)]
        yield changed(f"{count} rows", status, "Withdrawal", row=gone)
    for count, status in ((0, "OK"), (63, "OK"), (64, "OK"), (65, "MALFORMED")):
        handles = [bytes(15) + bytes([i]) for i in range(count)]
        yield changed(f"{count} handles", status, "Sealed", handle=handles)
        yield changed(f"{count} handles gone", status, "Sealed", gone=handles)
    for count, status in ((0, "MALFORMED"), (1, "OK"), (31, "OK"), (32, "OK"), (33, "MALFORMED")):
        yield changed(f"{count} rows", status, "Ask", row=[{**wanted, "record": r} for r in ids(count)])
        yield build(f"with {count} fields", status, "Wanted", {**wanted, "field": numbered_fields(count)})
        yield build(f"with {count} fields", status, "Terms", {**TERMS, "want": numbered_fields(count)})
    for count, status in ((0, "OK"), (399, "OK"), (400, "OK"), (401, "MALFORMED")):
        yield changed(f"{count} revoked", status, "Head", revoked=ids(count))
    full = [{"record": r, "field": numbered_fields(32)} for r in ids(32)]
    yield changed("every row with every field, and the longest note", "OK", "Ask", row=full, note="x" * 4096)
    for count, status in ((0, "MALFORMED"), (1, "OK"), (119, "OK"), (120, "OK"), (121, "MALFORMED")):
        fields = [{"number": i, "value": b"v"} for i in range(count)]
        yield changed(f"{count} fields", status, "Proposal", field=fields)
    for name, swapped in [
        ("Verdict", {"row": VERDICT["row"][::-1]}),
        ("Withdrawal", {"row": WITHDRAWAL["row"][::-1]}),
        ("Ask", {"row": ASK["row"][::-1]}),
        ("Proposal", {"field": [PROPOSAL["field"][i] for i in (1, 0, 2)]}),
        ("Sealed", {"handle": HANDLES[1::-1]}),
        ("Head", {"revoked": HEAD["revoked"][::-1]}),
    ]:
        yield changed("a list out of order", "MALFORMED", name, **swapped)
    for name, twice in [
        ("Verdict", {"row": VERDICT["row"][:1] * 2}),
        ("Withdrawal", {"row": WITHDRAWAL["row"][:1] * 2}),
        ("Ask", {"row": ASK["row"][:1] * 2}),
        ("Proposal", {"field": PROPOSAL["field"][:1] * 2}),
        ("Sealed", {"handle": HANDLES[:1] * 2}),
        ("Head", {"revoked": HEAD["revoked"][:1] * 2}),
    ]:
        yield changed("one entry twice", "MALFORMED", name, **twice)
    yield changed("handles gone out of order", "MALFORMED", "Sealed", gone=HANDLES[1::-1])
    yield changed("a handle gone twice", "MALFORMED", "Sealed", gone=HANDLES[:1] * 2)
    yield changed("a handle that is there and gone", "OK", "Sealed", handle=HANDLES[:1], gone=HANDLES[:1])
    for name, field in (("Terms", "want"), ("Wanted", "field")):
        good = sample_of(name)
        yield build("fields out of order", "MALFORMED", name, {**good, field: good[field][::-1]})
        yield build("a field twice", "MALFORMED", name, {**good, field: good[field][:1] * 2})
        own = fields_of(("", 4, "a", 1), ("", 4, "", 2))
        yield build("an own field before a common one", "MALFORMED", name, {**good, field: own})


def size_vectors():
    """Whole objects at 16,384 bytes, boxes at their limits."""
    values = [{"number": i, "value": b""} for i in range(3)]
    spare = 16384 - len(encode("Proposal", {**PROPOSAL, "field": values, "note": ""}))
    for more, status in ((-1, "OK"), (0, "OK"), (1, "TOO_BIG")):
        sizes = [8000, spare + more - 2 - 8000 - 2, 0]  # two lengths grow from one byte to two... each by one
        fields = [{**f, "value": bytes(n)} for f, n in zip(values, sizes)]
        raw = encode("Proposal", {**PROPOSAL, "field": fields, "note": ""})
        wrong = 16384 + more - len(raw)
        fields[1]["value"] = bytes(sizes[1] + wrong)
        raw = encode("Proposal", {**PROPOSAL, "field": fields, "note": ""})
        assert len(raw) == 16384 + more
        yield message(f"of {len(raw)} bytes", status, "Proposal", raw)
    for size, status in ((8192, "OK"), (8193, "MALFORMED")):
        yield changed(f"a value of {size} bytes", status, "Proposal", field=[{"number": 1, "value": bytes(size)}])
    for size, status in [
        (16, "MALFORMED"),
        (256, "MALFORMED"),
        (271, "MALFORMED"),
        (272, "OK"),
        (273, "MALFORMED"),
        (512, "MALFORMED"),
        (528, "OK"),
        (61200, "MALFORMED"),
    ]:
        yield changed(f"a box of {size} bytes", status, "SealedBody", box=bytes(size))
    full = {"body": bytes(4096 - 69), "signature": bytes(64)}  # as large as SEAL_ROOM leaves room for
    yield changed("the longest box behind a long header", "OK", "SealedBody", header=full, box=bytes(60944))


def rule_vectors():
    row = VERDICT["row"][1]
    yield changed("a reason beside a row that is taken", "MALFORMED", "Verdict", row=[{**row, "taken": True}])
    yield changed("a row refused without a reason", "MALFORMED", "Verdict", row=[{**row, "reason": ""}])
    yield changed("a reason that nobody knows", "OK", "Verdict", row=[{**row, "reason": "NEW"}])
    yield changed("number 2^63 - 1 of incarnation 2^32 - 1", "OK", "Verdict",
                  row=[{**row, "incarnation": 2**32 - 1, "number": 2**63 - 1}])
    salted = [{"number": 1, "value": b"v", "salt": bytes(16)}]
    yield changed("a value with a salt", "MALFORMED", "Proposal", field=salted)
    yield changed("a value taken away", "OK", "Proposal", field=[{"number": 1, "value": b""}])
    yield changed("has more than it has seen", "MALFORMED", "SealedReceipt", have=10, seen=9)
    yield changed("has all that it has seen", "OK", "SealedReceipt", have=9, seen=9)
    yield changed("has nothing", "OK", "SealedReceipt", have=0, seen=0)
    for name in ("Sealed", "SealedReceipt"):
        for incarnation, status in ((0, "MALFORMED"), (1, "OK"), (2**32 - 1, "OK"), (2**32, "MALFORMED")):
            yield changed(f"incarnation {incarnation}", status, name, incarnation=incarnation)
    issued = HEAD["issued_ms"]
    for length, status in ((0, "MALFORMED"), (1, "OK"), (86399999, "OK"), (86400000, "OK"), (86400001, "MALFORMED")):
        yield changed(f"a lease of {length} ms", status, "Head", expires_ms=issued + length)
    yield changed("over before it is issued", "MALFORMED", "Head", expires_ms=issued - 1)
    yield changed("a head for one company", "MALFORMED", "Head", audience=HEAD["author"])
    yield changed("refused", "OK", "ProposalAnswer", accepted=False, reason="")
    for name, status, changes in [
        ("of state 0", "MALFORMED", {"state": 0}),
        ("of state 5", "MALFORMED", {"state": 5}),
        ("refused without a reason", "MALFORMED", {"reason": ""}),
        ("refused without a basis", "MALFORMED", {"basis": ""}),
        ("purged with a basis", "MALFORMED", {"state": 3}),
        ("purged with a reason", "OK", {"state": 3, "basis": ""}),
        ("purged without a reason", "OK", {"state": 3, "basis": "", "reason": ""}),
        ("applied with a reason", "MALFORMED", {"state": 2, "basis": ""}),
        ("received", "OK", {"state": 1, "basis": "", "reason": ""}),
        ("about more than it names", "MALFORMED", {"count": 3}),
        ("about fewer than it names", "OK", {"count": 1}),
        ("about all, however many", "OK", {"record": [], "count": 2**32 - 1}),
    ]:
        yield changed(name, status, "Receipt", **changes)
    raw = replaced("SealedBody", "header", b"")
    yield message("without its header", "MALFORMED", "SealedBody", raw)
    yield changed("with a header of any body, which is another matter", "OK", "SealedBody", header=SIGNED)


def terms_vectors():
    """Terms as a message inside a grant; what they mean is in grants.json and chains.json."""
    for name, changes in [
        ("without a quota", {"quota": None}),
        ("without a closing time", {"closes_ms": None}),
        ("for the owner alone", {"chain": None}),
        ("with what is wanted alone", {"quota": None, "closes_ms": None, "chain": None}),
        ("with the largest numbers", {"quota": 2**32 - 1, "closes_ms": 2**63 - 1}),
    ]:
        yield build(name, "OK", "Terms", {**TERMS, **changes})
    yield changed("terms that are there but empty", "MALFORMED", "Grant", terms={"want": []})
    yield build("that say no to the chain", "MALFORMED", "Terms", {**TERMS, "chain": False})
    for size in (0, 31, 33):
        yield changed(f"cites {size} bytes", "MALFORMED", "Grant", cites=bytes(size))
    yield changed("cites and terms at once, which is another matter", "OK", "Grant", cites=EVENT, terms=TERMS)
    good = encode("Grant", {**TERMS_GRANT, "cites": EVENT})
    cites = encode_one(19, TABLES["Grant"][19], EVENT)
    assert good.endswith(cites)
    before = good[: -len(cites)]
    terms = encode_one(18, TABLES["Grant"][18], TERMS)
    yield message("cites before terms", "MALFORMED", "Grant", before[: -len(terms)] + cites + terms)
    yield message("cites twice", "MALFORMED", "Grant", good + cites)


def return_vectors():
    seen = set()
    for part in (row_vectors, list_vectors, size_vectors, rule_vectors, terms_vectors):
        for meant, vector in part():
            if vector["name"] not in seen:  # two rows may meet the same fault
                seen.add(vector["name"])
                yield meant, vector

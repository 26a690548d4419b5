#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random cases, judged by the node's code and by the reference: every difference is a bug.

    differential.py JUDGE [--cases N] [--seed S] [--show]

JUDGE is the program built from tests/vectors/judge.c. Cases are vectors without `expect`, made of good
objects that were changed at random places. A run in which some kind met only good or only bad cases
fails too: it would prove nothing. --show lists how often each answer came.
"""
import argparse
import collections
import json
import random
import subprocess
import sys

import hansa_ref as ref
import make_grants
import make_messages
import make_returns
import make_sealed
import make_sharing
import make_signed
import sealing
import world
from judge import judge
from values_ref import RULES as VALUE_RULES
from vectors_file import to_json
from wire_ref import Cursor, decode, encode, varint
from world import ACME, DAY, EVENT, FIRMS, GUEST, NOW, OTHER, SEGMENT

KEYS = make_grants.KEYS


def damage(rng, raw):
    """A few bytes changed, cut, doubled or moved."""
    out = bytearray(raw)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(out) + 1)
        end = min(len(out), at + rng.choice([1, 1, 2, 34]))
        what = rng.randrange(5)
        if what == 0 and at < len(out):
            out[at] = rng.choice([0, 1, 127, 128, 255, out[at] ^ 1 << rng.randrange(8)])
        elif what == 1:
            del out[at:end]
        elif what == 2:
            out[at:at] = out[at:end]
        elif what == 3:
            out[at:at] = rng.randbytes(rng.choice([1, 2]))
        else:
            out = out[:at] if rng.random() < 0.2 else out
    return bytes(out)


def pieces(raw):
    """The top-level fields of a well-formed message, as byte strings."""
    cursor, out = Cursor(raw), []
    while not cursor.is_done():
        start = cursor.pos
        if cursor.varint() & 7 == 2:
            cursor.take(cursor.varint())
        else:
            cursor.varint()
        out.append(raw[start : cursor.pos])
    return out


def rearranged(rng, raw):
    """Whole fields dropped, doubled or moved."""
    parts = pieces(raw)
    at = rng.randrange(len(parts))
    what = rng.randrange(3)
    if what == 0:
        del parts[at]
    elif what == 1:
        parts.insert(at, parts[at])
    else:
        parts.insert(rng.randrange(len(parts)), parts.pop(at))
    return b"".join(parts)


def shuffled_text(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(["", text[at] * 2, "a", "z", "7", "="]) + text[at + 1 :]


# ---- messages and values -----------------------------------------------------------------------------


def message_case(rng):
    name = rng.choice(sorted(make_messages.SAMPLES))
    sample = make_messages.SAMPLES[name]
    if name == "Grant" and rng.random() < 0.5:
        sample = {**make_returns.TERMS_GRANT, "cites": EVENT}
    raw = encode(name, sample)
    if rng.random() < 0.3:
        raw = rearranged(rng, raw)
    elif rng.random() < 0.9:
        raw = damage(rng, raw)
    return {"kind": "message", "message": name, "bytes": raw}


def number_case(rng):
    """Any number in any encoding where a number belongs."""
    value = rng.choice(
        [0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64]
    ) + rng.choice([0, 0, 1, 2])
    raw = varint(value)
    if rng.random() < 0.2:
        raw = raw[:-1] + bytes([raw[-1] | 128, 0])
    streams = b"\x08\x01\x10" + raw + b"\x18" + varint(rng.randrange(9)) + b"\x20\x05\x28" + raw
    return {"kind": "message", "message": "Ack", "bytes": b"\x0a" + varint(len(streams)) + streams}


def value_case(rng):
    kind = rng.choice(sorted(VALUE_RULES))
    good, bad = make_signed.VALUES.get(kind, ([b"text"], [b""]))
    value = rng.choice(good + bad)
    return {"kind": "value", "of": kind, "value": damage(rng, value) if rng.random() < 0.5 else value}


# ---- disclosures and batches ---------------------------------------------------------------------------


def disclosure_case(rng):
    count = rng.choice([0, 1, 2, 7, 8, 9, 30])
    fields = make_sharing.some_fields(count)
    secret = rng.randbytes(32)
    root = ref.commitment_root(secret, fields)
    shown = {"secret": secret, "field": fields}
    for _ in range(rng.randrange(3)):
        shown = ref.narrow(shown, [rng.random() < 0.7 for _ in shown["field"]])
    if rng.random() < 0.6:
        shown = worse_disclosure(rng, shown)
    return {"kind": "disclosure", "root": root, **shown}


def worse_disclosure(rng, shown):
    fields, hashes = list(shown["field"]), ref.split(shown.get("withheld", b""))
    change = rng.randrange(8)
    if change == 0 and fields:
        del fields[rng.randrange(len(fields))]
    elif change == 1 and fields:
        at = rng.randrange(len(fields))
        fields[at] = {**fields[at], "value": damage(rng, fields[at]["value"])}
    elif change == 2 and fields:
        at = rng.randrange(len(fields))
        fields[at] = {**fields[at], "salt": rng.randbytes(16)}
    elif change == 3 and fields:
        fields.insert(0, rng.choice(fields))
    elif change == 4 and hashes:
        del hashes[rng.randrange(len(hashes))]
    elif change == 5:
        hashes += [rng.randbytes(32) for _ in range(rng.choice([1, 8, 16]))]
        hashes.sort()
    elif change == 6 and len(hashes) > 1:
        rng.shuffle(hashes)
    else:
        return {**shown, "secret": rng.randbytes(32)}
    out = {**shown, "field": fields, "withheld": b"".join(hashes)}
    return out if hashes else {k: v for k, v in out.items() if k != "withheld"}


def merkle_case(rng):
    size = rng.choice([1, 2, 3, 5, 8, 13, 64, 65, 100])
    first = rng.randrange(size)
    count = rng.choice([1, 2, 4, 8, size, size - first, rng.randint(1, size)])
    path = b""
    if ref.is_run(size, first, count):
        path = ref.merkle_path([ref.leaf(ref.B(ref.u32(i))) for i in range(size)], first, count)
    path = path[rng.choice([0, 0, 0, 32]) :] + bytes(32 * rng.choice([0, 0, 0, 1]))
    return {"kind": "merkle_climb", "size": size, "first": first, "count": count, "path": path}


def signature_case(rng):
    kind = rng.choice(sorted(make_signed.BODIES))
    body = make_signed.BODIES[kind]
    key = ACME.root_key if kind == "descriptor" else ACME.key
    signature = ref.sign(kind, make_signed.seed_of(kind), body)
    if rng.random() < 0.3:
        signature = bytes(
            b ^ 1 << rng.randrange(8) if i == at else b
            for at in [rng.randrange(64)]
            for i, b in enumerate(signature)
        )
    elif rng.random() < 0.3:
        key = bytes(
            b ^ 1 << rng.randrange(8) if i == at else b
            for at in [rng.randrange(32)]
            for i, b in enumerate(key)
        )
    elif rng.random() < 0.2:
        body = damage(rng, body)
    return {"kind": "signature", "type": kind, "key": key, "body": body, "signature": signature}


# ---- grants, chains, decisions ---------------------------------------------------------------------------

ALL_FIELDS = world.fields_of(
    (3, 1),
    (3, 2),
    (3, 3),
    (3, 4),
    ("", 3, "abc", 1),
    (4, 1),
    (4, 2),
    (4, 7),
    ("abc", 3, "", 1),
    ("abc", 3, "abc", 1),
)
PURPOSES = ["event", "follow-up", "resale"]
COUNTRIES = ["CN", "DE", "FR", "US"]


def some(rng, items, chance=0.8):
    return [item for item in items if rng.random() < chance]


def selector(rng):
    one = rng.randrange(4)
    if one < 2:
        return {"tree": rng.choice([EVENT, EVENT, OTHER]), "record": [], "segment": None}
    if one == 2:
        return {"tree": None, "record": sorted({EVENT, *some(rng, [GUEST, OTHER])}), "segment": None}
    return {"tree": None, "record": [], "segment": SEGMENT}


WANTS = world.fields_of((4, 2), (4, 5), ("", 4, "abc", 1))


def random_terms(rng):
    """Any terms; most of them with a quota and a close."""
    terms = {
        "want": some(rng, WANTS) or WANTS[:1],
        "quota": rng.choice([None, 1, 99, 100, 2**32 - 1]),
        "closes_ms": rng.choice([None, 1, NOW, NOW + 1]),
        "chain": rng.choice([None, True]),
    }
    return world.without_none(terms)


def narrower_terms(rng, terms):
    quota, closes = terms.get("quota"), terms.get("closes_ms")
    out = {
        **terms,
        "quota": rng.choice([quota, 1 if quota is None else max(1, quota - 1)]),
        "closes_ms": rng.choice([closes, 1 if closes is None else max(1, closes - 1)]),
        "chain": rng.choice([None, terms.get("chain")]),
    }
    return world.without_none(out)


def random_contribute(rng, depth):
    actions = 1 | rng.choice([0, 2, 4, 6]) | (8 if depth else 0)
    terms = random_terms(rng) if actions & 2 and rng.random() < 0.6 else None
    cites = world.CITED if depth == 0 and terms is None and rng.random() < 0.3 else None
    return {"actions": actions, "terms": terms, "cites": cites}


def child_contribute(rng, parent, depth):
    actions = 1 | parent["actions"] & rng.choice([0, 2, 4, 6]) | (8 if depth else 0)
    terms = None
    if actions & 2 and "terms" in parent:
        terms = narrower_terms(rng, parent["terms"])
    elif actions & 2 and rng.random() < 0.2:
        terms = random_terms(rng)
    return {"actions": actions, "terms": terms, "cites": None}


def random_root(rng, depth):
    return world.root_grant(
        **selector(rng),
        field=some(rng, ALL_FIELDS) or ALL_FIELDS[:1],
        **random_contribute(rng, depth),
        depth=depth,
        purpose=some(rng, PURPOSES) or ["event"],
        country=rng.choice([[], [], COUNTRIES]),
        not_before_ms=NOW - rng.randrange(1, 20) * DAY,
        not_after_ms=NOW + rng.randrange(1, 90) * DAY,
        delete_days=rng.randrange(40),
        receipt=rng.random() < 0.3,
    )


def random_child(rng, parent, audience, least):
    depth = rng.randint(min(least, max(parent["depth"] - 1, 0)), max(parent["depth"] - 1, 0))
    return world.child_grant(
        parent,
        audience,
        **selector(rng),
        field=some(rng, parent["field"], 0.9) or parent["field"][:1],
        **child_contribute(rng, parent, depth),
        depth=depth,
        purpose=some(rng, parent["purpose"], 0.9) or parent["purpose"][:1],
        country=parent["country"],
        not_before_ms=parent["not_before_ms"] + rng.choice([0, 0, 0, DAY]),
        not_after_ms=parent["not_after_ms"] - rng.choice([0, 0, 1, DAY // 2]),
        delete_days=rng.randint(0, parent["delete_days"]),
        receipt=parent["receipt"] or rng.random() < 0.2,
    )


def worse_grant(rng, grant):
    """One component changed, often to something that is not allowed."""
    changes = [
        {"field": some(rng, ALL_FIELDS, 0.5)},
        {"purpose": some(rng, PURPOSES, 0.5)},
        {"country": some(rng, COUNTRIES, 0.5)},
        {"actions": rng.randrange(20)},
        {"depth": rng.randrange(5)},
        {"not_before_ms": NOW + rng.choice([-40 * DAY, -300_001, 300_000, 300_001, 40 * DAY])},
        {"not_after_ms": NOW + rng.choice([-40 * DAY, 0, 1, 400 * DAY])},
        {"delete_days": rng.randrange(60)},
        {"receipt": not grant["receipt"]},
        {"issuer": rng.choice(FIRMS).node},
        {"audience": rng.choice(FIRMS).node},
        {"owner": rng.choice(FIRMS).node},
        {"parent": rng.choice([None, ref.B(b"another")])},
        {"terms": random_terms(rng)},
        {"terms": None},
        {"cites": world.CITED},
        selector(rng),
        {"tree": None},
    ]
    return world.without_none({**grant, **rng.choice(changes)})


def random_links(rng, faults):
    length = rng.choice([0, 1, 1, 2, 3, 3]) if not faults else rng.randrange(5)
    grants = [random_root(rng, rng.randint(min(length, 3), 3))]
    for i in range(length):
        grants.append(random_child(rng, grants[-1], FIRMS[i + 2], length - i - 1))
    for _ in range(faults):
        at = rng.randrange(len(grants))
        grants[at] = worse_grant(rng, grants[at])
        if rng.random() < 0.7:  # the links below follow, so that the change is met first
            for i in range(at + 1, len(grants)):
                grants[i] = {**grants[i], "parent": ref.B(encode("Grant", grants[i - 1]))}
    return grants


def sealed(rng, grants, faults):
    seeds = world.SEEDS
    links = [world.seal_grant(g, seeds.get(g["issuer"], ACME.sign_seed)) for g in grants]
    if faults and rng.random() < 0.1:
        at = rng.randrange(len(links))
        outer = decode("Signed", links[at])
        links[at] = encode("Signed", {**outer, "body": damage(rng, outer["body"])})
    return links


def chain_inputs(rng, faults):
    grants = random_links(rng, faults)
    companies = [k for k in KEYS if not faults or rng.random() > 0.03]
    ids = [ref.B(encode("Grant", g)) for g in grants]
    now = NOW + rng.choice([0, 0, 0, 0, DAY, -19 * DAY, 90 * DAY]) * (faults > 0)
    return grants, {
        "links": sealed(rng, grants, faults),
        "companies": companies,
        "revoked": [
            {"grant": one, "author": rng.choice(FIRMS).node} for one in ids if faults and rng.random() < 0.1
        ],
        "now": str(now),
    }


def chain_case(rng):
    return {"kind": "chain", **chain_inputs(rng, rng.choice([0, 1, 1, 1, 2, 3]))[1]}


def other_terms(rng, terms):
    """One part of terms changed, to more or to less."""
    changes = [
        {"want": some(rng, WANTS, 0.6) or WANTS[:1]},
        {"quota": rng.choice([None, 1, terms.get("quota", 5) + rng.choice([-1, 0, 1])]) or None},
        {"closes_ms": rng.choice([None, 1, terms.get("closes_ms", NOW) + rng.choice([-1, 0, 1])]) or None},
        {"chain": rng.choice([None, True])},
    ]
    return world.without_none({**terms, **rng.choice(changes)})


def terms_case(rng):
    """A chain that is good but for its terms, perhaps."""
    terms = random_terms(rng)
    grants = world.make_chain(rng.choice([2, 3, 4]), 0, terms=terms if rng.random() < 0.9 else None)
    at = rng.randrange(len(grants))
    for i in range(1, len(grants)):
        above = grants[i - 1].get("terms")
        change = {"parent": ref.B(encode("Grant", grants[i - 1])), "terms": above}
        if i == at and above:
            change["terms"] = rng.choice([other_terms(rng, above), narrower_terms(rng, above)])
        elif i == at:
            change["terms"] = rng.choice([None, terms])
        elif rng.random() < 0.1:
            change["terms"] = None
        if rng.random() < 0.1:
            change["actions"] = grants[i]["actions"] & ~2
        grants[i] = world.without_none({**grants[i], **change})
    return {"kind": "chain", "links": sealed(rng, grants, 0), "companies": KEYS, "revoked": [], "now": str(NOW)}


def grant_case(rng):
    grant = random_root(rng, rng.randrange(4))
    for _ in range(rng.randrange(3)):
        grant = worse_grant(rng, grant)
    return {"kind": "grant", "body": encode("Grant", grant)}


def ground_case(rng):
    """What is said of a person, and on what ground; the grants of chain_inputs name some of these fields."""
    words = ["event", "Follow-Up", "resale", "Brio", "BRIO", "\uff22rio", "松", "a, b", " ", ""]
    glue = [",", ";", "\n", "、", "；", " , ", "x"]
    bases = ["consent", "contract", "legitimateInterest", "unknown", "whim", ""]

    def text():
        return "".join(rng.choice(words) + rng.choice(glue) for _ in range(rng.randrange(4)))

    cells = {2: "Ada", 7: "Ada Ltd", 19: rng.choice(bases), 20: text(), 21: text()}
    fields = [{"number": n, "value": cell.encode()} for n, cell in cells.items() if rng.random() < 0.8]
    return {"fields": fields, "recipient_name": rng.choice(["Brio", "a, b", ""]), "waived": rng.random() < 0.1}


def decision_case(rng):
    grants, inputs = chain_inputs(rng, 0)
    record = {
        "id": rng.choice([EVENT, EVENT, GUEST, OTHER]),
        "owner": rng.choice([ACME, ACME, ACME, ACME, FIRMS[1]]).node,
        "type": rng.choice([3, 3, 4]),
        "segments": some(rng, [SEGMENT, ref.B(b"another")], 0.7),
        "parent": rng.choice([None, EVENT, EVENT, OTHER]),
        "type_space": rng.choice([None, None, None, "abc"]),
    }
    asked = {
        "recipient": rng.choice([grants[-1]["audience"]] * 5 + [ACME.node]),
        "record": {k: v for k, v in record.items() if v is not None},
        "at": str(NOW + rng.choice([0, 0, 0, 0, -DAY - 300_000, DAY, 20 * DAY, 90 * DAY])),
    }
    if rng.random() < 0.9:
        field = {"number": rng.choice([1, 1, 1, 2, 7])}
        asked["field"] = {**field, "space": "abc"} if rng.random() < 0.2 else field
    if rng.random() < 0.5:
        asked.update(ground_case(rng))
    return {"kind": "decision", **inputs, **asked}


# ---- federation ----------------------------------------------------------------------------------------

EVENTS = [make_sharing.make_revision(f"event {i}", make_sharing.text_fields(1, 4, 6)) for i in range(8)]
EVENT_IDS = sorted(ref.record_id(b"", 3, ACME.node, world.nonce(f"event {i}")) for i in range(8))


def some_items(rng, items, chance):
    """Narrowed at random; now and then a value or a revision is not what was signed."""
    out = []
    for item in items:
        shown = ref.narrow(item, [rng.random() < 0.8 for _ in item["field"]])
        if rng.random() < chance:
            shown = worse_disclosure(rng, shown)
        if rng.random() < chance / 3:
            shown = {**shown, "revision": damage(rng, shown["revision"])}
        out.append(shown)
    return out


def records_case(rng):
    chance = rng.choice([0, 0.2])
    count = rng.randint(1, len(EVENTS))
    fields = some(rng, world.fields_of((3, 1), (3, 4), (3, 6)), 1 - chance) or ALL_FIELDS[:1]
    ids = some(rng, EVENT_IDS, 1 - chance / 2) or EVENT_IDS[:1]
    grants = world.make_chain(2, 0, tree=None, record=ids, field=fields)
    cut = make_sharing.make_batch(EVENTS[:count])
    size = rng.choice([1, 2, 4, count])
    first = rng.randrange(0, count, size)
    size = min(size, count - first)
    run = cut(first, size) if ref.is_run(count, first, size) else cut(0, count)
    run["item"] = some_items(rng, run["item"], chance)
    if rng.random() < chance:
        run = {
            **run,
            **rng.choice([{"size": rng.randint(1, 9)}, {"first": rng.randrange(8)}, {"path": bytes(32)}]),
        }
    body = encode("Records", {"grant": ref.B(encode("Grant", grants[-1])), "run": [run]})
    links = [world.seal_grant(g) for g in grants]
    recipient = rng.choice([grants[-1]["audience"]] * 9 + [ACME.node])
    return {
        "kind": "records",
        "links": links,
        "companies": KEYS,
        "now": str(NOW),
        "recipient": recipient,
        "body": body,
    }


SEALS = [
    make_sealed.close(ref.seal_plain(kind, body), **changes)
    for kind, body, changes in [
        (17, b"", {}),
        (32, bytes(range(251)), {"gone": []}),
        (32, bytes(range(252)), {"handle": [], "gone": []}),
        (16, bytes(700), {"number": 2**40, "epoch": 9, "incarnation": 7}),
    ]
]


def seal_case(rng):
    """Header, box or what is inside changed; half the time the digest follows the box."""
    header, box = rng.choice(SEALS)
    key = make_sealed.CONTENT_KEY
    what = rng.randrange(6)
    if what == 0:
        plain = damage(rng, ref.seal_plain(rng.choice([17, 32]), rng.randbytes(rng.choice([0, 5, 251, 252]))))
        header, box = ref.seal_close(key, header, plain + bytes(rng.choice([0, 0, 256])))
    elif what == 1:
        box = damage(rng, box)
        header = {**header, "box": ref.B(box)} if rng.random() < 0.7 else header
    elif what == 2:
        name = rng.choice(["author", "audience", "grant", "nonce", "key", "box"])
        wrong = damage(rng, header[name]) if rng.random() < 0.3 else rng.randbytes(len(header[name]))
        header = {**header, name: wrong}
    elif what == 3:
        handles = sorted(some(rng, make_messages.HANDLES, 0.1))
        header = {**header, rng.choice(["handle", "gone"]): handles}
        counter = rng.choice(["epoch", "incarnation", "number"])
        header[counter] = rng.choice([header[counter], 1])
    elif what == 4:
        key = rng.choice([key, rng.randbytes(32)])
    raw = encode("Sealed", header)
    if rng.random() < 0.1:
        raw = rearranged(rng, raw)
    return {"kind": "seal", "key": key, "header": raw, "box": box}


def unwrap_case(rng):
    secret, wrapped = make_sealed.SEALING_SECRET, make_sealed.WRAPPED
    what = rng.randrange(4)
    if what == 0:
        secret = rng.randbytes(32)
        wrapped = sealing.seal_box(rng.randbytes(32), sealing.public_key(secret), rng.randbytes(32))
    elif what == 1:
        wrapped = damage(rng, wrapped)
    elif what == 2:
        at = rng.randrange(80)
        wrapped = wrapped[:at] + bytes([wrapped[at] ^ 1 << rng.randrange(8)]) + wrapped[at + 1 :]
    return {"kind": "unwrap", "secret": secret, "wrapped": wrapped}


def addressed_case(rng):
    """Any signed object, perhaps changed before it is signed, signed by this or that company as this or that."""
    kind, name = rng.choice([(k, n) for k, n in ref.MESSAGE_OF.items() if k not in ("descriptor", "grant", "head")])
    sample = make_messages.SAMPLES[name]
    body = encode(name, sample)
    if rng.random() < 0.2:
        body = damage(rng, body)
    signer = rng.choice([sample["author"]] * 4 + [sample["audience"]])
    signed_as = kind if rng.random() < 0.9 else rng.choice(sorted(ref.MESSAGE_OF))
    return {
        "kind": "addressed",
        "type": kind,
        "signed": world.seal(signed_as, world.SEEDS[signer], body),
        "me": rng.choice([sample["audience"]] * 5 + [sample["author"]]),
        "companies": [k for k in KEYS if rng.random() > 0.05],
    }


def envelope_case(rng):
    e = dict(rng.choice([make_signed.GREETING, make_signed.NUMBERED]), body=b"body")
    for _ in range(rng.randrange(3)):
        name = rng.choice(["kind", "stream", "session", "incarnation", "sequence"])
        e[name] = rng.choice([0, 1, 2, 3, 16, 21, 23, 27, 28, 31, 32, 33, 34])
    raw = ref.format_envelope(e)
    return {"kind": "envelope", "bytes": damage(rng, raw) if rng.random() < 0.3 else raw}


def invitation_case(rng):
    end = NOW + rng.choice([1, DAY])
    descriptor = ACME.signed_descriptor(country=rng.choice(["DE", "DE", "de"]))
    text = ref.format_invitation(descriptor, world.nonce("token"), world.secret("guest"), end)
    if rng.random() < 0.5:
        text = shuffled_text(rng, text)
    return {"kind": "invitation", "text": text, "now": str(NOW + rng.choice([0, 0, 1]))}


def descriptor_case(rng):
    body = encode("Descriptor", ACME.descriptor())
    if rng.random() < 0.5:
        body = damage(rng, body)
    now = NOW + rng.choice(
        [0, 0, -30 * DAY - 300_000, -30 * DAY - 300_001, 365 * DAY + 299_999, 365 * DAY + 300_000]
    )
    signed = world.seal("descriptor", ACME.root_seed, body)
    return {"kind": "descriptor", "signed": signed, "now": str(now)}


# ---- running -----------------------------------------------------------------------------------------

CASES = {
    "message": (message_case, 6),
    "number": (number_case, 1),
    "value": (value_case, 2),
    "disclosure": (disclosure_case, 2),
    "merkle": (merkle_case, 2),
    "signature": (signature_case, 1),
    "grant": (grant_case, 2),
    "chain": (chain_case, 5),
    "terms": (terms_case, 3),
    "decision": (decision_case, 3),
    "records": (records_case, 3),
    "seal": (seal_case, 3),
    "unwrap": (unwrap_case, 1),
    "addressed": (addressed_case, 2),
    "envelope": (envelope_case, 2),
    "invitation": (invitation_case, 1),
    "descriptor": (descriptor_case, 1),
}


def make_cases(rng, count):
    yield "profile of the common schema", {"kind": "common_profile"}
    makers = [(name, make) for name, (make, weight) in CASES.items() for _ in range(weight)]
    for i in range(count):
        name, make = makers[i % len(makers)]
        yield name, to_json(make(rng))


def ask_node(program, cases):
    lines = "".join(json.dumps(case) + "\n" for _, case in cases)
    run = subprocess.run([program], input=lines, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print(run.stderr, file=sys.stderr)
    return [json.loads(line) for line in run.stdout.splitlines()]


def compare(cases, answers):
    """How often each kind met each status or stop, and how many answers differ."""
    seen, different = collections.Counter(), 0
    for (name, case), answer in zip(cases, answers):
        want = judge(case)
        answers_in = want.get("items") or [want.get("stop", want["status"])]
        seen.update((name, one) for one in answers_in)
        if want != answer:
            different += 1
            print(f"FAIL {name}: reference {want}\n  node {answer}\n  case {json.dumps(case)}")
    return seen, different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("judge")
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()

    cases = list(make_cases(random.Random(options.seed), options.cases))
    answers = ask_node(options.judge, cases)
    seen, different = compare(cases, answers)
    different += len(cases) - len(answers)
    for name in CASES:
        good = sum(n for (kind, status), n in seen.items() if kind == name and status in ("OK", "NONE"))
        total = sum(n for (kind, _), n in seen.items() if kind == name)
        if not 0 < good < total:
            print(f"FAIL {name}: {good} good of {total}: proves nothing")
            different += 1
    if options.show:
        print("\n".join(f"{n:6} {kind} {status}" for (kind, status), n in sorted(seen.items())))
    print(f"seed {options.seed}")
    print(f"{len(cases) - different} passed, {different} failed")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Vectors of hashes, messages, signatures and values."""
import ed25519
import hansa_ref as ref
from wire_ref import LENGTH, encode, encode_one, tag, TABLES, VARINT, varint
from world import (
    ACME, BRIO, CEDAR, DAY, EVENT, EVENT_TYPE, GUEST, NOW, STRANGER, ZERO, child_grant,
    fields_of, nonce, root_grant, seal, secret,
)


def revision(**changes):
    return {
        "nonce": nonce("event"),
        "owner": ACME.node,
        "type": EVENT_TYPE,
        "incarnation": 1,
        "number": 1,
        "profile": ref.profile_id("type  3 event\n"),
        "commitments": ref.B(b"commitments"),
        "claimed_ms": NOW,
        **changes,
    }


GRANT_ID = ref.B(encode("Grant", root_grant()))
OFFER = {
    "author": ACME.node,
    "audience": BRIO.node,
    "grant": GRANT_ID,
    "kind": 1,
    "title": "Launch in Shanghai 上海",
    "note": "first line\nsecond line\twith a tab",
    "count": 120,
    "offered_ms": NOW,
}
ANSWER = {
    "author": BRIO.node,
    "audience": ACME.node,
    "offer": ref.B(encode("Offer", OFFER)),
    "grant": GRANT_ID,
    "accepted": True,
    "reason": "",
    "declined": [{"record": r, "reason": "known to us"} for r in sorted([EVENT, GUEST])],
    "answered_ms": NOW + 1000,
}
LINK = child_grant(root_grant(), CEDAR)
LINK_ID = ref.B(encode("Grant", LINK))
PASSON = {
    "author": BRIO.node,
    "audience": ACME.node,
    "grant": LINK_ID,
    "next": CEDAR.node,
    "asked_ms": NOW,
}
PASSON_ACK = {
    "author": ACME.node,
    "audience": BRIO.node,
    "grant": LINK_ID,
    "noted": False,
    "reason": "not with Cedar",
    "noted_ms": NOW,
}
REVOCATION = {
    "author": ACME.node,
    "audience": BRIO.node,
    "owner": ACME.node,
    "grant": GRANT_ID,
    "reason": "the launch is off",
    "revoked_ms": NOW,
}
VOID = {
    "author": ACME.node,
    "audience": BRIO.node,
    "stream": 2,
    "incarnation": 1,
    "first": 7,
    "last": 2**63 - 1,
}
STREAMS = [
    {"stream": 1, "incarnation": 1, "have": 5, "credit_frames": 16, "credit_bytes": 1 << 20},
    {"stream": 2, "incarnation": 2, "have": 0, "credit_frames": 64, "credit_bytes": 1 << 22},
]
HELLO = {
    "author": ACME.node,
    "audience": BRIO.node,
    "session": 2**64 - 1,
    "answers": 0,
    "incarnation": 1,
    "clock_ms": NOW,
    "descriptor_serial": 1,
    "stream": STREAMS,
    "profile": ref.profile_id("type  3 event\n"),
}
SIGNED = {"body": b"any body", "signature": bytes(range(64))}
DISCLOSURE = {
    "revision": encode("Revision", revision()),
    "field": [
        {"number": 1, "value": b"Launch", "salt": bytes(16)},
        {"number": 2, "value": b"", "salt": bytes(16)},
        {"number": 1, "space": ref.base32(ACME.node), "value": b"own", "salt": bytes(16)},
    ],
    "withheld": bytes(32) + bytes([1] * 32),
}
RUN = {"size": 2, "first": 1, "signature": bytes(64), "path": bytes(32), "item": [DISCLOSURE]}
WHOLE = {
    "size": 1,
    "first": 0,
    "signature": bytes(64),
    "item": [{"revision": DISCLOSURE["revision"], "secret": bytes(32), "field": []}],
}
RECORDS = {"grant": GRANT_ID, "run": [RUN, WHOLE]}
INTRODUCE = {"token": bytes(16), "descriptor": SIGNED}
OFFER_BODY = {"offer": SIGNED, "link": [SIGNED] * 4, "descriptor": [SIGNED] * 4}
PASSON_BODY = {"passon": SIGNED, "link": [SIGNED], "descriptor": []}

SAMPLES = {
    "Signed": SIGNED,
    "Descriptor": ACME.descriptor(),
    "Grant": root_grant(),
    "Offer": OFFER,
    "Answer": ANSWER,
    "PassOn": PASSON,
    "PassOnAck": PASSON_ACK,
    "Revocation": REVOCATION,
    "Void": VOID,
    "Revision": revision(),
    "Records": RECORDS,
    "OfferBody": OFFER_BODY,
    "PassOnBody": PASSON_BODY,
    "RevocationBody": {"revocation": SIGNED},
    "SignedBody": {"object": SIGNED},
    "Hello": HELLO,
    "Ack": {"stream": STREAMS},
    "Introduce": INTRODUCE,
}


# ---- hashes ----------------------------------------------------------------------------------------


def hash_vectors():
    yield "OK", {"name": "the plain hash of nothing", "kind": "digest", "data": b""}
    yield "OK", {"name": "the plain hash of abc", "kind": "digest", "data": b"abc"}
    yield "OK", {"name": "a tag goes before the data with its length", "kind": "digest", "tag": "hansa/1/pad", "data": b"abc"}
    yield "OK", {"name": "an empty tag still has its length", "kind": "digest", "tag": "", "data": b"abc"}
    yield "OK", {"name": "more than one block of BLAKE2b", "kind": "digest", "tag": "hansa/1/commitments", "data": bytes(range(256)) * 2}
    record = {"kind": "record_id", "type": EVENT_TYPE, "owner": ACME.node, "nonce": nonce("event")}
    yield "OK", {"name": "the id of a record of a common type", **record, "space": ""}
    yield "OK", {"name": "the same number in a company's own name space is another record", **record, "space": ref.base32(ACME.node)}
    yield "OK", {"name": "another owner, another record", **record, "space": "", "owner": BRIO.node}
    yield "OK", {"name": "the highest type number", **record, "space": "", "type": 2**32 - 1}
    for name, changes in [
        ("a first revision has its id and its record's id", {}),
        ("a second revision names the first", {"number": 2, "previous": ref.B(encode("Revision", revision()))}),
        ("a revision of a company's own type", {"type_space": ref.base32(ACME.node), "type": 9}),
        ("a tombstone", {"number": 3, "tombstone": True}),
        ("a later incarnation at the highest number", {"incarnation": 2**32 - 1, "number": 2**63 - 1}),
    ]:
        yield "OK", {"name": name, "kind": "revision", "bytes": encode("Revision", revision(**changes))}
    yield "OK", {"name": "salts of eight commitments come from two blocks", "kind": "salts", "secret": secret("salts"), "count": 8}
    yield "OK", {"name": "salts of one hundred and twenty-eight commitments", "kind": "salts", "secret": secret("salts"), "count": 128}
    for name, text in [("the id of an empty profile", ""), ("the id of a profile with one type", "type  3 event\nfield  3 email email i personal\n")]:
        yield "OK", {"name": name, "kind": "profile", "text": text}


# ---- messages ----------------------------------------------------------------------------------------


def message(name, status, message_name, raw):
    return status, {"name": f"{message_name}: {name}", "kind": "message", "message": message_name, "bytes": raw}


def changed(name, status, message_name, /, **changes):
    fields = {k: v for k, v in {**SAMPLES[message_name], **changes}.items() if v is not None}
    return message(name, status, message_name, encode(message_name, fields))


def one(message_name, field, value):
    """One field's bytes, tag included."""
    for number, spec in TABLES[message_name].items():
        if spec.name == field:
            return encode_one(number, spec, value)
    raise KeyError(field)


def rebuilt(message_name, alter):
    """The sample with alter(field name, bytes of that field) applied to each field's bytes."""
    out = b""
    for number, spec in sorted(TABLES[message_name].items()):
        fields = SAMPLES[message_name]
        if spec.name in fields:
            values = fields[spec.name] if spec.is_repeated else [fields[spec.name]]
            out += alter(spec.name, b"".join(encode_one(number, spec, v) for v in values))
    return out


def replaced(message_name, field, raw):
    return rebuilt(message_name, lambda name, old: raw if name == field else old)


def sample_vectors():
    for name in SAMPLES:
        yield changed("a good one", "OK", name)
        yield message("with a byte after the end", "MALFORMED", name, encode(name, SAMPLES[name]) + b"\0")
        yield message("with a field nobody knows", "MALFORMED", name, encode(name, SAMPLES[name]) + tag(99, VARINT) + b"\1")
        if name != "Ack":
            yield message("of no bytes at all lacks what is required", "MALFORMED", name, b"")
    for name in ("Grant", "Records", "OfferBody", "Revision"):
        yield message("cut short by one byte", "MALFORMED", name, encode(name, SAMPLES[name])[:-1])
    yield message("of no bytes says nothing of any stream", "OK", "Ack", b"")


def missing_vectors():
    """Each required field in turn."""
    for name in ("Grant", "Revision", "Revocation", "Descriptor"):
        for spec in TABLES[name].values():
            if spec.least == 1:
                yield message(f"without {spec.name}", "MALFORMED", name, replaced(name, spec.name, b""))


def varint_vectors():
    depth = tag(10, VARINT)
    yield message("a number with a needless zero byte", "MALFORMED", "Grant", replaced("Grant", "depth", depth + b"\x83\x00"))
    yield message("a tag with a needless zero byte", "MALFORMED", "Grant", replaced("Grant", "depth", bytes([depth[0] | 128, 0, 3])))
    yield message("a length with a needless zero byte", "MALFORMED", "Grant", replaced("Grant", "nonce", tag(17, LENGTH) + b"\x90\x00" + bytes(16)))
    yield message("a 32-bit number of 33 bits", "MALFORMED", "Grant", replaced("Grant", "depth", depth + varint(2**32)))
    yield message("a counter of 2^63", "MALFORMED", "Void", replaced("Void", "last", tag(6, VARINT) + varint(2**63)))
    session = tag(3, VARINT)
    yield message("a session of ten bytes at its most", "OK", "Hello", replaced("Hello", "session", session + b"\xff" * 9 + b"\1"))
    yield message("a session of 65 bits", "MALFORMED", "Hello", replaced("Hello", "session", session + b"\xff" * 9 + b"\2"))
    yield message("a session of eleven bytes", "MALFORMED", "Hello", replaced("Hello", "session", session + b"\xff" * 10 + b"\1"))
    yield message("a yes that is 2", "MALFORMED", "Grant", replaced("Grant", "receipt", tag(16, VARINT) + b"\2"))
    yield message("a number where bytes should be", "MALFORMED", "Grant", replaced("Grant", "nonce", tag(17, VARINT) + b"\1"))
    yield message("bytes where a number should be", "MALFORMED", "Grant", replaced("Grant", "depth", tag(10, LENGTH) + b"\1\3"))
    yield message("a fixed 32-bit number where a varint should be", "MALFORMED", "Grant", replaced("Grant", "depth", tag(10, 5) + b"\3\0\0\0"))
    yield message("a group where a number should be", "MALFORMED", "Grant", replaced("Grant", "depth", tag(10, 3) + tag(10, 4)))
    yield message("field number 0", "MALFORMED", "Ack", b"\0\0")
    yield message("a length beyond the end", "MALFORMED", "Signed", tag(1, LENGTH) + b"\x7f" + b"x")
    yield message("a length of nearly 2^64", "MALFORMED", "Signed", tag(1, LENGTH) + b"\xff" * 9 + b"\1")


def order_vectors():
    depth = one("Grant", "depth", 3)
    yield message("a single field twice", "MALFORMED", "Grant", replaced("Grant", "depth", depth + depth))
    yield message("two fields in the wrong order", "MALFORMED", "Void", one("Void", "audience", BRIO.node) + one("Void", "author", ACME.node) + encode("Void", VOID)[68:])
    split = one("Grant", "purpose", ["event"][0]), one("Grant", "purpose", "follow-up")
    raw = replaced("Grant", "purpose", split[0])
    yield message("a repeated field torn apart", "MALFORMED", "Grant", raw + split[1])
    inner = one("SignedBody", "object", SIGNED)
    yield message("one object in two halves", "MALFORMED", "SignedBody", inner + inner)


def size_vectors():
    for length in (31, 33):
        yield message(f"an id of {length} bytes", "MALFORMED", "Grant", replaced("Grant", "owner", one("Grant", "owner", bytes(length))))
        yield changed(f"a parent of {length} bytes", "MALFORMED", "Grant", parent=bytes(length))
    for length, status in ((63, "MALFORMED"), (65, "MALFORMED")):
        yield changed(f"a signature of {length} bytes", status, "Signed", signature=bytes(length))
    for length, status in ((256, "OK"), (257, "MALFORMED")):
        yield changed(f"a title of {length} bytes", status, "Offer", title="x" * length)
        yield changed(f"a purpose of {length} bytes", status, "Grant", purpose=["x" * length])
        yield changed(f"{length} record ids", status, "Grant", tree=None, record=[bytes(30) + bytes([i >> 8, i & 255]) for i in range(length)])
        yield changed(f"{length} field entries", status, "Grant", field=fields_of(*((3, i) for i in range(length))))
        yield changed(f"{length} declined records", status, "Answer", declined=[{"record": bytes(30) + bytes([i >> 8, i & 255]), "reason": ""} for i in range(length)])
    for length, status in ((4096, "OK"), (4097, "MALFORMED")):
        yield changed(f"a reason of {length} bytes", status, "Revocation", reason="x" * length)
    for length, status in ((16384, "OK"), (16385, "MALFORMED")):
        yield changed(f"a body of {length} bytes", status, "Signed", body=bytes(length))
    for count, status in ((32, "OK"), (33, "MALFORMED")):
        yield changed(f"{count} purposes", status, "Grant", purpose=[f"p{i:02}" for i in range(count)])
        yield changed(f"{count} countries", status, "Grant", country=[f"A{chr(65 + i)}" if i < 26 else f"B{chr(39 + i)}" for i in range(count)])
    for count, status in ((8, "OK"), (9, "MALFORMED")):
        yield changed(f"{count} endpoints", status, "Descriptor", endpoint=["tcp://a.example:1"] * count)
    for count, status in ((4, "OK"), (5, "MALFORMED")):
        yield changed(f"a chain of {count}", status, "OfferBody", link=[SIGNED] * count)
    yield changed("no chain", "OK", "OfferBody", link=[])
    for count, status in ((5, "OK"), (6, "MALFORMED")):
        yield changed(f"{count} descriptors", status, "PassOnBody", descriptor=[SIGNED] * count)
    for spare, status in ((0, "OK"), (1, "TOO_BIG")):
        yield grant_of(16384 + spare, status)
        yield revision_of(512 + spare, "MALFORMED" if status == "OK" else status)
    yield changed("three streams", "MALFORMED", "Ack", stream=STREAMS + [{**STREAMS[1], "stream": 2}])
    yield changed("the same stream twice", "MALFORMED", "Hello", stream=[STREAMS[0]] * 2)
    yield changed("stream 0 is not counted", "MALFORMED", "Ack", stream=[{**STREAMS[0], "stream": 0}])
    yield changed("no session", "MALFORMED", "Hello", session=0)


def grant_of(size, status):
    """A grant of exactly this many bytes, filled up with purposes."""
    fields = root_grant(tree=None, record=[bytes(30) + bytes([i >> 8, i & 255]) for i in range(256)], purpose=[])
    left = size - len(encode("Grant", fields))
    purposes = [f"{i:02}" + "x" * 248 for i in range((left - 140) // 253)]  # 250 and 3 for tag and length
    purposes.append("z" * (left - 253 * len(purposes) - 3))
    return message(f"of {size} bytes", status, "Grant", encode("Grant", {**fields, "purpose": purposes}))


def revision_of(size, status):
    raw = encode("Revision", revision())
    return message(f"of {size} bytes", status, "Revision", raw + bytes(size - len(raw)))


def records_changed(name, status, run=None, disclosure=None, **changes):
    item = {k: v for k, v in {**DISCLOSURE, **(disclosure or {})}.items() if v is not None}
    whole = {k: v for k, v in {**RUN, "item": [item], **(run or {})}.items() if v is not None}
    return changed(name, status, "Records", run=[whole], **changes)


def records_vectors():
    field = DISCLOSURE["field"][0]
    tiny = {"revision": b"r", "field": []}
    for count, status in ((64, "OK"), (65, "MALFORMED")):
        yield records_changed(f"a run of {count}", status, run={"size": 1000, "first": 0, "item": [tiny] * count})
    yield records_changed("a run of none", "MALFORMED", run={"item": []})
    yield changed("no run", "MALFORMED", "Records", run=[])
    for count, status in ((120, "OK"), (121, "MALFORMED")):
        fields = [{"number": i, "value": b"v", "salt": bytes(16)} for i in range(count)]
        yield records_changed(f"{count} fields", status, disclosure={"field": fields})
    for length, status in ((8192, "OK"), (8193, "MALFORMED")):
        yield records_changed(f"a value of {length} bytes", status, disclosure={"field": [{**field, "value": bytes(length)}]})
    for count, status in ((128, "OK"), (129, "MALFORMED")):
        hashes = b"".join(bytes([i]) * 32 for i in range(count))
        yield records_changed(f"{count} hashes withheld", status, disclosure={"withheld": hashes})
    for count, status in ((16, "OK"), (17, "MALFORMED")):
        yield records_changed(f"a path of {count} hashes", status, run={"path": bytes(32 * count)})
    for last, status in ((0, "OK"), (1, "MALFORMED")):
        values = [bytes(8192)] * 3 + [bytes(8191), bytes(1 + last)]
        fields = [{"number": i, "value": v, "salt": bytes(16)} for i, v in enumerate(values)]
        yield records_changed(f"values of {sum(map(len, values))} bytes", status, disclosure={"field": fields})
    yield records_changed("withheld out of order", "MALFORMED", disclosure={"withheld": bytes([1] * 32) + bytes(32)})
    yield records_changed("withheld is not whole hashes", "MALFORMED", disclosure={"withheld": bytes(33)})
    yield records_changed("a path of half a hash", "MALFORMED", run={"path": bytes(16)})
    yield records_changed("a salt of 15 bytes", "MALFORMED", disclosure={"field": [{**field, "salt": bytes(15)}]})
    yield records_changed("a secret of 31 bytes", "MALFORMED", disclosure={"secret": bytes(31)})
    yield records_changed("fields out of order", "MALFORMED", disclosure={"field": [{**field, "number": 2}, field]})
    yield records_changed("a field twice", "MALFORMED", disclosure={"field": [field, field]})
    yield records_changed("an own field before a common one", "MALFORMED", disclosure={"field": [{**field, "space": "a"}, field]})
    yield records_changed("a name space of 64 bytes", "OK", disclosure={"field": [{**field, "space": "a" * 64}]})
    yield records_changed("a name space of 65 bytes", "MALFORMED", disclosure={"field": [{**field, "space": "a" * 65}]})
    yield records_changed("a name space that is there but empty", "MALFORMED", disclosure={"field": [{**field, "space": ""}]})
    yield records_changed("a withheld that is there but empty", "MALFORMED", disclosure={"withheld": b""})
    yield records_changed("a path that is there but empty", "MALFORMED", run={"path": b""})
    yield records_changed("a batch of none", "MALFORMED", run={"size": 0})
    yield records_changed("a batch of 65,536", "OK", run={"size": 65536})
    yield records_changed("a batch of 65,537", "MALFORMED", run={"size": 65537})


def text_vectors():
    def title(name, status, raw):
        return message(name, status, "Offer", replaced("Offer", "title", tag(5, LENGTH) + varint(len(raw)) + raw))

    for name, raw in [
        ("a byte that starts nothing", b"a\x80b"),
        ("an over-long slash", b"\xc0\xaf"),
        ("an over-long NUL", b"\xc0\x80"),
        ("a surrogate", b"\xed\xa0\x80"),
        ("a character above U+10FFFF", b"\xf4\x90\x80\x80"),
        ("a character cut short", b"\xe4\xb8"),
        ("a NUL in the middle", b"Acme\0XY"),
        ("a carriage return", b"a\rb"),
        ("an escape", b"\x1b[31m"),
        ("a delete character", b"a\x7fb"),
        ("the last control character", b"\x1f"),
    ]:
        yield title(f"{name} in a text", "MALFORMED", raw)
    yield title("the highest character in a text", "OK", b"\xf4\x8f\xbf\xbf")
    yield title("tab, line feed and Chinese in a text", "OK", "\t\n上海".encode())
    yield title("an empty text that is required", "OK", b"")


def rule_vectors():
    fields = fields_of((3, 1), (3, 2))
    for name, changes in [
        ("fields out of order", {"field": fields[::-1]}),
        ("a field twice", {"field": fields[:1] * 2}),
        ("an own field before a common one", {"field": fields_of(("", 3, "a", 1), ("", 3, "", 2))}),
        ("purposes out of order", {"purpose": ["follow-up", "event"]}),
        ("a purpose twice", {"purpose": ["event", "event"]}),
        ("countries out of order", {"country": ["FR", "DE"]}),
        ("a country twice", {"country": ["DE", "DE"]}),
        ("a country in small letters", {"country": ["de"]}),
        ("a country of three letters", {"country": ["DEU"]}),
        ("record ids out of order", {"tree": None, "record": sorted([EVENT, GUEST])[::-1]}),
        ("a record id twice", {"tree": None, "record": [EVENT, EVENT]}),
        ("no selector", {"tree": None}),
        ("two selectors", {"segment": EVENT}),
        ("a record list beside a tree", {"record": [EVENT]}),
        ("an end that no clock reaches", {"not_after_ms": 2**63}),
    ]:
        yield changed(name, "MALFORMED", "Grant", **changes)
    yield changed("the last moment there is", "OK", "Grant", not_after_ms=2**63 - 1)
    yield changed("every selector of records", "OK", "Grant", tree=None, record=sorted([EVENT, GUEST]))
    yield changed("a segment", "OK", "Grant", tree=None, segment=EVENT)
    yield changed("all that is optional", "OK", "Grant", parent=EVENT, country=["CN", "DE"], receipt=True)
    yield changed("kind 0", "MALFORMED", "Offer", kind=0)
    yield changed("kind 3", "MALFORMED", "Offer", kind=3)
    yield changed("declined records out of order", "MALFORMED", "Answer", declined=ANSWER["declined"][::-1])
    yield changed("a range that runs backwards", "MALFORMED", "Void", first=8, last=7)
    yield changed("a range of one", "OK", "Void", first=7, last=7)
    yield changed("a range from 0", "MALFORMED", "Void", first=0)
    yield changed("the session stream", "MALFORMED", "Void", stream=0)
    yield changed("a stream nobody has", "MALFORMED", "Void", stream=3)
    yield changed("no incarnation", "MALFORMED", "Void", incarnation=0)
    yield changed("number 0", "MALFORMED", "Revision", number=0)
    yield changed("incarnation 0", "MALFORMED", "Revision", incarnation=0)
    yield changed("a tombstone that says no", "MALFORMED", "Revision", tombstone=False)
    yield changed("a tombstone", "OK", "Revision", tombstone=True)
    yield changed("an own type", "OK", "Revision", type_space="a", previous=EVENT)
    yield changed("serial 0", "MALFORMED", "Descriptor", serial=0)
    yield changed("serial 1 with a previous", "MALFORMED", "Descriptor", previous=EVENT)
    yield changed("serial 2 without a previous", "MALFORMED", "Descriptor", serial=2)
    yield changed("serial 2 with its previous", "OK", "Descriptor", serial=2, previous=EVENT)
    yield changed("for somebody only", "MALFORMED", "Descriptor", audience=BRIO.node)
    yield changed("no name", "MALFORMED", "Descriptor", name="")
    yield changed("valid for no time", "MALFORMED", "Descriptor", not_after_ms=NOW - 30 * DAY)


def message_vectors():
    for part in (
        sample_vectors, missing_vectors, varint_vectors, order_vectors, size_vectors, records_vectors, text_vectors, rule_vectors,
    ):
        yield from part()


# ---- signatures ---------------------------------------------------------------------------------------

BODIES = {
    **{kind: encode(name, SAMPLES[name]) for kind, name in ref.MESSAGE_OF.items()},
    "batch": ref.batch_body(ACME.node, 64, ref.B(b"root")),
}


def seed_of(kind):
    return ACME.root_seed if kind == "descriptor" else ACME.sign_seed


def signature(name, status, kind, key, body, raw):
    return status, {"name": name, "kind": "signature", "type": kind, "key": key, "body": body, "signature": raw}


def forged(r, s):
    return r + (s % 2**256).to_bytes(32, "little")


def strict_vectors():
    body, key = BODIES["grant"], ACME.key
    good = ref.sign("grant", ACME.sign_seed, body)
    s = int.from_bytes(good[32:], "little")
    yield signature("S may not be written with L added", "BAD_SIGNATURE", "grant", key, body, forged(good[:32], s + ed25519.L))
    identity = ed25519.encode(ed25519.IDENTITY)
    minus_one = (ed25519.P - 1).to_bytes(32, "little")
    yield signature("a key of order 1 signs nothing", "BAD_SIGNATURE", "grant", identity, body, forged(identity, 0))
    yield signature("a key of order 2 signs nothing", "BAD_SIGNATURE", "grant", minus_one, body, forged(identity, 0))
    yield signature("R of order 1 with S of 0 is no signature", "BAD_SIGNATURE", "grant", key, body, forged(identity, 0))
    small_r = ed25519.challenge(identity, key, ref.signed_bytes("grant", body)) * ed25519.secret_scalar(ACME.sign_seed)[0]
    yield signature("R of order 1 that solves the equation is no signature", "BAD_SIGNATURE", "grant", key, body, forged(identity, small_r % ed25519.L))
    yield signature("a key with y of p is not an encoding", "BAD_SIGNATURE", "grant", ed25519.P.to_bytes(32, "little"), body, good)
    yield signature("a key with y of p + 1 is not an encoding", "BAD_SIGNATURE", "grant", (ed25519.P + 1).to_bytes(32, "little"), body, good)
    yield signature("a key that is no point of the curve", "BAD_SIGNATURE", "grant", (2).to_bytes(32, "little"), body, good)
    yield signature("a key with a part of order 2, where the equation holds only with the cofactor", "BAD_SIGNATURE", "grant", *mixed_order(body, 1))
    yield signature("a key with a part of order 2, where the equation holds without the cofactor", "OK", "grant", *mixed_order(body, 0))


def mixed_order(body, parity):
    """Key A + T with T of order 2; [k](A + T) = [k]A exactly when k is even."""
    a = ed25519.secret_scalar(ACME.sign_seed)[0]
    order_two = (0, ed25519.P - 1, 1, 0)
    key = ed25519.encode(ed25519.add(ed25519.multiply(a, ed25519.BASE), order_two))
    for n in range(1, 99):
        r = ed25519.encode(ed25519.multiply(n, ed25519.BASE))
        k = ed25519.challenge(r, key, ref.signed_bytes("grant", body))
        if k % 2 == parity:
            return key, body, forged(r, (n + k * a) % ed25519.L)
    raise AssertionError("unlucky")


def signature_vectors():
    for kind, body in BODIES.items():
        key = ACME.root_key if kind == "descriptor" else ACME.key
        good = ref.sign(kind, seed_of(kind), body)
        yield signature(f"{kind}: a good signature", "OK", kind, key, body, good)
        wrong = "offer" if kind != "offer" else "answer"
        yield signature(f"{kind}: its signature is none of another type", "BAD_SIGNATURE", wrong, key, body, good)
        yield signature(f"{kind}: one bit of the body changed", "BAD_SIGNATURE", kind, key, body[:-1] + bytes([body[-1] ^ 1]), good)
        yield signature(f"{kind}: one bit of R changed", "BAD_SIGNATURE", kind, key, body, bytes([good[0] ^ 1]) + good[1:])
        yield signature(f"{kind}: one bit of S changed", "BAD_SIGNATURE", kind, key, body, good[:32] + bytes([good[32] ^ 1]) + good[33:])
        yield signature(f"{kind}: under another company's key", "BAD_SIGNATURE", kind, BRIO.key, body, good)
    yield signature("a signature without the type in front is none", "BAD_SIGNATURE", "grant", ACME.key, BODIES["grant"], ed25519.sign(ACME.sign_seed, BODIES["grant"]))
    yield from strict_vectors()
    yield "OK", {"name": "what a batch signature covers", "kind": "batch", "owner": ACME.node, "size": 65536, "root": ref.B(b"root")}
    for kind in ref.MESSAGE_OF:
        if kind != "descriptor":
            raw = seal(kind, ACME.sign_seed, BODIES[kind])
            yield "OK", {"name": f"{kind}: signed, opened and read", "kind": "object", "type": kind, "key": ACME.key, "signed": raw}
    late = seal("void", ACME.sign_seed, BODIES["void"] + b"\0")
    yield "MALFORMED", {"name": "a good signature over a body that does not parse", "kind": "object", "type": "void", "key": ACME.key, "signed": late}

def descriptor_vectors():
    def descriptor(name, status, raw, now=NOW):
        return status, {"name": name, "kind": "descriptor", "signed": raw, "now": str(now)}

    body = encode("Descriptor", ACME.descriptor())
    yield descriptor("a descriptor under its own root key", "OK", ACME.signed_descriptor())
    yield descriptor("a later descriptor names the one before", "OK", ACME.signed_descriptor(serial=2, previous=ref.B(body)))
    yield descriptor("a descriptor signed by the signing key", "BAD_SIGNATURE", seal("descriptor", ACME.sign_seed, body))
    yield descriptor("a descriptor with another company's root key", "BAD_SIGNATURE", seal("descriptor", ACME.root_seed, encode("Descriptor", STRANGER.descriptor())))
    yield descriptor("a descriptor without a name", "MALFORMED", ACME.signed_descriptor(name=""))
    start, end = ACME.descriptor()["not_before_ms"], ACME.descriptor()["not_after_ms"]
    for name, status, now in [
        ("five minutes before its beginning", "OK", start - 300_000),
        ("a millisecond more before its beginning", "NOT_YET", start - 300_001),
        ("a millisecond less than five minutes after its end", "OK", end + 299_999),
        ("five minutes after its end", "EXPIRED", end + 300_000),
    ]:
        yield descriptor(f"a descriptor {name}", status, ACME.signed_descriptor(), now)
    yield descriptor("a company of many places", "OK", CEDAR.signed_descriptor(endpoint=[f"tcp://c{i}.example:7700" for i in range(8)]))
    yield descriptor("a company that only dials", "OK", CEDAR.signed_descriptor(endpoint=[]))


# ---- values -------------------------------------------------------------------------------------------


def number(n):
    return (n % 2**64).to_bytes(8, "big")


VALUES = {
    "text": ([b"Launch", "上海".encode()], [b"", b"\xff", "e\u0301".encode()]),
    "boolean": ([b"\0", b"\1"], [b"", b"\2", b"\0\0"]),
    "integer": ([number(0), number(-1), number(2**63 - 1)], [b"", bytes(7), bytes(9)]),
    "decimal": (
        [b"0", b"-1", b"10.25", b"0.5", b"-0.001"],
        [b"", b"-0", b"01", b"1.", b".5", b"1.50", b"+1", b"1e3", b"--1", b"1.0"],
    ),
    "money": ([number(-5) + b"EUR", number(123456) + b"CNY"], [number(1), number(1) + b"EU", number(1) + b"eur", number(1) + b"EURO"]),
    "date": ([b"2027-02-28", b"2028-02-29"], [b"2027-02-29", b"2027-13-01", b"2027-1-01", b"20270101", b"2027-04-31", b""]),
    "datetime": ([number(NOW), number(NOW) + b"Asia/Shanghai", number(-1)], [b"", bytes(7), number(NOW) + b"\xff", number(NOW) + b"Asia/Shanghai\0", number(NOW) + b"a b", number(NOW) + b"a" * 65]),
    "reference": ([EVENT, ZERO], [b"", bytes(31), bytes(33)]),
    "consent": ([b"basis=consent", b"basis=consent\npurpose=event"], [b"", b"basis", b"purpose=event\nbasis=consent", b"basis=a\nbasis=b", b"=a", b"a=b\n"]),
    "address": ([b"\n\n1 High St\nLeeds\n\nLS1\nUK", b"\n\n\n\n\n\nCN"], [b"", b"1 High St", b"\n\n\n\n\n\n\n", b"\n\n\n\n\n\ne\xcc\x81"]),
    "bytes": ([b"", b"\xff\0"], []),
}


def value_vectors():
    for kind, (good, bad) in VALUES.items():
        for status, values in (("OK", good), ("MALFORMED", bad)):
            for value in values:
                word = "is" if status == "OK" else "is not"
                shown = ascii(value)[1:] if value else "nothing"
                yield status, {"name": f"{shown} {word} of kind {kind}", "kind": "value", "of": kind, "value": value}


# ---- envelopes ----------------------------------------------------------------------------------------


def envelope(kind, stream, session, incarnation, sequence, body):
    return {
        "kind": kind, "stream": stream, "session": session, "incarnation": incarnation, "sequence": sequence, "body": body,
    }


GREETING = envelope(1, 0, 0, 0, 0, encode("Hello", HELLO))
NUMBERED = envelope(32, 2, 2**64 - 1, 2**32 - 1, 2**64 - 1, encode("Records", RECORDS))


def envelope_vectors():
    def case(name, status, raw, **outputs):
        return {"status": status, **outputs}, {"name": name, "kind": "envelope", "bytes": raw}

    hello, records = ref.format_envelope(GREETING), ref.format_envelope(NUMBERED)
    yield case("an envelope with a Hello", "OK", hello, known=True)
    yield case("an envelope with Records, every number at its most", "OK", records, known=True)
    yield case("an Ack carries the session", "OK", ref.format_envelope(envelope(2, 0, 1, 0, 0, b"")), known=True)
    yield case("an Introduce", "OK", ref.format_envelope(envelope(3, 0, 0, 0, 0, b"")), known=True)
    for kind in sorted(ref.CONTROL_KINDS):
        yield case(f"kind {kind} on the control stream", "OK", ref.format_envelope(envelope(kind, 1, 1, 1, 1, b"")), known=True)
    yield case("a Void on the data stream", "OK", ref.format_envelope(envelope(21, 2, 1, 1, 1, b"")), known=True)
    for kind, stream in ((16, 2), (32, 1), (1, 1), (0, 1), (255, 2), (23, 1)):
        name = f"kind {kind} on stream {stream} is for the dead-letter"
        yield case(name, "OK", ref.format_envelope(envelope(kind, stream, 1, 1, 1, b"")), known=False)
    for kind in (0, 4, 16, 32, 255):
        yield case(f"kind {kind} on the session stream", "UNKNOWN_KIND", ref.format_envelope(envelope(kind, 0, 0, 0, 0, b"")))
    for at, what in [(0, "magic"), (3, "magic's end"), (4, "version"), (7, "first zero byte"), (28, "reserved bytes"), (31, "reserved bytes' end")]:
        wrong = records[:at] + bytes([records[at] ^ 1]) + records[at + 1 :]
        yield case(f"a bit changed in the {what}", "MALFORMED", wrong)
    yield case("stream 3", "MALFORMED", records[:6] + b"\3" + records[7:])
    yield case("35 bytes", "MALFORMED", hello[:35])
    yield case("nothing", "MALFORMED", b"")
    yield case("a body cut short", "MALFORMED", records[:-1])
    yield case("a byte after the body", "MALFORMED", records + b"\0")
    yield case("a length of nearly 2^32", "MALFORMED", records[:32] + b"\xff" * 4 + records[36:])
    for name, changes in [
        ("a Hello with a session", {"session": 1}),
        ("a Hello with a number", {"sequence": 1}),
        ("a Hello with an incarnation", {"incarnation": 1}),
        ("an Ack without a session", {"kind": 2}),
        ("a session kind with an incarnation, known or not", {"kind": 99, "incarnation": 1}),
    ]:
        yield case(name, "MALFORMED", ref.format_envelope({**GREETING, **changes}))
    for name in ("session", "incarnation", "sequence"):
        yield case(f"Records with {name} 0", "MALFORMED", ref.format_envelope({**NUMBERED, name: 0}))
    for size, status in ((65536, "OK"), (65537, "TOO_BIG")):
        zeros = size - ref.ENVELOPE_SIZE
        head = ref.format_envelope({**NUMBERED, "body": bytes(zeros)})[: ref.ENVELOPE_SIZE]
        meant, vector = case(f"{size} bytes", status, head)
        yield meant, {**vector, "zeros": zeros}

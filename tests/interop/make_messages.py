# SPDX-License-Identifier: Apache-2.0
"""Vectors of hashes and of messages; the samples that others are made of."""
import hansa_ref as ref
from wire_ref import LENGTH, encode, encode_one, tag, TABLES, VARINT, varint
from world import (
    ACME,
    BRIO,
    CEDAR,
    DAY,
    EVENT,
    EVENT_TYPE,
    GUEST,
    NOW,
    child_grant,
    fields_of,
    nonce,
    root_grant,
    secret,
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


SIGNED = {"body": b"any body", "signature": bytes(range(64))}
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
HANDLES = sorted(nonce(f"handle {i}") for i in range(64))
VERDICT = {
    "author": ACME.node,
    "audience": BRIO.node,
    "grant": GRANT_ID,
    "row": [
        {"record": min(EVENT, GUEST), "incarnation": 1, "number": 7, "taken": True, "reason": ""},
        {"record": max(EVENT, GUEST), "incarnation": 2, "number": 1, "taken": False, "reason": "OVER_QUOTA"},
    ],
    "judged_ms": NOW,
}
ASK = {
    "author": ACME.node,
    "audience": BRIO.node,
    "grant": GRANT_ID,
    "row": [
        {"record": min(EVENT, GUEST), "field": fields_of((4, 5), (4, 6))},
        {"record": max(EVENT, GUEST), "field": fields_of((4, 5), ("", 4, ref.base32(ACME.node), 1))},
    ],
    "note": "by Friday, please",
    "asked_ms": NOW,
}
PROPOSAL = {
    "author": BRIO.node,
    "audience": ACME.node,
    "grant": GRANT_ID,
    "record": GUEST,
    "seen": ref.B(b"a revision"),
    "field": [
        {"number": 6, "value": b"+49 40 1"},
        {"number": 7, "value": b""},
        {"number": 1, "space": ref.base32(ACME.node), "value": b"own"},
    ],
    "note": "she said so",
    "proposed_ms": NOW,
}
PROPOSAL_ANSWER = {
    "author": ACME.node,
    "audience": BRIO.node,
    "proposal": ref.B(encode("Proposal", PROPOSAL)),
    "accepted": True,
    "reason": "thanks",
    "answered_ms": NOW,
}
WITHDRAWAL = {
    "author": CEDAR.node,
    "audience": ACME.node,
    "owner": CEDAR.node,
    "grant": GRANT_ID,
    "row": [
        {"record": min(EVENT, GUEST), "incarnation": 1, "number": 7},
        {"record": max(EVENT, GUEST), "incarnation": 2, "number": 1},
    ],
    "reason": "CONSENT",
    "withdrawn_ms": NOW,
}
SEALED = {
    "author": CEDAR.node,
    "audience": ACME.node,
    "grant": LINK_ID,
    "epoch": 3,
    "incarnation": 2,
    "number": 300,
    "handle": HANDLES[:2],
    "gone": HANDLES[5:6],
    "key": bytes(range(80)),
    "nonce": bytes(range(24)),
    "box": ref.B(b"box"),
}
SEALED_BODY = {"header": SIGNED, "box": bytes(i & 255 for i in range(272))}
SEALED_RECEIPT = {
    "author": ACME.node,
    "audience": CEDAR.node,
    "grant": LINK_ID,
    "incarnation": 2,
    "have": 4,
    "seen": 9,
    "received_ms": NOW,
}
HEAD = {
    "author": ACME.node,
    "audience": bytes(32),
    "grant": GRANT_ID,
    "number": 7,
    "revoked": sorted([LINK_ID, ref.B(b"another")]),
    "issued_ms": NOW,
    "expires_ms": NOW + 86400000,
}
LIGHT_OFFER = {
    "author": ACME.node,
    "audience": BRIO.node,
    "grant": GRANT_ID,
    "event": EVENT,
    "column": [{"type": 4, "number": 2}, {"type": 4, "number": 5}],
    "offered_ms": NOW,
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

RECEIPT = {
    "author": BRIO.node,
    "audience": ACME.node,
    "owner": ACME.node,
    "grant": GRANT_ID,
    "state": 4,
    "record": [bytes(31) + b"\1", bytes(31) + b"\2"],
    "count": 2,
    "reason": "LEGAL_HOLD",
    "basis": "tax law",
    "at_ms": NOW,
}

SCOPES = {
    "incarnation": 2,
    "have": 300,
    "answer": True,
    "scope": [{"grant": GRANT_ID, "count": 2, "sum": bytes(range(32))}, {"grant": bytes(32), "count": 0, "sum": bytes(32)}],
}
SCOPE_IDS = {
    "grant": GRANT_ID,
    "incarnation": 1,
    "have": 7,
    "answer": True,
    "range": [
        {"depth": 1, "prefix": 5, "part": [{"count": i, "sum": bytes([i]) * 32} for i in range(16)], "entry": []},
        {
            "depth": 2,
            "prefix": 0xAC,
            "listed": True,
            "part": [],
            "entry": [{"record": b"\xac" + bytes(30) + bytes([i]), "incarnation": 1, "number": i + 1} for i in range(2)],
        },
        {"depth": 12, "prefix": 2**48 - 1, "split": True, "part": [], "entry": []},
    ],
}

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
    "Verdict": VERDICT,
    "Ask": ASK,
    "Proposal": PROPOSAL,
    "ProposalAnswer": PROPOSAL_ANSWER,
    "Withdrawal": WITHDRAWAL,
    "Sealed": SEALED,
    "SealedBody": SEALED_BODY,
    "SealedReceipt": SEALED_RECEIPT,
    "Receipt": RECEIPT,
    "Head": HEAD,
    "LightOffer": LIGHT_OFFER,
    "Revision": revision(),
    "Records": RECORDS,
    "OfferBody": OFFER_BODY,
    "PassOnBody": PASSON_BODY,
    "RevocationBody": {"revocation": SIGNED},
    "SignedBody": {"object": SIGNED},
    "Hello": HELLO,
    "Ack": {"stream": STREAMS},
    "Scopes": SCOPES,
    "ScopeIds": SCOPE_IDS,
    "Introduce": INTRODUCE,
}


# ---- hashes ----------------------------------------------------------------------------------------


def hash_vectors():
    yield "OK", {"name": "the plain hash of nothing", "kind": "digest", "data": b""}
    yield "OK", {"name": "the plain hash of abc", "kind": "digest", "data": b"abc"}
    yield "OK", {
        "name": "a tag goes before the data with its length",
        "kind": "digest",
        "tag": "hansa/1/pad",
        "data": b"abc",
    }
    yield "OK", {"name": "an empty tag still has its length", "kind": "digest", "tag": "", "data": b"abc"}
    yield "OK", {
        "name": "more than one block of BLAKE2b",
        "kind": "digest",
        "tag": "hansa/1/commitments",
        "data": bytes(range(256)) * 2,
    }
    record = {"kind": "record_id", "type": EVENT_TYPE, "owner": ACME.node, "nonce": nonce("event")}
    yield "OK", {"name": "the id of a record of a common type", **record, "space": ""}
    yield "OK", {
        "name": "the same number in a company's own name space is another record",
        **record,
        "space": ref.base32(ACME.node),
    }
    yield "OK", {"name": "another owner, another record", **record, "space": "", "owner": BRIO.node}
    yield "OK", {"name": "the highest type number", **record, "space": "", "type": 2**32 - 1}
    for name, changes in [
        ("a first revision has its id and its record's id", {}),
        (
            "a second revision names the first",
            {"number": 2, "previous": ref.B(encode("Revision", revision()))},
        ),
        ("a revision of a company's own type", {"type_space": ref.base32(ACME.node), "type": 9}),
        ("a tombstone", {"number": 3, "tombstone": True}),
        ("a later incarnation at the highest number", {"incarnation": 2**32 - 1, "number": 2**63 - 1}),
    ]:
        yield "OK", {"name": name, "kind": "revision", "bytes": encode("Revision", revision(**changes))}
    yield "OK", {
        "name": "salts of eight commitments come from two blocks",
        "kind": "salts",
        "secret": secret("salts"),
        "count": 8,
    }
    yield "OK", {
        "name": "salts of one hundred and twenty-eight commitments",
        "kind": "salts",
        "secret": secret("salts"),
        "count": 128,
    }
    for name, text in [
        ("the id of an empty profile", ""),
        ("the id of a profile with one type", "type  3 event\nfield  3 email email i personal\n"),
    ]:
        yield "OK", {"name": name, "kind": "profile", "text": text}


# ---- messages ----------------------------------------------------------------------------------------


def message(name, status, message_name, raw):
    return status, {
        "name": f"{message_name}: {name}",
        "kind": "message",
        "message": message_name,
        "bytes": raw,
    }


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
        yield message(
            "with a field nobody knows",
            "MALFORMED",
            name,
            encode(name, SAMPLES[name]) + tag(99, VARINT) + b"\1",
        )
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
    yield message(
        "a number with a needless zero byte",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", depth + b"\x83\x00"),
    )
    yield message(
        "a tag with a needless zero byte",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", bytes([depth[0] | 128, 0, 3])),
    )
    yield message(
        "a length with a needless zero byte",
        "MALFORMED",
        "Grant",
        replaced("Grant", "nonce", tag(17, LENGTH) + b"\x90\x00" + bytes(16)),
    )
    yield message(
        "a 32-bit number of 33 bits",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", depth + varint(2**32)),
    )
    yield message(
        "a counter of 2^63", "MALFORMED", "Void", replaced("Void", "last", tag(6, VARINT) + varint(2**63))
    )
    session = tag(3, VARINT)
    yield message(
        "a session of ten bytes at its most",
        "OK",
        "Hello",
        replaced("Hello", "session", session + b"\xff" * 9 + b"\1"),
    )
    yield message(
        "a session of 65 bits",
        "MALFORMED",
        "Hello",
        replaced("Hello", "session", session + b"\xff" * 9 + b"\2"),
    )
    yield message(
        "a session of eleven bytes",
        "MALFORMED",
        "Hello",
        replaced("Hello", "session", session + b"\xff" * 10 + b"\1"),
    )
    yield message(
        "a yes that is 2", "MALFORMED", "Grant", replaced("Grant", "receipt", tag(16, VARINT) + b"\2")
    )
    yield message(
        "a number where bytes should be",
        "MALFORMED",
        "Grant",
        replaced("Grant", "nonce", tag(17, VARINT) + b"\1"),
    )
    yield message(
        "bytes where a number should be",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", tag(10, LENGTH) + b"\1\3"),
    )
    yield message(
        "a fixed 32-bit number where a varint should be",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", tag(10, 5) + b"\3\0\0\0"),
    )
    yield message(
        "a group where a number should be",
        "MALFORMED",
        "Grant",
        replaced("Grant", "depth", tag(10, 3) + tag(10, 4)),
    )
    yield message("field number 0", "MALFORMED", "Ack", b"\0\0")
    yield message("a length beyond the end", "MALFORMED", "Signed", tag(1, LENGTH) + b"\x7f" + b"x")
    yield message("a length of nearly 2^64", "MALFORMED", "Signed", tag(1, LENGTH) + b"\xff" * 9 + b"\1")


def order_vectors():
    depth = one("Grant", "depth", 3)
    yield message("a single field twice", "MALFORMED", "Grant", replaced("Grant", "depth", depth + depth))
    yield message(
        "two fields in the wrong order",
        "MALFORMED",
        "Void",
        one("Void", "audience", BRIO.node) + one("Void", "author", ACME.node) + encode("Void", VOID)[68:],
    )
    split = one("Grant", "purpose", ["event"][0]), one("Grant", "purpose", "follow-up")
    raw = replaced("Grant", "purpose", split[0])
    yield message("a repeated field torn apart", "MALFORMED", "Grant", raw + split[1])
    inner = one("SignedBody", "object", SIGNED)
    yield message("one object in two halves", "MALFORMED", "SignedBody", inner + inner)


def size_vectors():
    for length in (31, 33):
        yield message(
            f"an id of {length} bytes",
            "MALFORMED",
            "Grant",
            replaced("Grant", "owner", one("Grant", "owner", bytes(length))),
        )
        yield changed(f"a parent of {length} bytes", "MALFORMED", "Grant", parent=bytes(length))
    for length, status in ((63, "MALFORMED"), (65, "MALFORMED")):
        yield changed(f"a signature of {length} bytes", status, "Signed", signature=bytes(length))
    for length, status in ((256, "OK"), (257, "MALFORMED")):
        yield changed(f"a title of {length} bytes", status, "Offer", title="x" * length)
        yield changed(f"a purpose of {length} bytes", status, "Grant", purpose=["x" * length])
        yield changed(
            f"{length} record ids",
            status,
            "Grant",
            tree=None,
            record=[bytes(30) + bytes([i >> 8, i & 255]) for i in range(length)],
        )
        yield changed(
            f"{length} field entries", status, "Grant", field=fields_of(*((3, i) for i in range(length)))
        )
        yield changed(
            f"{length} declined records",
            status,
            "Answer",
            declined=[{"record": bytes(30) + bytes([i >> 8, i & 255]), "reason": ""} for i in range(length)],
        )
    for length, status in ((4096, "OK"), (4097, "MALFORMED")):
        yield changed(f"a reason of {length} bytes", status, "Revocation", reason="x" * length)
    for length, status in ((16384, "OK"), (16385, "MALFORMED")):
        yield changed(f"a body of {length} bytes", status, "Signed", body=bytes(length))
    for count, status in ((32, "OK"), (33, "MALFORMED")):
        yield changed(f"{count} purposes", status, "Grant", purpose=[f"p{i:02}" for i in range(count)])
        yield changed(
            f"{count} countries",
            status,
            "Grant",
            country=[f"A{chr(65 + i)}" if i < 26 else f"B{chr(39 + i)}" for i in range(count)],
        )
    for count, status in ((8, "OK"), (9, "MALFORMED")):
        yield changed(f"{count} endpoints", status, "Descriptor", endpoint=["tcp://a.example:1"] * count)
    for count, status in ((4, "OK"), (5, "MALFORMED")):
        yield changed(f"a chain of {count}", status, "OfferBody", link=[SIGNED] * count)
    yield changed("no chain", "OK", "OfferBody", link=[])
    for count, status in ((40, "OK"), (41, "MALFORMED")):
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
    fields = root_grant(
        tree=None, record=[bytes(30) + bytes([i >> 8, i & 255]) for i in range(256)], purpose=[]
    )
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
        yield records_changed(
            f"a run of {count}", status, run={"size": 1000, "first": 0, "item": [tiny] * count}
        )
    yield records_changed("a run of none", "MALFORMED", run={"item": []})
    yield changed("no run", "MALFORMED", "Records", run=[])
    for count, status in ((120, "OK"), (121, "MALFORMED")):
        fields = [{"number": i, "value": b"v", "salt": bytes(16)} for i in range(count)]
        yield records_changed(f"{count} fields", status, disclosure={"field": fields})
    for length, status in ((8192, "OK"), (8193, "MALFORMED")):
        yield records_changed(
            f"a value of {length} bytes", status, disclosure={"field": [{**field, "value": bytes(length)}]}
        )
    for count, status in ((128, "OK"), (129, "MALFORMED")):
        hashes = b"".join(bytes([i]) * 32 for i in range(count))
        yield records_changed(f"{count} hashes withheld", status, disclosure={"withheld": hashes})
    for count, status in ((16, "OK"), (17, "MALFORMED")):
        yield records_changed(f"a path of {count} hashes", status, run={"path": bytes(32 * count)})
    for last, status in ((0, "OK"), (1, "MALFORMED")):
        values = [bytes(8192)] * 3 + [bytes(8191), bytes(1 + last)]
        fields = [{"number": i, "value": v, "salt": bytes(16)} for i, v in enumerate(values)]
        yield records_changed(
            f"values of {sum(map(len, values))} bytes", status, disclosure={"field": fields}
        )
    yield records_changed(
        "withheld out of order", "MALFORMED", disclosure={"withheld": bytes([1] * 32) + bytes(32)}
    )
    yield records_changed("withheld is not whole hashes", "MALFORMED", disclosure={"withheld": bytes(33)})
    yield records_changed("a path of half a hash", "MALFORMED", run={"path": bytes(16)})
    yield records_changed(
        "a salt of 15 bytes", "MALFORMED", disclosure={"field": [{**field, "salt": bytes(15)}]}
    )
    yield records_changed("a secret of 31 bytes", "MALFORMED", disclosure={"secret": bytes(31)})
    yield records_changed(
        "fields out of order", "MALFORMED", disclosure={"field": [{**field, "number": 2}, field]}
    )
    yield records_changed("a field twice", "MALFORMED", disclosure={"field": [field, field]})
    yield records_changed(
        "an own field before a common one",
        "MALFORMED",
        disclosure={"field": [{**field, "space": "a"}, field]},
    )
    yield records_changed(
        "a name space of 64 bytes", "OK", disclosure={"field": [{**field, "space": "a" * 64}]}
    )
    yield records_changed(
        "a name space of 65 bytes", "MALFORMED", disclosure={"field": [{**field, "space": "a" * 65}]}
    )
    yield records_changed(
        "a name space that is there but empty", "MALFORMED", disclosure={"field": [{**field, "space": ""}]}
    )
    yield records_changed("a withheld that is there but empty", "MALFORMED", disclosure={"withheld": b""})
    yield records_changed("a path that is there but empty", "MALFORMED", run={"path": b""})
    yield records_changed("a batch of none", "MALFORMED", run={"size": 0})
    yield records_changed("a batch of 65,536", "OK", run={"size": 65536})
    yield records_changed("a batch of 65,537", "MALFORMED", run={"size": 65537})


def text_vectors():
    def title(name, status, raw):
        return message(
            name, status, "Offer", replaced("Offer", "title", tag(5, LENGTH) + varint(len(raw)) + raw)
        )

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
    for kind in range(1, 5):
        yield changed(f"kind {kind}", "OK", "Offer", kind=kind)
    yield changed("kind 5", "MALFORMED", "Offer", kind=5)
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
    yield changed("stolen keys before it", "OK", "Descriptor", serial=2, previous=EVENT, refused_below=2)
    yield changed("stolen keys before the first", "MALFORMED", "Descriptor", serial=2, previous=EVENT, refused_below=1)
    yield changed("its own keys stolen", "MALFORMED", "Descriptor", serial=2, previous=EVENT, refused_below=3)
    yield changed("for somebody only", "MALFORMED", "Descriptor", audience=BRIO.node)
    yield changed("no name", "MALFORMED", "Descriptor", name="")
    yield changed("valid for no time", "MALFORMED", "Descriptor", not_after_ms=NOW - 30 * DAY)


def message_vectors():
    for part in (
        sample_vectors,
        missing_vectors,
        varint_vectors,
        order_vectors,
        size_vectors,
        records_vectors,
        text_vectors,
        rule_vectors,
    ):
        yield from part()

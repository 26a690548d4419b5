# SPDX-License-Identifier: Apache-2.0
"""Vectors of signatures, descriptors, field values and envelopes."""
import ed25519
import hansa_ref as ref
from make_grants import KEYS
from make_messages import HELLO, RECORDS, SAMPLES
from wire_ref import encode
from world import ACME, BRIO, CEDAR, DELTA, EVENT, FIRMS, NOW, STRANGER, ZERO, seal

# ---- signatures ---------------------------------------------------------------------------------------

BODIES = {
    **{kind: encode(name, SAMPLES[name]) for kind, name in ref.MESSAGE_OF.items()},
    "batch": ref.batch_body(ACME.node, 64, ref.B(b"root")),
}


def seed_of(kind):
    return ACME.root_seed if kind == "descriptor" else ACME.sign_seed


def signature(name, status, kind, key, body, raw):
    return status, {
        "name": name,
        "kind": "signature",
        "type": kind,
        "key": key,
        "body": body,
        "signature": raw,
    }


def forged(r, s):
    return r + (s % 2**256).to_bytes(32, "little")


def strict_vectors():
    body, key = BODIES["grant"], ACME.key
    good = ref.sign("grant", ACME.sign_seed, body)
    s = int.from_bytes(good[32:], "little")
    yield signature(
        "S may not be written with L added",
        "BAD_SIGNATURE",
        "grant",
        key,
        body,
        forged(good[:32], s + ed25519.L),
    )
    identity = ed25519.encode(ed25519.IDENTITY)
    minus_one = (ed25519.P - 1).to_bytes(32, "little")
    yield signature(
        "a key of order 1 signs nothing", "BAD_SIGNATURE", "grant", identity, body, forged(identity, 0)
    )
    yield signature(
        "a key of order 2 signs nothing", "BAD_SIGNATURE", "grant", minus_one, body, forged(identity, 0)
    )
    yield signature(
        "R of order 1 with S of 0 is no signature", "BAD_SIGNATURE", "grant", key, body, forged(identity, 0)
    )
    small_r = (
        ed25519.challenge(identity, key, ref.signed_bytes("grant", body))
        * ed25519.secret_scalar(ACME.sign_seed)[0]
    )
    yield signature(
        "R of order 1 that solves the equation is no signature",
        "BAD_SIGNATURE",
        "grant",
        key,
        body,
        forged(identity, small_r % ed25519.L),
    )
    yield signature(
        "a key with y of p is not an encoding",
        "BAD_SIGNATURE",
        "grant",
        ed25519.P.to_bytes(32, "little"),
        body,
        good,
    )
    yield signature(
        "a key with y of p + 1 is not an encoding",
        "BAD_SIGNATURE",
        "grant",
        (ed25519.P + 1).to_bytes(32, "little"),
        body,
        good,
    )
    yield signature(
        "a key that is no point of the curve",
        "BAD_SIGNATURE",
        "grant",
        (2).to_bytes(32, "little"),
        body,
        good,
    )
    yield signature(
        "a key with a part of order 2, where the equation holds only with the cofactor",
        "BAD_SIGNATURE",
        "grant",
        *mixed_order(body, 1),
    )
    yield signature(
        "a key with a part of order 2, where the equation holds without the cofactor",
        "OK",
        "grant",
        *mixed_order(body, 0),
    )


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
        yield signature(
            f"{kind}: its signature is none of another type", "BAD_SIGNATURE", wrong, key, body, good
        )
        yield signature(
            f"{kind}: one bit of the body changed",
            "BAD_SIGNATURE",
            kind,
            key,
            body[:-1] + bytes([body[-1] ^ 1]),
            good,
        )
        yield signature(
            f"{kind}: one bit of R changed", "BAD_SIGNATURE", kind, key, body, bytes([good[0] ^ 1]) + good[1:]
        )
        yield signature(
            f"{kind}: one bit of S changed",
            "BAD_SIGNATURE",
            kind,
            key,
            body,
            good[:32] + bytes([good[32] ^ 1]) + good[33:],
        )
        yield signature(f"{kind}: under another company's key", "BAD_SIGNATURE", kind, BRIO.key, body, good)
    yield signature(
        "a signature without the type in front is none",
        "BAD_SIGNATURE",
        "grant",
        ACME.key,
        BODIES["grant"],
        ed25519.sign(ACME.sign_seed, BODIES["grant"]),
    )
    yield from strict_vectors()
    yield "OK", {
        "name": "what a batch signature covers",
        "kind": "batch",
        "owner": ACME.node,
        "size": 65536,
        "root": ref.B(b"root"),
    }
    for kind in ref.MESSAGE_OF:
        if kind != "descriptor":
            raw = seal(kind, ACME.sign_seed, BODIES[kind])
            yield "OK", {
                "name": f"{kind}: signed, opened and read",
                "kind": "object",
                "type": kind,
                "key": ACME.key,
                "signed": raw,
            }
    late = seal("void", ACME.sign_seed, BODIES["void"] + b"\0")
    yield "MALFORMED", {
        "name": "a good signature over a body that does not parse",
        "kind": "object",
        "type": "void",
        "key": ACME.key,
        "signed": late,
    }


FIRM_OF = {f.node: f for f in FIRMS}


def addressed_vectors():
    """Objects with author and audience as they arrive at the audience, and at others."""
    for kind, name in ref.MESSAGE_OF.items():
        if kind in ("descriptor", "grant", "head"):
            continue
        author, audience = (FIRM_OF[SAMPLES[name][side]] for side in ("author", "audience"))
        good = seal(kind, author.sign_seed, BODIES[kind])
        asked = {"kind": "addressed", "type": kind, "signed": good, "me": audience.node, "companies": KEYS}
        elsewhere = "OK" if kind == "revocation" else "WRONG_AUDIENCE"
        strangers = [k for k in KEYS if k["node"] != author.node]
        short = seal(kind, author.sign_seed, BODIES[kind][:-1])
        other = seal("offer" if kind != "offer" else "answer", author.sign_seed, BODIES[kind])
        forged = seal(kind, audience.sign_seed, BODIES[kind])
        for what, status, changes in [
            ("arrives at its audience", "OK", {}),
            ("arrives at somebody else", elsewhere, {"me": DELTA.node}),
            ("arrives at its own author", elsewhere, {"me": author.node}),
            ("of an author without a descriptor", "UNKNOWN_KEY", {"companies": strangers}),
            ("signed by its audience", "BAD_SIGNATURE", {"signed": forged}),
            ("with the signature of another type", "BAD_SIGNATURE", {"signed": other}),
            ("cut short and signed so", "MALFORMED", {"signed": short}),
        ]:
            yield status, {"name": f"{name}: {what}", **asked, **changes}


def descriptor_vectors():
    def descriptor(name, status, raw, now=NOW):
        return status, {"name": name, "kind": "descriptor", "signed": raw, "now": str(now)}

    body = encode("Descriptor", ACME.descriptor())
    yield descriptor("a descriptor under its own root key", "OK", ACME.signed_descriptor())
    yield descriptor(
        "a later descriptor names the one before",
        "OK",
        ACME.signed_descriptor(serial=2, previous=ref.B(body)),
    )
    yield descriptor(
        "a descriptor signed by the signing key", "BAD_SIGNATURE", seal("descriptor", ACME.sign_seed, body)
    )
    yield descriptor(
        "a descriptor with another company's root key",
        "BAD_SIGNATURE",
        seal("descriptor", ACME.root_seed, encode("Descriptor", STRANGER.descriptor())),
    )
    yield descriptor("a descriptor without a name", "MALFORMED", ACME.signed_descriptor(name=""))
    start, end = ACME.descriptor()["not_before_ms"], ACME.descriptor()["not_after_ms"]
    for name, status, now in [
        ("five minutes before its beginning", "OK", start - 300_000),
        ("a millisecond more before its beginning", "NOT_YET", start - 300_001),
        ("a millisecond less than five minutes after its end", "OK", end + 299_999),
        ("five minutes after its end", "EXPIRED", end + 300_000),
    ]:
        yield descriptor(f"a descriptor {name}", status, ACME.signed_descriptor(), now)
    yield descriptor(
        "a company of many places",
        "OK",
        CEDAR.signed_descriptor(endpoint=[f"tcp://c{i}.example:7700" for i in range(8)]),
    )
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
    "money": (
        [number(-5) + b"EUR", number(123456) + b"CNY"],
        [number(1), number(1) + b"EU", number(1) + b"eur", number(1) + b"EURO"],
    ),
    "date": (
        [b"2027-02-28", b"2028-02-29"],
        [
            b"2027-02-29",
            b"2027-13-01",
            b"2027-1-01",
            b"20270101",
            b"2027010101",
            b"0000-01-01",
            b"2100-02-29",
            b"2027-04-31",
            b"",
        ],
    ),
    "datetime": (
        [number(NOW), number(NOW) + b"Asia/Shanghai", number(-1)],
        [
            b"",
            bytes(7),
            number(NOW) + b"\xff",
            number(NOW) + b"Asia/Shanghai\0",
            number(NOW) + b"a b",
            number(NOW) + b"a" * 65,
        ],
    ),
    "reference": ([EVENT, ZERO], [b"", bytes(31), bytes(33)]),
    "consent": (
        [b"basis=consent", b"basis=consent\npurpose=event"],
        [b"", b"basis", b"purpose=event\nbasis=consent", b"basis=a\nbasis=b", b"=a", b"a=b\n"],
    ),
    "address": (
        [b"\n\n1 High St\nLeeds\n\nLS1\nUK", b"\n\n\n\n\n\nCN"],
        [b"", b"1 High St", b"\n\n\n\n\n\n\n", b"\n\n\n\n\n\ne\xcc\x81"],
    ),
    "bytes": ([b"", b"\xff\0"], []),
}


def value_vectors():
    for kind, (good, bad) in VALUES.items():
        for status, values in (("OK", good), ("MALFORMED", bad)):
            for value in values:
                word = "is" if status == "OK" else "is not"
                shown = ascii(value)[1:] if value else "nothing"
                yield status, {
                    "name": f"{shown} {word} of kind {kind}",
                    "kind": "value",
                    "of": kind,
                    "value": value,
                }


# ---- envelopes ----------------------------------------------------------------------------------------


def envelope(kind, stream, session, incarnation, sequence, body):
    return {
        "kind": kind,
        "stream": stream,
        "session": session,
        "incarnation": incarnation,
        "sequence": sequence,
        "body": body,
    }


GREETING = envelope(1, 0, 0, 0, 0, encode("Hello", HELLO))
NUMBERED = envelope(32, 2, 2**64 - 1, 2**32 - 1, 2**64 - 1, encode("Records", RECORDS))


def envelope_vectors():
    def case(name, status, raw, **outputs):
        return {"status": status, **outputs}, {"name": name, "kind": "envelope", "bytes": raw}

    hello, records = ref.format_envelope(GREETING), ref.format_envelope(NUMBERED)
    yield case("an envelope with a Hello", "OK", hello, known=True)
    yield case("an envelope with Records, every number at its most", "OK", records, known=True)
    yield case(
        "an Ack carries the session", "OK", ref.format_envelope(envelope(2, 0, 1, 0, 0, b"")), known=True
    )
    yield case("an Introduce", "OK", ref.format_envelope(envelope(3, 0, 0, 0, 0, b"")), known=True)
    for kind in sorted(ref.CONTROL_KINDS):
        yield case(
            f"kind {kind} on the control stream",
            "OK",
            ref.format_envelope(envelope(kind, 1, 1, 1, 1, b"")),
            known=True,
        )
    yield case(
        "what is sealed, on the data stream",
        "OK",
        ref.format_envelope(envelope(33, 2, 1, 1, 1, b"")),
        known=True,
    )
    yield case(
        "the receiver's own revisions, on the data stream",
        "OK",
        ref.format_envelope(envelope(34, 2, 1, 1, 1, b"")),
        known=True,
    )
    yield case(
        "a Void on the data stream", "OK", ref.format_envelope(envelope(21, 2, 1, 1, 1, b"")), known=True
    )
    strays = ((16, 2), (23, 2), (27, 2), (32, 1), (33, 1), (1, 1), (0, 1), (31, 2), (34, 1), (35, 2), (255, 2))
    for kind, stream in strays:
        name = f"kind {kind} on stream {stream} is for the dead-letter"
        yield case(name, "OK", ref.format_envelope(envelope(kind, stream, 1, 1, 1, b"")), known=False)
    for kind in (0, 6, 16, 32, 255):
        yield case(
            f"kind {kind} on the session stream",
            "UNKNOWN_KIND",
            ref.format_envelope(envelope(kind, 0, 0, 0, 0, b"")),
        )
    for at, what in [
        (0, "magic"),
        (3, "magic's end"),
        (4, "version"),
        (7, "first zero byte"),
        (28, "reserved bytes"),
        (31, "reserved bytes' end"),
    ]:
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

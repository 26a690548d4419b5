# SPDX-License-Identifier: Apache-2.0
"""Vectors of the sealed way: opening a box, unwrapping a content key. Cedar seals for Acme."""
import hansa_ref as ref
import sealing
from make_messages import ANSWER, HANDLES, LINK_ID, RECORDS
from wire_ref import encode
from world import ACME, BRIO, CEDAR, nonce, secret

CONTENT_KEY = secret("content key")
SEALING_SECRET = secret("Acme sealing secret")
EPHEMERAL = secret("ephemeral")
WRAPPED = sealing.seal_box(CONTENT_KEY, sealing.public_key(SEALING_SECRET), EPHEMERAL)
NONCE = secret("seal nonce")[:24]
HEADER = {
    "author": CEDAR.node,
    "audience": ACME.node,
    "grant": LINK_ID,
    "epoch": 1,
    "incarnation": 1,
    "number": 1,
    "handle": HANDLES[:2],
    "gone": HANDLES[5:6],
    "key": WRAPPED,
    "nonce": NONCE,
}
INNER_ANSWER, INNER_RECORDS = 17, 32


def close(plain, **changes):
    header = {**HEADER, **changes}
    return ref.seal_close(CONTENT_KEY, header, plain)


def seal(name, meant, closed, under=CONTENT_KEY, **changes):
    """closed: (header, box); changes come to the header afterwards."""
    header, box = closed
    return meant, {
        "name": name,
        "kind": "seal",
        "key": under,
        "header": encode("Sealed", {**header, **changes}),
        "box": box,
    }


def opened(kind, body):
    return {"status": "OK", "inner": kind, "body": body.hex()}


def good_seal_vectors():
    answer, records = encode("SignedBody", {"object": answer_of(CEDAR, ACME)}), encode("Records", RECORDS)
    for name, kind, body, changes in [
        ("an answer", INNER_ANSWER, answer, {}),
        ("records", INNER_RECORDS, records, {}),
        ("nothing", 0, b"", {}),
        ("a body of 251 bytes needs no padding", 255, bytes(range(251)), {}),
        ("a body of 252 bytes needs 255 bytes of padding", 255, bytes(range(252)), {}),
        ("a body of zeros", INNER_RECORDS, bytes(300), {}),
        ("a body of 4091 bytes", INNER_RECORDS, bytes(i & 255 for i in range(4091)), {}),
        ("no handles", INNER_RECORDS, records, {"handle": [], "gone": []}),
        ("all handles", INNER_RECORDS, records, {"handle": HANDLES, "gone": HANDLES}),
        ("every number at its most", INNER_RECORDS, records, {"epoch": 2**32 - 1, "incarnation": 2**32 - 1, "number": 2**63 - 1}),
    ]:
        yield seal(f"sealed: {name}", opened(kind, body), close(ref.seal_plain(kind, body), **changes))


def answer_of(author, audience):
    body = encode("Answer", {**ANSWER, "author": author.node, "audience": audience.node, "declined": []})
    return {"body": body, "signature": ref.sign("answer", author.sign_seed, body)}


def tampered_vectors():
    """Nothing that a carrier could change is believed."""
    plain = ref.seal_plain(INNER_ANSWER, b"body")
    closed = header, box = close(plain)
    yield seal("another content key", "BAD_SIGNATURE", closed, under=secret("another"))
    for name, changes in [
        ("author", {"author": BRIO.node}),
        ("audience", {"audience": BRIO.node}),
        ("grant", {"grant": ref.B(b"another")}),
        ("epoch", {"epoch": 2}),
        ("incarnation", {"incarnation": 2}),
        ("number", {"number": 2}),
        ("nonce", {"nonce": nonce("another") + bytes(8)}),
        ("digest of the box", {"box": ref.B(b"another")}),
    ]:
        yield seal(f"another {name} in the header", "BAD_SIGNATURE", closed, **changes)
    one, two, three = HANDLES[0], HANDLES[1], HANDLES[5]
    for name, changes in [
        ("a handle more", {"handle": [one, two, HANDLES[2]]}),
        ("a handle less", {"handle": [one]}),
        ("another handle", {"handle": [one, HANDLES[2]]}),
        ("no handle gone", {"gone": []}),
        ("a handle gone more", {"gone": [HANDLES[4], three]}),
        ("a handle that is there moved to those gone", {"handle": [one], "gone": [two, three]}),
        ("a handle gone moved to those there", {"handle": [one, two, three], "gone": []}),
    ]:
        yield seal(f"{name} in the header", "BAD_SIGNATURE", closed, **changes)
    yield seal("another wrapped key is the signature's matter", "OK", closed, key=bytes(80))
    for name, at in [("first byte", 0), ("last byte before the tag", -17), ("tag", -16), ("tag's end", -1)]:
        wrong = bytearray(box)
        wrong[at] ^= 1
        named = {**header, "box": ref.B(bytes(wrong))}
        yield seal(f"a bit changed in the {name}", "BAD_SIGNATURE", (named, bytes(wrong)))
        yield seal(f"a bit changed in the {name}, the header left", "BAD_SIGNATURE", (header, bytes(wrong)))
    for name, wrong in [
        ("cut short by one byte", box[:-1]),
        ("without its tag", box[:-16]),
        ("with a byte more", box + b"\0"),
        ("of nothing", b""),
        ("in front of another", box + box),
    ]:
        yield seal(f"a box {name}", "BAD_SIGNATURE", ({**header, "box": ref.B(wrong)}, wrong))


def malformed_seal_vectors():
    """The author itself packed wrongly."""

    def filled(raw):
        return raw + bytes(-len(raw) % 256)

    head = bytes([INNER_ANSWER])
    for name, plain in [
        ("a length beyond the end", filled(head + ref.u32(252) + b"x" * 251)),
        ("a length of nearly 2^32", filled(head + ref.u32(2**32 - 1) + b"x")),
        ("a padding that is not zero at its beginning", filled(head + ref.u32(1) + b"xy")),
        ("a padding that is not zero at its end", filled(head + ref.u32(1) + b"x")[:-1] + b"\1"),
        ("a padding of 256 bytes", filled(head + ref.u32(251) + b"x" * 251) + bytes(256)),
        ("a padding of a whole box", bytes(512)),
    ]:
        yield seal(name, "MALFORMED", close(plain))
    closed = close(ref.seal_plain(INNER_ANSWER, b"body"))
    yield seal("a header whose handles are out of order", "MALFORMED", closed, handle=HANDLES[1::-1])
    yield seal("a header of epoch 0", "MALFORMED", closed, epoch=0)
    yield seal("a header of incarnation 0", "MALFORMED", closed, incarnation=0)


def seal_vectors():
    yield from good_seal_vectors()
    yield from tampered_vectors()
    yield from malformed_seal_vectors()
    yield from unwrap_vectors()


# ---- wrapped keys ------------------------------------------------------------------------------------


def high_bit_box():
    """An ephemeral key whose highest bit is set: X25519 does not read it, the nonce does."""
    ephemeral_secret, public = EPHEMERAL, sealing.public_key(SEALING_SECRET)
    ephemeral = bytearray(sealing.public_key(ephemeral_secret))
    ephemeral[31] |= 128
    key = sealing.box_key(ephemeral_secret, public)
    stream = sealing.secretbox_stream(key, sealing.box_nonce(bytes(ephemeral), public), 64)
    box = sealing.xor(CONTENT_KEY, stream[32:])
    return bytes(ephemeral) + sealing.poly1305(stream[:32], box) + box


def forged_box(ephemeral):
    """What one could make who thinks that the shared secret is zero."""
    public = sealing.public_key(SEALING_SECRET)
    key = sealing.hsalsa(bytes(32), bytes(16))
    stream = sealing.secretbox_stream(key, sealing.box_nonce(ephemeral, public), 64)
    box = sealing.xor(CONTENT_KEY, stream[32:])
    return ephemeral + sealing.poly1305(stream[:32], box) + box


def unwrap_vectors():
    def unwrap(name, meant, wrapped, secret_key=SEALING_SECRET):
        inputs = {"kind": "unwrap", "secret": secret_key, "wrapped": wrapped}
        return meant, {"name": f"a wrapped key {name}", **inputs}

    yield unwrap("for us", {"status": "OK", "key": CONTENT_KEY.hex()}, WRAPPED)
    other = sealing.seal_box(bytes(32), sealing.public_key(bytes(32)), bytes([255]) * 32)
    yield unwrap("for a secret of zeros", {"status": "OK", "key": bytes(32).hex()}, other, bytes(32))
    ours = {"status": "OK", "key": CONTENT_KEY.hex()}
    yield unwrap("with the highest bit of its ephemeral key set", ours, high_bit_box())
    yield unwrap("for somebody else", "BAD_SIGNATURE", WRAPPED, secret("Brio sealing secret"))
    for name, at in [("ephemeral key", 0), ("tag", 32), ("tag's end", 47), ("box", 48), ("box's end", 79)]:
        wrong = bytearray(WRAPPED)
        wrong[at] ^= 1
        yield unwrap(f"with a bit changed in its {name}", "BAD_SIGNATURE", bytes(wrong))
    small = [("0", 0), ("1", 1), ("p - 1", sealing.P - 1), ("p", sealing.P), ("p + 1", sealing.P + 1)]
    for name, u in small:
        yield unwrap(f"under the small point u = {name}", "BAD_SIGNATURE", forged_box(u.to_bytes(32, "little")))
    for size in (0, 48, 79, 81):
        yield unwrap(f"of {size} bytes", "MALFORMED", (WRAPPED + bytes(1))[:size])

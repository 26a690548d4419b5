# SPDX-License-Identifier: Apache-2.0
"""Vectors of commitments, batches, records under a chain and first contact."""
import hansa_ref as ref
from make_grants import KEYS
from wire_ref import encode
from world import (
    ACME,
    BRIO,
    CEDAR,
    DAY,
    DELTA,
    EVENT,
    EVENT_TYPE,
    NOW,
    OTHER,
    STRANGER,
    ZERO,
    fields_of,
    make_chain,
    nonce,
    sealed,
    secret,
)

# ---- commitments --------------------------------------------------------------------------------------


def some_fields(count):
    """count fields; the last third of them in a company's own name space."""
    own = ref.base32(BRIO.node)
    common = [{"number": i + 1, "value": f"value {i}".encode()} for i in range(count - count // 3)]
    return common + [{"number": i + 1, "space": own, "value": bytes([i]) * i} for i in range(count // 3)]


SECRET = secret("revision")


def full(count):
    fields = some_fields(count)
    return {"secret": SECRET, "field": fields}, ref.commitment_root(SECRET, fields)


def disclosure(name, status, shown, root):
    return status, {"name": name, "kind": "disclosure", "root": root, **shown}


def good_commitment_vectors():
    for count in (0, 1, 7, 8, 9, 16, 119, 120):
        shown, root = full(count)
        some = ref.narrow(shown, [i % 2 == 0 for i in range(count)])
        none = ref.narrow(shown, [False] * count)
        yield "OK", {
            "name": f"the root over {count} fields",
            "kind": "commitments",
            "secret": SECRET,
            "field": shown["field"],
        }
        yield disclosure(f"{count} fields shown in full", "OK", shown, root)
        if count > 0:
            yield disclosure(f"every second of {count} fields shown", "OK", some, root)
            yield disclosure(f"none of {count} fields shown", "OK", none, root)
        if count > 1:
            keep = [i == 0 for i in range(len(some["field"]))]
            yield disclosure(f"{count} fields narrowed twice", "OK", ref.narrow(some, keep), root)
    for count, keep in ((3, [True, False, True]), (9, [False] * 9), (3, [True] * 3)):
        shown, _ = full(count)
        yield "OK", {"name": f"narrow {count} fields to {sum(keep)}", "kind": "narrow", **shown, "keep": keep}
    some = ref.narrow(full(9)[0], [True] * 5 + [False] * 4)
    yield "OK", {
        "name": "narrow what was narrowed",
        "kind": "narrow",
        **some,
        "keep": [False, True, False, True, True],
    }


def with_field(shown, index, **changes):
    fields = [{**f, **changes} if i == index else f for i, f in enumerate(shown["field"])]
    return {**shown, "field": [{k: v for k, v in f.items() if v is not None} for f in fields]}


def bad_commitment_vectors():
    shown, root = full(9)
    some = ref.narrow(shown, [True] * 5 + [False] * 4)
    fields, withheld = some["field"], some["withheld"]
    for name, bad in [
        ("a forged value in a full disclosure", with_field(shown, 3, value=b"forged")),
        ("another secret", {**shown, "secret": secret("another")}),
        ("a field of a full disclosure left out", {**shown, "field": shown["field"][1:]}),
        ("a forged value", with_field(some, 3, value=b"forged")),
        ("an empty value", with_field(some, 3, value=b"")),
        ("another field number", with_field(some, 4, number=99)),
        ("another name space", with_field(some, 4, space="other")),
        (
            "two salts swapped",
            with_field(with_field(some, 0, salt=fields[1]["salt"]), 1, salt=fields[0]["salt"]),
        ),
        ("one withheld commitment replaced", {**some, "withheld": withheld[:-32] + bytes([255]) * 32}),
        (
            "eight commitments added",
            {**some, "withheld": b"".join(bytes([i]) * 32 for i in range(8)) + withheld},
        ),
    ]:
        yield disclosure(name, "BAD_SIGNATURE", bad, root)
    yield disclosure("somebody else's root", "BAD_SIGNATURE", some, ref.B(b"root"))
    swapped = withheld[32:64] + withheld[:32] + withheld[64:]
    for name, bad in [
        ("withheld out of order", {**some, "withheld": swapped}),
        ("a withheld commitment twice", {**some, "withheld": withheld[:32] + withheld}),
        ("a total of 15", {**some, "withheld": withheld[32:]}),
        ("a total of 17", {**some, "withheld": withheld + bytes([255]) * 32}),
        ("a total of 0", {"field": []}),
        ("a field left out and not withheld", {**some, "field": fields[1:]}),
        ("a shown field withheld too", {**some, "withheld": doubled(some)}),
        ("a field without its salt", with_field(some, 2, salt=None)),
        ("fields out of order", {**some, "field": fields[::-1]}),
        ("a field twice", {**some, "field": fields[:1] + fields}),
        ("a salt beside the secret", with_field(shown, 2, salt=bytes(16))),
        ("something withheld beside the secret", {**shown, "withheld": withheld}),
    ]:
        yield disclosure(name, "MALFORMED", bad, root)
    fields, root = some_fields(120), ref.commitment_root(SECRET, some_fields(120))
    more = b"".join(bytes([i]) * 32 for i in range(16))
    yield disclosure(
        "a total of 136",
        "MALFORMED",
        {
            **ref.narrow({"secret": SECRET, "field": fields}, [i > 0 for i in range(120)]),
            "withheld": more + ZERO[:0] + bytes([254]) * 32,
        },
        root,
    )


def doubled(some):
    """The withheld list with the commitments of all eight first steps of 8 added again."""
    extra = [ref.commit_field(f["salt"], f) for f in some["field"]]
    pads = [ref.H("hansa/1/pad", bytes([i])) for i in range(8 - len(extra) % 8)]
    return b"".join(sorted(ref.split(some["withheld"]) + extra + pads))


def commitment_vectors():
    yield from good_commitment_vectors()
    yield from bad_commitment_vectors()


# ---- batches ------------------------------------------------------------------------------------------


def merkle_vectors():
    for size in (1, 2, 3, 7, 64, 65, 1000):
        yield "OK", {"name": f"the root over {size} revisions", "kind": "merkle_root", "size": size}
    good = [
        (1, 0, 1),
        (2, 0, 2),
        (2, 1, 1),
        (3, 0, 2),
        (3, 2, 1),
        (3, 0, 3),
        (7, 4, 3),
        (7, 6, 1),
        (64, 0, 64),
        (64, 32, 32),
        (65, 0, 64),
        (65, 64, 1),
        (1000, 0, 64),
        (1000, 960, 40),
        (1000, 992, 8),
        (1000, 999, 1),
        (1000, 512, 1),
    ]
    for size, first, count in good:
        run = {"size": size, "first": first, "count": count}
        path = ref.merkle_path([ref.leaf(ref.B(ref.u32(i))) for i in range(size)], first, count)
        where = f"{count} from {first} of {size}"
        yield "OK", {"name": f"the path of a run: {where}", "kind": "merkle_path", **run}
        yield "OK", {"name": f"the climb of a run: {where}", "kind": "merkle_climb", **run, "path": path}
        longer = path + bytes(32)
        yield "MALFORMED", {
            "name": f"a path one step too long: {where}",
            "kind": "merkle_climb",
            **run,
            "path": longer,
        }
        if path:
            yield "MALFORMED", {
                "name": f"a path one step too short: {where}",
                "kind": "merkle_climb",
                **run,
                "path": path[32:],
            }
    for size, first, count, why in [
        (64, 1, 2, "begins at no multiple of its size"),
        (64, 0, 3, "is no power of two and does not end the batch"),
        (65, 63, 2, "crosses two subtrees"),
        (7, 5, 2, "ends the batch but is no subtree"),
        (64, 64, 1, "begins behind the end"),
        (64, 62, 4, "goes over the end"),
        (2, 0, 3, "is longer than the batch"),
        (0, 0, 0, "is of an empty batch"),
        (64, 0, 0, "is empty"),
    ]:
        run = {"size": size, "first": first, "count": count}
        yield "MALFORMED", {
            "name": f"no run: {count} from {first} of {size} {why}",
            "kind": "merkle_path",
            **run,
        }
    yield "MALFORMED", {
        "name": "no run: climbing from 1 with 2 of 64",
        "kind": "merkle_climb",
        "size": 64,
        "first": 1,
        "count": 2,
        "path": bytes(160),
    }


# ---- records under a chain ----------------------------------------------------------------------------


def make_revision(name, fields, owner=ACME, type_number=EVENT_TYPE, **changes):
    """(bytes of a Revision, a full disclosure of it)."""
    hidden = secret("fields of " + name)
    raw = encode(
        "Revision",
        {
            "nonce": nonce(name),
            "owner": owner.node,
            "type": type_number,
            "incarnation": 1,
            "number": 1,
            "profile": ref.profile_id(""),
            "commitments": ref.commitment_root(hidden, fields),
            "claimed_ms": NOW,
            **changes,
        },
    )
    return {"revision": raw, "secret": hidden, "field": fields}


def text_fields(*numbers):
    return [{"number": n, "value": f"field {n}".encode()} for n in numbers]


def shown_only(item, *numbers):
    return ref.narrow(item, [f["number"] in numbers for f in item["field"]])


def make_batch(items, owner=ACME, seed=None):
    """A batch over full disclosures; cut(first, count, shown) gives a run of it."""
    leaves = [ref.leaf(ref.B(i["revision"])) for i in items]
    signature = ref.sign(
        "batch", seed or owner.sign_seed, ref.batch_body(owner.node, len(items), ref.merkle_root(leaves))
    )

    def cut(first, count, shown=None):
        run = {
            "size": len(items),
            "first": first,
            "signature": signature,
            "item": shown or items[first : first + count],
        }
        path = ref.merkle_path(leaves, first, count)
        return {**run, "path": path} if path else run

    return cut


def records(name, statuses, grants, runs, recipient, /, **changes):
    body = encode("Records", {"grant": ref.B(encode("Grant", grants[-1])), "run": runs})
    asked = {
        "links": sealed(grants),
        "companies": KEYS,
        "now": str(NOW),
        "recipient": recipient.node,
        "body": body,
    }
    meant = {"status": "OK", "items": statuses} if isinstance(statuses, list) else statuses
    return meant, {"name": name, "kind": "records", **asked, **changes}


def event_vectors():
    ids = sorted(ref.record_id(b"", EVENT_TYPE, ACME.node, nonce(f"event {i}")) for i in range(4))
    grants = make_chain(2, 0, tree=None, record=ids, field=fields_of((3, 1), (3, 2), (3, 4), (3, 6)))
    narrow = make_chain(2, 0, tree=None, record=ids, field=fields_of((3, 1), (3, 6)))
    items = [make_revision(f"event {i}", text_fields(1, 4, 6)) for i in range(4)]
    cut = make_batch(items)
    yield records("a whole batch in full", ["OK"] * 4, grants, [cut(0, 4)], CEDAR)
    yield records("one revision of a batch", ["OK"], grants, [cut(2, 1)], CEDAR)
    yield records("two runs of one batch", ["OK"] * 3, grants, [cut(0, 2), cut(3, 1)], CEDAR)
    yield records(
        "narrowed to what is granted", ["OK"], narrow, [cut(1, 1, [shown_only(items[1], 1, 6)])], CEDAR
    )
    yield records(
        "nothing but the record as such", ["OK"], narrow, [cut(1, 1, [shown_only(items[1])])], CEDAR
    )
    yield records("more fields than granted", ["NOT_GRANTED"], narrow, [cut(1, 1)], CEDAR)
    yield records(
        "one too many beside one that is right",
        ["OK", "NOT_GRANTED"],
        narrow,
        [cut(0, 2, [shown_only(items[0], 1), items[1]])],
        CEDAR,
    )
    yield records("for another company", ["NOT_GRANTED"] * 4, grants, [cut(0, 4)], DELTA)
    forged = {**items[1], "field": [{**items[1]["field"][0], "value": b"forged"}, *items[1]["field"][1:]]}
    yield records(
        "a forged value beside a good revision",
        ["OK", "BAD_SIGNATURE"],
        grants,
        [cut(0, 2, [items[0], forged])],
        CEDAR,
    )
    short = {**items[0], "field": items[0]["field"][1:]}
    yield records(
        "a field kept back from a full disclosure",
        ["BAD_SIGNATURE"],
        grants,
        [make_batch(items[:1])(0, 1, [short])],
        CEDAR,
    )
    for name, number, value, status in [
        ("a start that is a time", 2, NOW.to_bytes(8, "big"), "OK"),
        ("a start that is no time", 2, b"soon", "MALFORMED"),
        ("a name that is not UTF-8", 1, b"\xff", "MALFORMED"),
    ]:
        item = make_revision("event 0", [{"number": number, "value": value}])
        yield records(name, [status], grants, [make_batch([item])(0, 1)], CEDAR)
    yield records(
        "a body that does not parse", {"status": "MALFORMED"}, grants, [{**cut(0, 4), "size": 0}], CEDAR
    )


def batch_vectors():
    ids = sorted(ref.record_id(b"", EVENT_TYPE, ACME.node, nonce(f"event {i}")) for i in range(4))
    grants = make_chain(2, 0, tree=None, record=ids, field=fields_of((3, 1), (3, 4)))
    items = [make_revision(f"event {i}", text_fields(1, 4)) for i in range(4)]
    cut = make_batch(items)
    swapped = [items[1], items[0]]
    yield records(
        "two revisions of a run swapped", ["BAD_SIGNATURE"] * 2, grants, [cut(0, 2, swapped)], CEDAR
    )
    yield records("a run at the wrong place", ["BAD_SIGNATURE"], grants, [{**cut(2, 1), "first": 3}], CEDAR)
    yield records("a run of another size", ["MALFORMED"] * 4, grants, [{**cut(0, 4), "size": 5}], CEDAR)
    yield records(
        "a run without its path",
        ["MALFORMED"],
        grants,
        [{k: v for k, v in cut(2, 1).items() if k != "path"}],
        CEDAR,
    )
    yield records("a stretch that is no run", ["MALFORMED"] * 2, grants, [{**cut(2, 2), "first": 1}], CEDAR)
    yield records(
        "a broken run before a good one",
        ["MALFORMED", "OK"],
        grants,
        [{**cut(2, 1), "path": ZERO}, cut(2, 1)],
        CEDAR,
    )
    yield records(
        "a batch signed by who passes on",
        ["BAD_SIGNATURE"] * 4,
        grants,
        [make_batch(items, seed=BRIO.sign_seed)(0, 4)],
        CEDAR,
    )
    foreign = [make_revision("brio's own", text_fields(1), owner=BRIO)]
    yield records(
        "a record of who passes on, signed by it",
        ["BAD_SIGNATURE"],
        grants,
        [make_batch(foreign, BRIO)(0, 1)],
        CEDAR,
    )
    mixed = [items[0], foreign[0]]
    yield records(
        "a foreign record in a batch of the owner",
        ["OK", "FOREIGN_OWNER"],
        grants,
        [make_batch(mixed)(0, 2)],
        CEDAR,
    )
    other = [make_revision("event 9", text_fields(1))]
    yield records("a record that no link selects", ["NOT_GRANTED"], grants, [make_batch(other)(0, 1)], CEDAR)
    contact = [make_revision("event 0", text_fields(1), type_number=2)]
    yield records(
        "the same nonce with another type is another record",
        ["NOT_GRANTED"],
        grants,
        [make_batch(contact)(0, 1)],
        CEDAR,
    )
    broken = [{**items[0], "revision": b"no revision"}]
    yield records(
        "a batch of something that is no revision", ["MALFORMED"], grants, [make_batch(broken)(0, 1)], CEDAR
    )


def guest_vectors():
    """Attendees, whose parent field is number 1, under a tree of the event."""
    grants = make_chain(2)
    event = {"number": 1, "value": EVENT}
    guest = make_revision(
        "guest",
        [event, {"number": 2, "value": "\u9648\u6668".encode()}, {"number": 7, "value": b"Ltd"}],
        type_number=4,
    )
    stray = make_revision(
        "stray", [{"number": 1, "value": OTHER}, {"number": 2, "value": b"Ada"}], type_number=4
    )
    cut = make_batch([guest, stray])
    yield records(
        "a guest of the event beside a guest of another", ["OK", "NOT_GRANTED"], grants, [cut(0, 2)], CEDAR
    )
    yield records(
        "a guest narrowed with the parent shown",
        ["OK"],
        grants,
        [cut(0, 1, [shown_only(guest, 1, 2)])],
        CEDAR,
    )
    yield records(
        "a guest whose parent is withheld",
        ["NOT_GRANTED"],
        grants,
        [cut(0, 1, [shown_only(guest, 2)])],
        CEDAR,
    )
    own = make_revision("guest", [{**event, "space": ref.base32(ACME.node)}], type_number=4)
    yield records(
        "a parent in a name space of one's own is none",
        ["NOT_GRANTED"],
        grants,
        [make_batch([own])(0, 1)],
        CEDAR,
    )


def records_vectors():
    for part in (event_vectors, batch_vectors, guest_vectors):
        yield from part()


# ---- first contact ------------------------------------------------------------------------------------


def contact_vectors():
    for a, b in ((ACME, BRIO), (BRIO, ACME), (ACME, CEDAR), (CEDAR, DELTA)):
        yield "OK", {"name": f"words of {a.name} and {b.name}", "kind": "words", "a": a.node, "b": b.node}
    yield "OK", {
        "name": "words of the lowest and the highest id",
        "kind": "words",
        "a": ZERO,
        "b": bytes([255]) * 32,
    }
    yield from invitation_vectors()


def invitation_vectors():
    def invitation(name, status, text, now=NOW):
        return status, {"name": f"an invitation {name}", "kind": "invitation", "text": text, "now": str(now)}

    end, token, guest = NOW + 7 * DAY, nonce("token"), secret("guest")
    text = ref.format_invitation(ACME.signed_descriptor(), token, guest, end)
    prefix = ref.INVITE
    raw = ref.unbase32(text[len(prefix) :])
    other = "b" if text[-9] != "b" else "c"
    yield invitation("as it was made", "OK", text)
    yield invitation("in its last millisecond", "OK", text, end - 1)
    yield invitation("at its end", "EXPIRED", text, end)
    yield invitation("with one letter changed", "MALFORMED", text[:-9] + other + text[-8:])
    yield invitation("in capitals", "OK", prefix + text[len(prefix) :].upper())
    yield invitation("with its beginning in capitals", "MALFORMED", text.upper())
    yield invitation("cut short", "MALFORMED", text[:-1])
    yield invitation("with a letter more", "MALFORMED", text + "a")
    yield invitation("of another version", "MALFORMED", text.replace(":1:", ":2:"))
    yield invitation("without its beginning", "MALFORMED", text[len(prefix) :])
    yield invitation("with nothing behind its beginning", "MALFORMED", prefix)
    yield invitation("with padding", "MALFORMED", text + "=")
    yield invitation("with a letter outside base32", "MALFORMED", text[:-9] + "1" + text[-8:])
    good = STRANGER.signed_descriptor()
    forged = good[:-1] + bytes([good[-1] ^ 1])
    yield invitation(
        "with a forged descriptor", "BAD_SIGNATURE", ref.format_invitation(forged, token, guest, end)
    )
    longer = (len(ACME.signed_descriptor()) + 1).to_bytes(2, "big") + raw[2:-4]
    yield invitation(
        "with a wrong length inside", "MALFORMED", prefix + ref.base32(longer + ref.B(longer)[:4])
    )
    trailing = raw[:-4] + b"\0"
    yield invitation("with blanks and line ends around", "OK", f" \r\n\t{text}\r\n ")
    yield invitation("with a blank inside", "MALFORMED", text[:40] + " " + text[40:])
    yield invitation(
        "of a descriptor that has ended",
        "EXPIRED",
        ref.format_invitation(ACME.signed_descriptor(not_after_ms=NOW - DAY), token, guest, end),
    )
    yield invitation(
        "that ends when no clock can say",
        "MALFORMED",
        ref.format_invitation(ACME.signed_descriptor(), token, guest, 2**63),
    )
    yield invitation(
        "with a byte too much inside", "MALFORMED", prefix + ref.base32(trailing + ref.B(trailing)[:4])
    )

# SPDX-License-Identifier: Apache-2.0
"""Vectors of disclosures, batches, grants, chains, decisions and first contact."""
import hansa_ref as ref
from wire_ref import encode
from world import (
    ACME, BRIO, CEDAR, COMPANIES, DAY, DELTA, EMBER, EVENT, EVENT_TYPE, FIRMS, GUEST, NOW, OTHER, SEGMENT, STRANGER,
    ZERO, child_grant, fields_of, make_chain, nonce, root_grant, seal_grant, sealed, secret,
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
        yield "OK", {"name": f"the root over {count} fields", "kind": "commitments", "secret": SECRET, "field": shown["field"]}
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
    yield "OK", {"name": "narrow what was narrowed", "kind": "narrow", **some, "keep": [False, True, False, True, True]}


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
        ("two salts swapped", with_field(with_field(some, 0, salt=fields[1]["salt"]), 1, salt=fields[0]["salt"])),
        ("one withheld commitment replaced", {**some, "withheld": withheld[:-32] + bytes([255]) * 32}),
        ("eight commitments added", {**some, "withheld": b"".join(bytes([i]) * 32 for i in range(8)) + withheld}),
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
    yield disclosure("a total of 136", "MALFORMED", {**ref.narrow({"secret": SECRET, "field": fields}, [i > 0 for i in range(120)]), "withheld": more + ZERO[:0] + bytes([254]) * 32}, root)


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
    good = [(1, 0, 1), (2, 0, 2), (2, 1, 1), (3, 0, 2), (3, 2, 1), (3, 0, 3), (7, 4, 3), (7, 6, 1), (64, 0, 64), (64, 32, 32),
            (65, 0, 64), (65, 64, 1), (1000, 0, 64), (1000, 960, 40), (1000, 992, 8), (1000, 999, 1), (1000, 512, 1)]
    for size, first, count in good:
        run = {"size": size, "first": first, "count": count}
        path = ref.merkle_path([ref.leaf(ref.B(ref.u32(i))) for i in range(size)], first, count)
        where = f"{count} from {first} of {size}"
        yield "OK", {"name": f"the path of a run: {where}", "kind": "merkle_path", **run}
        yield "OK", {"name": f"the climb of a run: {where}", "kind": "merkle_climb", **run, "path": path}
        longer = path + bytes(32)
        yield "MALFORMED", {"name": f"a path one step too long: {where}", "kind": "merkle_climb", **run, "path": longer}
        if path:
            yield "MALFORMED", {"name": f"a path one step too short: {where}", "kind": "merkle_climb", **run, "path": path[32:]}
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
        yield "MALFORMED", {"name": f"no run: {count} from {first} of {size} {why}", "kind": "merkle_path", **run}
    yield "MALFORMED", {"name": "no run: climbing from 1 with 2 of 64", "kind": "merkle_climb", "size": 64, "first": 1, "count": 2, "path": bytes(160)}


# ---- grants on their own ------------------------------------------------------------------------------


def grant_vectors():
    def grant(name, status, fields):
        return status, {"name": name, "kind": "grant", "body": encode("Grant", fields)}

    yield grant("a root that may be passed on three times", "OK", root_grant())
    yield grant("a root that may not be passed on", "OK", root_grant(actions=1, depth=0))
    yield grant("a root for single records", "OK", root_grant(tree=None, record=sorted([EVENT, GUEST])))
    yield grant("a root for a segment", "OK", root_grant(tree=None, segment=SEGMENT))
    yield grant("a link", "OK", make_chain(2)[1])
    yield grant("a field of a company's own type", "OK", root_grant(field=fields_of(("abc", 1, "abc", 1))))
    yield grant("one millisecond long", "OK", root_grant(not_after_ms=NOW - 10 * DAY + 1))
    for name, changes in [
        ("no selector", {"tree": None}),
        ("two selectors", {"segment": SEGMENT}),
        ("three selectors", {"segment": SEGMENT, "record": [EVENT]}),
        ("no field", {"field": []}),
        ("no purpose", {"purpose": []}),
        ("an action nobody knows", {"actions": 31}),
        ("no actions", {"actions": 0}),
        ("contribute without read", {"actions": 2}),
        ("pass-on without read", {"actions": 8}),
        ("depth 4", {"depth": 4}),
        ("depth without pass-on", {"actions": 7, "depth": 1}),
        ("pass-on without depth", {"depth": 0}),
        ("an end at its beginning", {"not_after_ms": NOW - 10 * DAY}),
        ("an end before its beginning", {"not_after_ms": NOW - 11 * DAY}),
        ("granted to its issuer", {"audience": ACME.node}),
        ("a root by somebody who is not the owner", {"issuer": CEDAR.node}),
    ]:
        yield grant(f"refused: {name}", "MALFORMED", root_grant(**changes))
    yield grant("refused: a link back to the owner", "MALFORMED", child_grant(root_grant(), ACME))
    yield grant("refused: a link to its own issuer", "MALFORMED", child_grant(root_grant(), BRIO))
    yield "MALFORMED", {"name": "refused: bytes that are no grant", "kind": "grant", "body": b"grant"}


# ---- chains -------------------------------------------------------------------------------------------

KEYS = [{"node": n, "key": c.key, "country": c.country} for n, c in COMPANIES.items()]


def chain(name, meant, links, /, **changes):
    base = {"links": links, "companies": KEYS, "revoked": [], "now": str(NOW)}
    return meant, {"name": name, "kind": "chain", **base, **changes}


def refused(status, link):
    return {"status": status, "link": link}


def wider(grants, at):
    """One change per component that makes link `at` wider than its parent."""
    parent = grants[at - 1]
    return {
        "a field more": {"field": parent["field"] + fields_of((9, 9))},
        "another field": {"field": fields_of((4, 8))},
        "a purpose more": {"purpose": ["event", "follow-up", "resale"]},
        "a longer end": {"not_after_ms": parent["not_after_ms"] + 1},
        "an earlier beginning": {"not_before_ms": parent["not_before_ms"] - 1},
        "a later erasure": {"delete_days": parent["delete_days"] + 1},
        "as deep as its parent": {"depth": parent["depth"], "actions": 15},
    }


def widened_vectors():
    names = {1: "first link", 2: "middle link", 3: "leaf"}
    for at, where in names.items():
        for name, changes in wider(make_chain(4), at).items():
            yield chain(f"widened at the {where}: {name}", refused("WIDENED", at), sealed(make_chain(4, at, **changes)))
        narrow = root_grant(actions=9, receipt=True, country=["CN", "DE", "FR", "US"])
        for name, changes in {
            "contribute that the parent has not": {"actions": 3 if at == 3 else 11},
            "propose that the parent has not": {"actions": 5 if at == 3 else 13},
            "no receipt where the parent wants one": {"receipt": False},
            "anywhere where the parent names countries": {"country": []},
            "a country more": {"country": ["CN", "DE", "FR", "JP", "US"]},
        }.items():
            yield chain(f"widened at the {where}: {name}", refused("WIDENED", at), sealed(grown(narrow, at, changes)))
    root = root_grant(actions=7, depth=0)
    link = child_grant(root, CEDAR, actions=1)
    yield chain("passed on without the right to", refused("WIDENED", 1), sealed([root, link]))


def grown(root, at, changes):
    grants = [root]
    for i in range(1, 4):
        grants.append(child_grant(grants[-1], FIRMS[i + 1], **(changes if i == at else {})))
    return grants


def good_chain_vectors():
    for length, word in ((1, "a root alone"), (2, "two links"), (3, "three links"), (4, "four links")):
        yield chain(f"{word}", "OK", sealed(make_chain(length)))
    grants = make_chain(
        2, 1, field=fields_of((3, 1)), purpose=["event"], actions=1, depth=0, country=["CN", "FR"],
        not_before_ms=NOW - DAY, not_after_ms=NOW + DAY, delete_days=0, receipt=True,
    )
    yield chain("narrower in every component", "OK", sealed(grants))
    yield chain("selectors are not compared", "OK", sealed(make_chain(3, 1, tree=OTHER)))
    yield chain("a link for single records under a tree", "OK", sealed(make_chain(2, 1, tree=None, record=[EVENT])))
    end, start = root_grant()["not_after_ms"], root_grant()["not_before_ms"]
    links = sealed(make_chain(2))
    yield chain("the last millisecond", "OK", links, now=str(end - 1))
    yield chain("the end itself", refused("EXPIRED", 1), links, now=str(end))
    yield chain("five minutes before the beginning, for clocks that differ", "OK", links, now=str(start - 300_000))
    yield chain("a millisecond more than five minutes before", refused("NOT_YET", 1), links, now=str(start - 300_001))
    yield chain("a leaf that has ended under a root that has not", refused("EXPIRED", 1), sealed(make_chain(2, 1, not_after_ms=NOW)))
    yield chain("a leaf that has not begun", refused("NOT_YET", 1), sealed(make_chain(2, 1, not_before_ms=NOW + DAY)))


def revoked_vectors():
    grants = make_chain(4)
    links, ids = sealed(grants), [ref.B(encode("Grant", g)) for g in grants]
    for at in range(4):
        yield chain(f"link {at} taken back", refused("REVOKED", at), links, revoked=[ids[at]])
    yield chain("another grant taken back", "OK", links, revoked=[ref.B(b"another")])
    yield chain("a link below taken back", "OK", links[:2], revoked=[ids[2]])
    yield chain("taken back and ended: the end is said", refused("EXPIRED", 3), links, revoked=ids, now=str(NOW + 90 * DAY))


def broken_vectors():
    grants = make_chain(3)
    links = sealed(grants)
    five = grants + [child_grant(grants[2], EMBER)]
    yield chain("no links", "BROKEN_CHAIN", [])
    yield chain("five links", "BROKEN_CHAIN", sealed(five + five[-1:]))
    yield chain("a link without its root", refused("BROKEN_CHAIN", 0), links[1:])
    yield chain("two roots", refused("BROKEN_CHAIN", 1), [links[0], links[0]])
    yield chain("a link left out", refused("BROKEN_CHAIN", 1), [links[0], links[2]])
    yield chain("links in the wrong order", refused("BROKEN_CHAIN", 0), links[::-1])
    for at, where in ((1, "middle"), (2, "leaf")):
        for name, changes in [
            ("hangs under another parent", {"parent": ref.B(b"another")}),
            ("is issued by somebody else", {"issuer": EMBER.node}),
            ("is of another owner", {"owner": EMBER.node}),
        ]:
            yield chain(f"the {where} {name}", refused("BROKEN_CHAIN", at), sealed(make_chain(at + 1, at, **changes)))
    back = child_grant(grants[2], BRIO)
    yield chain("a company that is audience twice", refused("BROKEN_CHAIN", 3), links + [seal_grant(back)])


def chain_signature_vectors():
    links = sealed(make_chain(3))
    for at, where in ((0, "root"), (1, "middle"), (2, "leaf")):
        grants = make_chain(3)
        forged = links[:at] + [seal_grant(grants[at], STRANGER.sign_seed)] + links[at + 1 :]
        yield chain(f"the {where} signed by a stranger", refused("BAD_SIGNATURE", at), forged)
        bit = links[at][:-1] + bytes([links[at][-1] ^ 1])
        yield chain(f"the {where} with a bit changed in its signature", refused("BAD_SIGNATURE", at), links[:at] + [bit] + links[at + 1 :])
        known = [k for k in KEYS if k["node"] != grants[at]["issuer"]]
        yield chain(f"no descriptor for who issued the {where}", refused("UNKNOWN_KEY", at), links, companies=known)
        cut = links[:at] + [links[at][:-1]] + links[at + 1 :]
        yield chain(f"the {where} cut short", refused("MALFORMED", at), cut)
        for name, changes in [("no purpose", {"purpose": []}), ("depth 4", {"depth": 4}), ("unknown actions", {"actions": 47})]:
            yield chain(f"the {where} with {name}", refused("MALFORMED", at), sealed(make_chain(at + 1, at, **changes)))
    stranger = root_grant(issuer=STRANGER.node)
    yield chain("a root by a stranger who is not the owner", refused("MALFORMED", 0), [seal_grant(stranger)])


def country_vectors():
    yield chain("an audience in one of the countries", "OK", sealed(make_chain(2, 0, country=["CN", "FR"])))
    yield chain("a first audience elsewhere", refused("NOT_GRANTED", 0), sealed(make_chain(1, 0, country=["CN", "DE"])))
    yield chain("a last audience elsewhere", refused("NOT_GRANTED", 2), sealed(make_chain(3, 0, country=["CN", "FR"])))
    known = [k for k in KEYS if k["node"] != BRIO.node]
    yield chain("countries named, and no descriptor of the audience", refused("UNKNOWN_KEY", 0), sealed(make_chain(1, 0, country=["FR"])), companies=known)
    yield chain("no countries named, and no descriptor of the audience", "OK", sealed(make_chain(1)), companies=known)


def revocation_vectors():
    grants = make_chain(3)
    ids = [ref.B(encode("Grant", g)) for g in grants]
    base = {"kind": "revoke", "links": sealed(grants), "companies": KEYS, "now": str(NOW)}
    for at in range(3):
        for firm in FIRMS[:5]:
            allowed = FIRMS.index(firm) <= at
            word = "may" if allowed else "may not"
            name = f"{firm.name} {word} take back link {at} of Acme > Brio > Cedar > Delta"
            yield {"status": "OK", "allowed": allowed}, {"name": name, **base, "author": firm.node, "grant": ids[at]}
    name = "nobody takes back a grant outside the chain"
    yield {"status": "OK", "allowed": False}, {"name": name, **base, "author": ACME.node, "grant": ref.B(b"another")}


def chain_vectors():
    for part in (
        good_chain_vectors, widened_vectors, broken_vectors, chain_signature_vectors, country_vectors, revoked_vectors,
    ):
        yield from part()


# ---- decisions ----------------------------------------------------------------------------------------

EVENT_RECORD = {"id": EVENT, "owner": ACME.node, "type": 3, "segments": []}
GUEST_RECORD = {"id": GUEST, "owner": ACME.node, "type": 4, "parent": EVENT, "segments": []}


def decision(name, stop, link, grants, recipient, record, field, **changes):
    asked = {"links": sealed(grants), "companies": KEYS, "now": str(NOW), "at": str(NOW), "recipient": recipient.node, "record": record}
    if field is not None:
        asked["field"] = field if isinstance(field, dict) else {"number": field}
    return {"status": "OK", "stop": stop, "link": link}, {"name": name, "kind": "decision", **asked, **changes}


def decision_vectors():
    three = make_chain(3)
    start, end = three[0]["not_before_ms"], three[0]["not_after_ms"]
    narrow = make_chain(3, 1, field=fields_of((3, 1), (4, 1)))
    guests = make_chain(3, 2, field=fields_of((4, 1)))
    records = make_chain(3, 1, tree=None, record=sorted([EVENT, OTHER]))
    segment = make_chain(2, 1, tree=None, segment=SEGMENT)
    own = make_chain(2, 0, field=fields_of((3, 1), ("", 3, "abc", 1)))
    early = make_chain(3, 2, not_before_ms=NOW - DAY, not_after_ms=NOW + DAY)
    rows = [
        ("the recipient sees a named field of the event", "NONE", 0, three, DELTA, EVENT_RECORD, 1),
        ("and of a guest under it", "NONE", 0, three, DELTA, GUEST_RECORD, 7),
        ("and the record as such", "NONE", 0, three, DELTA, GUEST_RECORD, None),
        ("a field nobody named", "FIELD", 0, three, DELTA, EVENT_RECORD, 4),
        ("a field number that another type has", "FIELD", 0, three, DELTA, EVENT_RECORD, 7),
        ("a field that the middle link left out", "FIELD", 1, narrow, DELTA, EVENT_RECORD, 2),
        ("a field that is left", "NONE", 0, narrow, DELTA, EVENT_RECORD, 1),
        ("an own field with a common number", "FIELD", 0, three, DELTA, EVENT_RECORD, {"number": 1, "space": "abc"}),
        ("an own field that was named", "NONE", 0, own, CEDAR, EVENT_RECORD, {"number": 1, "space": "abc"}),
        ("a type that the leaf left out", "TYPE", 2, guests, DELTA, EVENT_RECORD, 1),
        ("a type that the leaf kept", "NONE", 0, guests, DELTA, GUEST_RECORD, 1),
        ("a type of the same number in another name space", "TYPE", 0, three, DELTA, {**EVENT_RECORD, "type_space": "abc"}, 1),
        ("a company in the middle under the leaf's chain", "RECIPIENT", 2, three, BRIO, EVENT_RECORD, 1),
        ("the owner under its own chain", "RECIPIENT", 2, three, ACME, EVENT_RECORD, 1),
        ("a stranger", "RECIPIENT", 2, three, STRANGER, EVENT_RECORD, 1),
        ("a record of another company", "OWNER", 0, three, DELTA, {**EVENT_RECORD, "owner": BRIO.node}, 1),
        ("another company's child of the event", "OWNER", 0, three, DELTA, {**GUEST_RECORD, "owner": BRIO.node}, 1),
        ("another event", "SELECTOR", 0, three, DELTA, {**EVENT_RECORD, "id": OTHER}, 1),
        ("a guest of another event", "SELECTOR", 0, three, DELTA, {**GUEST_RECORD, "parent": OTHER}, 1),
        ("a guest without a parent", "SELECTOR", 0, three, DELTA, {k: v for k, v in GUEST_RECORD.items() if k != "parent"}, 1),
        ("a listed record", "NONE", 0, records, DELTA, EVENT_RECORD, 1),
        ("a child of a listed record is not listed", "SELECTOR", 1, records, DELTA, GUEST_RECORD, 1),
        ("listed below and not covered above", "SELECTOR", 0, records, DELTA, {**EVENT_RECORD, "id": OTHER}, 1),
        ("a member of the segment", "NONE", 0, segment, CEDAR, {**GUEST_RECORD, "segments": [SEGMENT]}, 1),
        ("a member of another segment", "SELECTOR", 1, segment, CEDAR, {**GUEST_RECORD, "segments": [ref.B(b"other")]}, 1),
        ("a member of no segment", "SELECTOR", 1, segment, CEDAR, GUEST_RECORD, 1),
        ("a member of two segments", "NONE", 0, segment, CEDAR, {**GUEST_RECORD, "segments": [ref.B(b"other"), SEGMENT]}, 1),
    ]
    for row in rows:
        yield decision(*row)
    for name, stop, link, grants, at in [
        ("the last millisecond", "NONE", 0, three, end - 1),
        ("the end", "ENDED", 0, three, end),
        ("the end of the leaf alone", "ENDED", 2, early, NOW + DAY),
        ("five minutes before the beginning", "NONE", 0, three, start - 300_000),
        ("a millisecond earlier", "NOT_YET", 0, three, start - 300_001),
        ("before the beginning of the leaf alone", "NOT_YET", 2, early, NOW - DAY - 300_001),
    ]:
        yield decision(f"asked at {name}", stop, link, grants, DELTA, EVENT_RECORD, 1, at=str(at))
    yield decision("owner comes before recipient", "OWNER", 0, three, STRANGER, {**EVENT_RECORD, "owner": BRIO.node}, 99)
    yield decision("the end comes before the selector", "ENDED", 0, three, DELTA, {**EVENT_RECORD, "id": OTHER}, 99, at=str(end))


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
    signature = ref.sign("batch", seed or owner.sign_seed, ref.batch_body(owner.node, len(items), ref.merkle_root(leaves)))

    def cut(first, count, shown=None):
        run = {"size": len(items), "first": first, "signature": signature, "item": shown or items[first : first + count]}
        path = ref.merkle_path(leaves, first, count)
        return {**run, "path": path} if path else run

    return cut


def records(name, statuses, grants, runs, recipient, /, **changes):
    body = encode("Records", {"grant": ref.B(encode("Grant", grants[-1])), "run": runs})
    asked = {"links": sealed(grants), "companies": KEYS, "now": str(NOW), "recipient": recipient.node, "body": body}
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
    yield records("narrowed to what is granted", ["OK"], narrow, [cut(1, 1, [shown_only(items[1], 1, 6)])], CEDAR)
    yield records("nothing but the record as such", ["OK"], narrow, [cut(1, 1, [shown_only(items[1])])], CEDAR)
    yield records("more fields than granted", ["NOT_GRANTED"], narrow, [cut(1, 1)], CEDAR)
    yield records("one too many beside one that is right", ["OK", "NOT_GRANTED"], narrow, [cut(0, 2, [shown_only(items[0], 1), items[1]])], CEDAR)
    yield records("for another company", ["NOT_GRANTED"] * 4, grants, [cut(0, 4)], DELTA)
    forged = {**items[1], "field": [{**items[1]["field"][0], "value": b"forged"}, *items[1]["field"][1:]]}
    yield records("a forged value beside a good revision", ["OK", "BAD_SIGNATURE"], grants, [cut(0, 2, [items[0], forged])], CEDAR)
    short = {**items[0], "field": items[0]["field"][1:]}
    yield records("a field kept back from a full disclosure", ["BAD_SIGNATURE"], grants, [make_batch(items[:1])(0, 1, [short])], CEDAR)
    for name, number, value, status in [
        ("a start that is a time", 2, NOW.to_bytes(8, "big"), "OK"),
        ("a start that is no time", 2, b"soon", "MALFORMED"),
        ("a name that is not UTF-8", 1, b"\xff", "MALFORMED"),
    ]:
        item = make_revision("event 0", [{"number": number, "value": value}])
        yield records(name, [status], grants, [make_batch([item])(0, 1)], CEDAR)
    yield records("a body that does not parse", {"status": "MALFORMED"}, grants, [{**cut(0, 4), "size": 0}], CEDAR)


def batch_vectors():
    ids = sorted(ref.record_id(b"", EVENT_TYPE, ACME.node, nonce(f"event {i}")) for i in range(4))
    grants = make_chain(2, 0, tree=None, record=ids, field=fields_of((3, 1), (3, 4)))
    items = [make_revision(f"event {i}", text_fields(1, 4)) for i in range(4)]
    cut = make_batch(items)
    swapped = [items[1], items[0]]
    yield records("two revisions of a run swapped", ["BAD_SIGNATURE"] * 2, grants, [cut(0, 2, swapped)], CEDAR)
    yield records("a run at the wrong place", ["BAD_SIGNATURE"], grants, [{**cut(2, 1), "first": 3}], CEDAR)
    yield records("a run of another size", ["MALFORMED"] * 4, grants, [{**cut(0, 4), "size": 5}], CEDAR)
    yield records("a run without its path", ["MALFORMED"], grants, [{k: v for k, v in cut(2, 1).items() if k != "path"}], CEDAR)
    yield records("a stretch that is no run", ["MALFORMED"] * 2, grants, [{**cut(2, 2), "first": 1}], CEDAR)
    yield records("a broken run before a good one", ["MALFORMED", "OK"], grants, [{**cut(2, 1), "path": ZERO}, cut(2, 1)], CEDAR)
    yield records("a batch signed by who passes on", ["BAD_SIGNATURE"] * 4, grants, [make_batch(items, seed=BRIO.sign_seed)(0, 4)], CEDAR)
    foreign = [make_revision("brio's own", text_fields(1), owner=BRIO)]
    yield records("a record of who passes on, signed by it", ["BAD_SIGNATURE"], grants, [make_batch(foreign, BRIO)(0, 1)], CEDAR)
    mixed = [items[0], foreign[0]]
    yield records("a foreign record in a batch of the owner", ["OK", "FOREIGN_OWNER"], grants, [make_batch(mixed)(0, 2)], CEDAR)
    other = [make_revision("event 9", text_fields(1))]
    yield records("a record that no link selects", ["NOT_GRANTED"], grants, [make_batch(other)(0, 1)], CEDAR)
    contact = [make_revision("event 0", text_fields(1), type_number=2)]
    yield records("the same nonce with another type is another record", ["NOT_GRANTED"], grants, [make_batch(contact)(0, 1)], CEDAR)
    broken = [{**items[0], "revision": b"no revision"}]
    yield records("a batch of something that is no revision", ["MALFORMED"], grants, [make_batch(broken)(0, 1)], CEDAR)


def guest_vectors():
    """Attendees, whose parent field is number 1, under a tree of the event."""
    grants = make_chain(2)
    event = {"number": 1, "value": EVENT}
    guest = make_revision("guest", [event, {"number": 2, "value": "\u9648\u6668".encode()}, {"number": 7, "value": b"Ltd"}], type_number=4)
    stray = make_revision("stray", [{"number": 1, "value": OTHER}, {"number": 2, "value": b"Ada"}], type_number=4)
    cut = make_batch([guest, stray])
    yield records("a guest of the event beside a guest of another", ["OK", "NOT_GRANTED"], grants, [cut(0, 2)], CEDAR)
    yield records("a guest narrowed with the parent shown", ["OK"], grants, [cut(0, 1, [shown_only(guest, 1, 2)])], CEDAR)
    yield records("a guest whose parent is withheld", ["NOT_GRANTED"], grants, [cut(0, 1, [shown_only(guest, 2)])], CEDAR)
    own = make_revision("guest", [{**event, "space": ref.base32(ACME.node)}], type_number=4)
    yield records("a parent in a name space of one's own is none", ["NOT_GRANTED"], grants, [make_batch([own])(0, 1)], CEDAR)


def records_vectors():
    for part in (event_vectors, batch_vectors, guest_vectors):
        yield from part()


# ---- first contact ------------------------------------------------------------------------------------


def contact_vectors():
    for a, b in ((ACME, BRIO), (BRIO, ACME), (ACME, CEDAR), (CEDAR, DELTA)):
        yield "OK", {"name": f"words of {a.name} and {b.name}", "kind": "words", "a": a.node, "b": b.node}
    yield "OK", {"name": "words of the lowest and the highest id", "kind": "words", "a": ZERO, "b": bytes([255]) * 32}
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
    yield invitation("with a forged descriptor", "BAD_SIGNATURE", ref.format_invitation(forged, token, guest, end))
    longer = (len(ACME.signed_descriptor()) + 1).to_bytes(2, "big") + raw[2:-4]
    yield invitation("with a wrong length inside", "MALFORMED", prefix + ref.base32(longer + ref.B(longer)[:4]))
    trailing = raw[:-4] + b"\0"
    yield invitation("with blanks and line ends around", "OK", f" \r\n\t{text}\r\n ")
    yield invitation("with a blank inside", "MALFORMED", text[:40] + " " + text[40:])
    yield invitation("of a descriptor that has ended", "EXPIRED", ref.format_invitation(ACME.signed_descriptor(not_after_ms=NOW - DAY), token, guest, end))
    yield invitation("that ends when no clock can say", "MALFORMED", ref.format_invitation(ACME.signed_descriptor(), token, guest, 2**63))
    yield invitation("with a byte too much inside", "MALFORMED", prefix + ref.base32(trailing + ref.B(trailing)[:4]))

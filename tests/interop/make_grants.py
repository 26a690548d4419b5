# SPDX-License-Identifier: Apache-2.0
"""Vectors of grants, chains, revocation and decisions."""
import hansa_ref as ref
from wire_ref import encode
from world import (
    ACME,
    BRIO,
    CEDAR,
    CITED,
    COMPANIES,
    DAY,
    DELTA,
    EMBER,
    EVENT,
    FIRMS,
    GUEST,
    NOW,
    OTHER,
    SEGMENT,
    STRANGER,
    TERMS,
    child_grant,
    fields_of,
    make_chain,
    root_grant,
    seal_grant,
    sealed,
)

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
    yield from terms_and_cites_vectors(grant)


def terms_and_cites_vectors(grant):
    once = {"actions": 1, "depth": 0}
    link = child_grant(root_grant(), CEDAR)
    for name, fields in [
        ("contribute without terms", root_grant(actions=3, depth=0)),
        ("terms with contribute", root_grant(terms=TERMS)),
        ("terms with contribute, not passed on", root_grant(actions=3, depth=0, terms=TERMS)),
        ("terms in a link", {**link, "terms": TERMS}),
        ("terms that close after the grant's end", root_grant(terms={**TERMS, "closes_ms": NOW + 999 * DAY})),
        ("terms that close before the grant begins", root_grant(terms={**TERMS, "closes_ms": 1})),
        ("terms that want what the grant does not show", root_grant(terms={**TERMS, "want": fields_of((9, 9))})),
        ("an answer to another grant", root_grant(cites=CITED, **once)),
        ("an answer with contribute and propose", root_grant(cites=CITED, actions=7, depth=0)),
        ("an answer about single records", root_grant(cites=CITED, tree=None, record=[GUEST], **once)),
    ]:
        yield grant(name, "OK", fields)
    for name, fields in [
        ("terms with read alone", root_grant(terms=TERMS, **once)),
        ("terms without contribute", root_grant(terms=TERMS, actions=13)),
        ("terms without contribute in a link", {**link, "actions": 13, "terms": TERMS}),
        ("cites in a link", child_grant(root_grant(), CEDAR, cites=CITED, **once)),
        ("cites in a link that is passed on", {**link, "cites": CITED}),
        ("cites in a root that is passed on", root_grant(cites=CITED)),
        ("cites in a root that is passed on once", root_grant(cites=CITED, actions=9, depth=1)),
        ("cites beside terms", root_grant(cites=CITED, terms=TERMS, actions=3, depth=0)),
    ]:
        yield grant(f"refused: {name}", "MALFORMED", fields)


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
            yield chain(
                f"widened at the {where}: {name}",
                refused("WIDENED", at),
                sealed(make_chain(4, at, **changes)),
            )
        narrow = root_grant(actions=9, receipt=True, country=["CN", "DE", "FR", "US"])
        for name, changes in {
            "contribute that the parent has not": {"actions": 3 if at == 3 else 11},
            "propose that the parent has not": {"actions": 5 if at == 3 else 13},
            "no receipt where the parent wants one": {"receipt": False},
            "anywhere where the parent names countries": {"country": []},
            "a country more": {"country": ["CN", "DE", "FR", "JP", "US"]},
        }.items():
            yield chain(
                f"widened at the {where}: {name}", refused("WIDENED", at), sealed(grown(narrow, at, changes))
            )
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
        2,
        1,
        field=fields_of((3, 1)),
        purpose=["event"],
        actions=1,
        depth=0,
        country=["CN", "FR"],
        not_before_ms=NOW - DAY,
        not_after_ms=NOW + DAY,
        delete_days=0,
        receipt=True,
    )
    yield chain("narrower in every component", "OK", sealed(grants))
    yield chain("selectors are not compared", "OK", sealed(make_chain(3, 1, tree=OTHER)))
    yield chain(
        "a link for single records under a tree", "OK", sealed(make_chain(2, 1, tree=None, record=[EVENT]))
    )
    end, start = root_grant()["not_after_ms"], root_grant()["not_before_ms"]
    links = sealed(make_chain(2))
    yield chain("the last millisecond", "OK", links, now=str(end - 1))
    yield chain("the end itself", refused("EXPIRED", 1), links, now=str(end))
    yield chain(
        "five minutes before the beginning, for clocks that differ", "OK", links, now=str(start - 300_000)
    )
    yield chain(
        "a millisecond more than five minutes before", refused("NOT_YET", 1), links, now=str(start - 300_001)
    )
    yield chain(
        "a leaf that has ended under a root that has not",
        refused("EXPIRED", 1),
        sealed(make_chain(2, 1, not_after_ms=NOW)),
    )
    yield chain(
        "a leaf that has not begun", refused("NOT_YET", 1), sealed(make_chain(2, 1, not_before_ms=NOW + DAY))
    )


def other_terms(terms):
    """(name, terms) that are wider than these in one component."""
    want = terms["want"]
    yield "more wanted", {**terms, "want": want + fields_of((4, 9))}
    yield "less wanted", {**terms, "want": want[:1]}
    yield "another field wanted", {**terms, "want": fields_of((4, 2), (4, 6))}
    yield "a field of another type wanted", {**terms, "want": fields_of((4, 2), (5, 5))}
    yield "an own field wanted", {**terms, "want": fields_of((4, 2), ("", 4, "abc", 5))}
    yield "a larger quota", {**terms, "quota": terms["quota"] + 1}
    yield "no quota", {k: v for k, v in terms.items() if k != "quota"}
    yield "a later close", {**terms, "closes_ms": terms["closes_ms"] + 1}
    yield "no close", {k: v for k, v in terms.items() if k != "closes_ms"}
    yield "no terms", None


def terms_vectors():
    """Terms from link to link; WIDENED names the first link that asks for, or lets in, more."""
    free = {"want": TERMS["want"]}
    owner = {k: v for k, v in TERMS.items() if k != "chain"}
    ends = {**TERMS, "quota": 1, "closes_ms": 1}
    for at, where in {1: "first link", 2: "middle link", 3: "leaf"}.items():
        root = root_grant(terms=TERMS)
        for name, terms in other_terms(TERMS):
            links = sealed(grown(root, at, {"terms": terms}))
            yield chain(f"terms at the {where}: {name}", refused("WIDENED", at), links)
        yield chain(
            f"terms at the {where}: for the chain where the parent says owner",
            refused("WIDENED", at),
            sealed(grown(root_grant(terms=owner), at, {"terms": TERMS})),
        )
        good = [
            ("a smaller quota, an earlier close, the owner alone", root, ends | {"chain": None}),
            ("the first quota", root_grant(terms=free), {**free, "quota": 2**32 - 1}),
            ("the first close", root_grant(terms=free), {**free, "closes_ms": 2**63 - 1}),
        ]
        for name, top, terms in good:
            terms = {k: v for k, v in terms.items() if v is not None}
            yield chain(f"terms at the {where}: {name}", "OK", sealed(grown(top, at, {"terms": terms})))
        first = sealed(grown(root_grant(), at, {"terms": TERMS}))
        yield chain(f"terms at the {where}: the first, under a parent without", refused("WIDENED", at), first)
        given_up = sealed(grown(root, at, {"terms": None, "actions": 13 if at < 3 else 5}))
        yield chain(f"terms at the {where}: contribute and terms given up", "OK", given_up)
        kept = sealed(grown(root, at, {"actions": 13 if at < 3 else 5}))
        yield chain(f"terms at the {where}: contribute given up, terms kept", refused("MALFORMED", at), kept)
        cites = {"cites": CITED, "terms": None, "actions": 5, "depth": 0}
        cited = sealed(grown(root_grant(), at, cites)[: at + 1])
        yield chain(f"cites at the {where}", refused("MALFORMED", at), cited)
    yield chain("the same terms down to the leaf", "OK", sealed(make_chain(4, 0, terms=TERMS)))
    yield chain("terms that closed long ago do not end the chain", "OK", sealed(make_chain(2, 0, terms=ends)))
    answer = root_grant(cites=CITED, actions=1, depth=0)
    yield chain("an answer to another grant is a chain of one", "OK", sealed([answer]))
    below = child_grant(answer, CEDAR, cites=None, actions=1)
    yield chain("nothing hangs under an answer", refused("WIDENED", 1), sealed([answer, below]))
    order = grown(root_grant(terms=TERMS, country=["CN", "DE", "FR", "US"]), 1, {"terms": None})
    order[1]["country"] = ["US"]
    yield chain("terms come before the audience's country", refused("WIDENED", 1), sealed(order[:2]))
    order = child_grant(root_grant(terms=TERMS), CEDAR, terms={**TERMS, "quota": 0})
    yield chain("a quota of 0 does not parse", refused("MALFORMED", 1), sealed([root_grant(terms=TERMS), order]))


def revoked_vectors():
    grants = make_chain(4)
    links, ids = sealed(grants), [ref.B(encode("Grant", g)) for g in grants]

    def by(firm, *grant_ids):
        return [{"grant": grant_id, "author": firm.node} for grant_id in grant_ids]

    for at in range(4):
        for number, firm in enumerate(FIRMS):
            word = "takes" if number <= at else "may not take"
            meant = refused("REVOKED", at) if number <= at else "OK"
            name = f"{firm.name} {word} back link {at} of Acme > Brio > Cedar > Delta > Ember"
            yield chain(name, meant, links, revoked=by(firm, ids[at]))
    yield chain("another grant taken back", "OK", links, revoked=by(ACME, ref.B(b"another")))
    yield chain("a link below taken back", "OK", links[:2], revoked=by(ACME, ids[2]))
    both = by(EMBER, ids[0]) + by(CEDAR, ids[3])
    yield chain("one that does not count beside one that does", refused("REVOKED", 3), links, revoked=both)
    ended = str(NOW + 90 * DAY)
    name = "taken back and ended: the end is said"
    yield chain(name, refused("EXPIRED", 3), links, revoked=by(ACME, *ids), now=ended)


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
            yield chain(
                f"the {where} {name}", refused("BROKEN_CHAIN", at), sealed(make_chain(at + 1, at, **changes))
            )
    back = child_grant(grants[2], BRIO)
    yield chain("a company that is audience twice", refused("BROKEN_CHAIN", 3), links + [seal_grant(back)])


def chain_signature_vectors():
    links = sealed(make_chain(3))
    for at, where in ((0, "root"), (1, "middle"), (2, "leaf")):
        grants = make_chain(3)
        forged = links[:at] + [seal_grant(grants[at], STRANGER.sign_seed)] + links[at + 1 :]
        yield chain(f"the {where} signed by a stranger", refused("BAD_SIGNATURE", at), forged)
        bit = links[at][:-1] + bytes([links[at][-1] ^ 1])
        yield chain(
            f"the {where} with a bit changed in its signature",
            refused("BAD_SIGNATURE", at),
            links[:at] + [bit] + links[at + 1 :],
        )
        known = [k for k in KEYS if k["node"] != grants[at]["issuer"]]
        yield chain(
            f"no descriptor for who issued the {where}", refused("UNKNOWN_KEY", at), links, companies=known
        )
        cut = links[:at] + [links[at][:-1]] + links[at + 1 :]
        yield chain(f"the {where} cut short", refused("MALFORMED", at), cut)
        for name, changes in [
            ("no purpose", {"purpose": []}),
            ("depth 4", {"depth": 4}),
            ("unknown actions", {"actions": 47}),
        ]:
            yield chain(
                f"the {where} with {name}",
                refused("MALFORMED", at),
                sealed(make_chain(at + 1, at, **changes)),
            )
    stranger = root_grant(issuer=STRANGER.node)
    yield chain("a root by a stranger who is not the owner", refused("MALFORMED", 0), [seal_grant(stranger)])


def country_vectors():
    yield chain("an audience in one of the countries", "OK", sealed(make_chain(2, 0, country=["CN", "FR"])))
    yield chain(
        "a first audience elsewhere",
        refused("NOT_GRANTED", 0),
        sealed(make_chain(1, 0, country=["CN", "DE"])),
    )
    yield chain(
        "a last audience elsewhere", refused("NOT_GRANTED", 2), sealed(make_chain(3, 0, country=["CN", "FR"]))
    )
    known = [k for k in KEYS if k["node"] != BRIO.node]
    yield chain(
        "countries named, and no descriptor of the audience",
        refused("UNKNOWN_KEY", 0),
        sealed(make_chain(1, 0, country=["FR"])),
        companies=known,
    )
    yield chain(
        "no countries named, and no descriptor of the audience", "OK", sealed(make_chain(1)), companies=known
    )


def chain_vectors():
    for part in (
        good_chain_vectors,
        widened_vectors,
        terms_vectors,
        broken_vectors,
        chain_signature_vectors,
        country_vectors,
        revoked_vectors,
    ):
        yield from part()


# ---- decisions ----------------------------------------------------------------------------------------

EVENT_RECORD = {"id": EVENT, "owner": ACME.node, "type": 3, "segments": []}
GUEST_RECORD = {"id": GUEST, "owner": ACME.node, "type": 4, "parent": EVENT, "segments": []}


def decision(name, stop, link, grants, recipient, record, field, **changes):
    asked = {
        "links": sealed(grants),
        "companies": KEYS,
        "now": str(NOW),
        "at": str(NOW),
        "recipient": recipient.node,
        "record": record,
    }
    if field is not None:
        asked["field"] = field if isinstance(field, dict) else {"number": field}
    return {"status": "OK", "stop": stop, "link": link}, {
        "name": name,
        "kind": "decision",
        **asked,
        **changes,
    }


def return_decision_vectors():
    """A contribution of Brio's own guests to Acme, and Acme's feedback on it."""
    once = {"actions": 1, "depth": 0, "purpose": ["event"]}
    parties = {"issuer": BRIO.node, "owner": BRIO.node, "audience": ACME.node}
    contribution = root_grant(**parties, **once, cites=CITED, field=fields_of((4, 1), (4, 2)))
    contribution_id = ref.B(encode("Grant", contribution))
    feedback = root_grant(**once, cites=contribution_id, tree=contribution_id, field=fields_of((7, 1), (7, 16)))
    row = {"id": ref.B(b"a row of Brio's"), "owner": BRIO.node, "type": 4, "parent": EVENT, "segments": []}
    arrival = {"id": ref.B(b"an arrival"), "owner": ACME.node, "type": 7, "parent": contribution_id, "segments": []}
    for name, stop, grant, recipient, record, field in [
        ("a bringer's own row of the event", "NONE", contribution, ACME, row, 2),
        ("a field of it that was not wanted", "FIELD", contribution, ACME, row, 3),
        ("a bringer's row of another event", "SELECTOR", contribution, ACME, {**row, "parent": OTHER}, 2),
        ("another company's row of the event", "OWNER", contribution, ACME, {**row, "owner": CEDAR.node}, 2),
        ("the organiser's row under a bringer's contribution", "OWNER", contribution, ACME, GUEST_RECORD, 2),
        ("a contribution at another company", "RECIPIENT", contribution, CEDAR, row, 2),
        ("feedback on a row", "NONE", feedback, BRIO, arrival, 1),
        ("an activity of another contribution", "SELECTOR", feedback, BRIO, {**arrival, "parent": CITED}, 1),
        ("a lead is no feedback", "TYPE", feedback, BRIO, {**arrival, "type": 8}, 1),
        ("a guest of the organiser is no feedback", "SELECTOR", feedback, BRIO, GUEST_RECORD, 1),
        ("feedback for another bringer", "RECIPIENT", feedback, CEDAR, arrival, 1),
    ]:
        yield decision(f"what comes back: {name}", stop, 0, [grant], recipient, record, field)


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
        (
            "an own field with a common number",
            "FIELD",
            0,
            three,
            DELTA,
            EVENT_RECORD,
            {"number": 1, "space": "abc"},
        ),
        ("an own field that was named", "NONE", 0, own, CEDAR, EVENT_RECORD, {"number": 1, "space": "abc"}),
        ("a type that the leaf left out", "TYPE", 2, guests, DELTA, EVENT_RECORD, 1),
        ("a type that the leaf kept", "NONE", 0, guests, DELTA, GUEST_RECORD, 1),
        (
            "a type of the same number in another name space",
            "TYPE",
            0,
            three,
            DELTA,
            {**EVENT_RECORD, "type_space": "abc"},
            1,
        ),
        ("a company in the middle under the leaf's chain", "RECIPIENT", 2, three, BRIO, EVENT_RECORD, 1),
        ("the owner under its own chain", "RECIPIENT", 2, three, ACME, EVENT_RECORD, 1),
        ("a stranger", "RECIPIENT", 2, three, STRANGER, EVENT_RECORD, 1),
        ("a record of another company", "OWNER", 0, three, DELTA, {**EVENT_RECORD, "owner": BRIO.node}, 1),
        (
            "another company's child of the event",
            "OWNER",
            0,
            three,
            DELTA,
            {**GUEST_RECORD, "owner": BRIO.node},
            1,
        ),
        ("another event", "SELECTOR", 0, three, DELTA, {**EVENT_RECORD, "id": OTHER}, 1),
        ("a guest of another event", "SELECTOR", 0, three, DELTA, {**GUEST_RECORD, "parent": OTHER}, 1),
        (
            "a guest without a parent",
            "SELECTOR",
            0,
            three,
            DELTA,
            {k: v for k, v in GUEST_RECORD.items() if k != "parent"},
            1,
        ),
        ("a listed record", "NONE", 0, records, DELTA, EVENT_RECORD, 1),
        ("a child of a listed record is not listed", "SELECTOR", 1, records, DELTA, GUEST_RECORD, 1),
        (
            "listed below and not covered above",
            "SELECTOR",
            0,
            records,
            DELTA,
            {**EVENT_RECORD, "id": OTHER},
            1,
        ),
        ("a member of the segment", "NONE", 0, segment, CEDAR, {**GUEST_RECORD, "segments": [SEGMENT]}, 1),
        (
            "a member of another segment",
            "SELECTOR",
            1,
            segment,
            CEDAR,
            {**GUEST_RECORD, "segments": [ref.B(b"other")]},
            1,
        ),
        ("a member of no segment", "SELECTOR", 1, segment, CEDAR, GUEST_RECORD, 1),
        (
            "a member of two segments",
            "NONE",
            0,
            segment,
            CEDAR,
            {**GUEST_RECORD, "segments": [ref.B(b"other"), SEGMENT]},
            1,
        ),
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
    yield from return_decision_vectors()
    yield decision(
        "owner comes before recipient", "OWNER", 0, three, STRANGER, {**EVENT_RECORD, "owner": BRIO.node}, 99
    )
    yield decision(
        "the end comes before the selector",
        "ENDED",
        0,
        three,
        DELTA,
        {**EVENT_RECORD, "id": OTHER},
        99,
        at=str(end),
    )
    yield from consent_vectors()


def consent_vectors():
    """Rows with what they say of a person and on what ground; Brio is asked for, or Cedar below it."""
    granted = fields_of((4, 1), (4, 2), (4, 7), (4, 19), (4, 20), (4, 21))
    root, two = make_chain(1, 0, field=granted), make_chain(2, 0, field=granted)
    bare = make_chain(1, 0, field=fields_of((4, 1), (4, 7)))

    def row(name="Ada", basis=None, purpose=None, recipients=None, company=None, diet=None):
        cells = {2: name, 7: company, 17: diet, 19: basis, 20: purpose, 21: recipients}
        return [{"number": n, "value": text.encode()} for n, text in cells.items() if text is not None]

    def asked(name, stop, fields, field=None, grants=root, firm=BRIO, **changes):
        link = len(grants) - 1 if stop == "CONSENT" else 0
        called = {"fields": fields, "recipient_name": firm.name, **changes}
        return decision(f"consent: {name}", stop, link, grants, firm, GUEST_RECORD, field, **called)

    brio_id = ref.base32(BRIO.node)
    yield asked("a name without a ground stays home", "CONSENT", row())
    yield asked("every field of it does", "CONSENT", row(company="Ada Ltd"), 7)
    yield asked("a field that is not granted is named first", "FIELD", row(diet="vegan"), 17)
    yield asked("waived in writing", "NONE", row(), 2, waived=True)
    yield asked("nothing said of a person", "NONE", row(name=None, company="Ada Ltd"), 7)
    yield asked("the personal field is not granted", "NONE", row(company="Ada Ltd"), 7, bare)
    yield asked("a contract", "NONE", row(basis="contract"), 2)
    yield asked("not known yet", "CONSENT", row(basis="unknown"), 2)
    yield asked("a ground nobody knows", "CONSENT", row(basis="whim"), 2)
    yield asked("a purpose of the grant among others", "NONE", row(basis="contract", purpose="news; Event"))
    yield asked("other purposes", "CONSENT", row(basis="contract", purpose="news, eventful"))
    yield asked("consent that names nobody", "CONSENT", row(basis="consent", purpose="event"))
    yield asked("consent that names the company", "NONE", row(basis="consent", recipients="Cedar, BRIO "))
    yield asked(
        "wide letters, a mark, an ideographic comma",
        "NONE",
        row(basis="consent", recipients="\u677e\u3001\uff22r\u00edo\u3001x"),
    )
    yield asked("consent that names another", "CONSENT", row(basis="consent", recipients="Cedar"))
    yield asked("a longer name is another", "CONSENT", row(basis="consent", recipients="Brio North"))
    yield asked("a contract for another company", "CONSENT", row(basis="contract", recipients="Cedar"))
    yield asked(
        "the first sixteen characters of its id", "NONE", row(basis="consent", recipients=f"x\n{brio_id[:16]}")
    )
    yield asked("fifteen are too few", "CONSENT", row(basis="consent", recipients=brio_id[:15]))
    yield asked(
        "a name with a comma in it",
        "NONE",
        row(basis="consent", recipients="Cedar; Brio, Inc."),
        recipient_name="Brio, Inc.",
    )
    long = ";".join(["x"] * 63 + ["Brio"])
    yield asked("the last entry that is read", "NONE", row(basis="consent", recipients=long))
    yield asked("one entry too many", "CONSENT", row(basis="consent", recipients="x;" + long))
    cedar = row(basis="consent", recipients="Brio")
    yield asked("passed on to one who is not named", "CONSENT", cedar, 2, two, CEDAR)
    both = row(basis="consent", recipients="Brio, Cedar")
    yield asked("passed on to one who is", "NONE", both, 2, two, CEDAR)
    early = make_chain(1, 0, field=granted, not_after_ms=NOW + 1)
    yield asked("time is asked before", "ENDED", row(), 2, early, at=str(NOW + 1))

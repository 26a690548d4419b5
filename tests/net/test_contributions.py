# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_contributions.py - one guest list: rows that come back, with real daemons.

Acme asks Brio for guests, Brio passes the question on to Cedar. What each brings is asserted at Acme and at the company
that must not see it.
"""
from hansa_net import Net, main
from three import accept, captured, company, found_at

EVENT_FIELDS = "event.name,event.startDate,event.place,event.status"
GUEST_FIELDS = "attendee.event,attendee.name,attendee.organization"
WANT = "attendee.name,attendee.email,attendee.organization"
UNTIL = "2027-12-31"


def launch(acme, name="Spring launch", **fields):
    return acme.cli("event add", name=name, startDate="2027-05-20 18:00 Europe/Berlin", place="Hamburg", **fields)["id"]


def invite(giver, receiver, event, title="Spring launch", **terms):
    giver.cli("share create", event, partner=receiver.name, fields=f"{EVENT_FIELDS},{GUEST_FIELDS}", purpose="event",
              until=UNTIL, **terms)
    accept(receiver, title)
    receiver.wait(lambda: [e for e in receiver.items("event list") if e["id"] == event], 30, "the event is there")


def person(node, event, name, **fields):
    given, family = name.split()
    consent = {"consentBasis": "consent", "consentPurpose": "event", "consentRecipients": "Acme"}
    contact = node.cli("contact add", givenName=given, familyName=family, **{**consent, **fields})["id"]
    node.cli("guest add", event, contact)
    return [g["id"] for g in node.items("guest list", event) if g["name"] == name][0]


def names_at(node, event):
    return sorted(g["name"] for g in node.items("guest list", event))


def brought(node, event):
    return {row["name"]: row for row in node.items("guest brought", event)}


def a_direct_contribution(t):
    with Net() as net:
        acme, brio = company(net, "Acme"), company(net, "Brio", "FR")
        net.pair(acme, brio)
        event = launch(acme)
        invite(acme, brio, event, want=WANT, quota=2)
        ada = person(brio, event, "Ada Quill", email="ada.quill@brio.example", organization="Quill AG")
        preview = brio.cli("guest contribute", event, preview=True)
        t.same("a preview counts what would go", (preview["going"], preview["state"]), (1, "preview"))
        t.same("and sends nothing", [s for s in brio.items("share list") if s["kind"] == "contribution"], [])
        brio.cli("guest contribute", event)
        acme.wait(lambda: names_at(acme, event) == ["Ada Quill"], 30, "Ada is on Acme's list")
        row = acme.items("guest list", event)[0]
        t.same("the row is Brio's", row["owner"], "Brio")
        t.same("with what was asked for", acme.show("attendee", ada)["fields"].get("email"), "ada.quill@brio.example")
        brio.wait(lambda: brought(brio, event)["Ada Quill"]["state"] == "taken", 30, "Brio holds Acme's word")
        t.that("and when", brought(brio, event)["Ada Quill"]["acknowledged"], brought(brio, event))
        person(brio, event, "Ben Rook", email="ben@brio.example", organization="Rook KG")
        person(brio, event, "Cleo Third", email="cleo.third@brio.example", organization="Third SE")
        brio.wait(lambda: brought(brio, event)["Cleo Third"]["state"] == "refused", 30, "one is over the quota")
        t.that("the refusal says why", "quota" in brought(brio, event)["Cleo Third"]["reason"], brought(brio, event))
        t.same("the others are on the list", names_at(acme, event), ["Ada Quill", "Ben Rook"])
        brio.cli("attendee set", ada, jobTitle="Director", email="ada@quill.example")
        acme.wait(lambda: acme.show("attendee", ada)["fields"].get("email") == "ada@quill.example", 30, "a change flows")
        t.same("a field that was not asked for stays at home", acme.show("attendee", ada)["fields"].get("jobTitle"), None)
        t.that("and on the wire too", b"Director" not in captured(brio), "Director went out")


def three(net, **terms):
    """Acme's event at Brio, and at Cedar through Brio; who knows whom: Acme and Brio, Brio and Cedar."""
    acme, brio, cedar = company(net, "Acme"), company(net, "Brio", "FR"), company(net, "Cedar", "CN")
    net.pair(acme, brio)
    net.pair(brio, cedar)
    event = launch(acme)
    invite(acme, brio, event, want=WANT, depth=1, **terms)
    invite(brio, cedar, event, contribute=True)
    return acme, brio, cedar, event


def sealed_through_brio(t):
    with Net() as net:
        acme, brio, cedar, event = three(net, quota=3)
        secrets = [b"zhang.wei.4417", b"Pagoda Instruments 9921"]
        zhang = person(cedar, event, "Wei Zhangxyzzy", email="zhang.wei.4417@cedar.example", organization="Pagoda Instruments 9921")
        preview = cedar.cli("guest contribute", event, preview=True)
        t.same("Cedar sees to whom it would go", (preview["partner"], preview["going"]), ("Acme", 1))
        cedar.cli("guest contribute", event)
        acme.wait(lambda: names_at(acme, event) == ["Wei Zhangxyzzy"], 40, "Cedar's guest is on Acme's list")
        row = acme.items("guest list", event)[0]
        t.same("Acme reads what it asked for", acme.show("attendee", zhang)["fields"].get("organization"), "Pagoda Instruments 9921")
        t.same("as Cedar's", row["owner"], "Cedar")
        t.same("not verified: Acme knows Cedar from Brio alone", row["verified"], False)
        words = [p["words"] for p in cedar.items("partner list") if p["name"] == "Acme"][0]
        t.refused("other words confirm nothing", acme.refusal("partner confirm", "Cedar", words="able " * 6))
        acme.cli("partner confirm", "Cedar", words=words)
        t.same("when words were compared it is", acme.items("guest list", event)[0]["verified"], True)
        cedar.wait(lambda: brought(cedar, event)["Wei Zhangxyzzy"]["state"] == "taken", 40, "Cedar holds Acme's signed word")
        t.same("Brio has no such guest", names_at(brio, event), [])
        carried = brio.items("guest carried", event)
        t.same("but can count what it carries", [(c["company"], c["rows"]) for c in carried], [("Cedar", 1)])
        t.same("nowhere at Brio, in its files or in the memory of its processes, stands a word of it",
               found_at(brio, [*secrets, b"Zhangxyzzy"], memory=True), set())
        t.that("the test would see it: it is at Cedar", found_at(cedar, secrets), "not even at Cedar")
        cedar.cli("attendee set", zhang, organization="Pagoda Optics 1187")
        acme.wait(lambda: acme.show("attendee", zhang)["fields"].get("organization") == "Pagoda Optics 1187", 40, "a change goes the same way")
        cedar.cli("attendee remove", zhang)
        acme.wait(lambda: names_at(acme, event) == [], 40, "a row that Cedar removes goes from Acme's list")
        brio.wait(lambda: brio.items("guest carried", event) == [], 40, "and from Brio's count")
        for node in (acme, brio, cedar):
            t.same(f"{node.name} has no dead letters", node.items("deadletter list"), [])


def the_whole_chain_may_see(t):
    with Net() as net:
        acme, brio, cedar, event = three(net, visible="chain")
        invite_terms = [o for o in cedar.items("offer list") if o["kind"] == "event"][0]["id"]
        t.same("Cedar reads who will see its guests", cedar.cli("offer show", invite_terms)["terms"]["visible"], "chain")
        person(cedar, event, "Cara Chain", email="cara@cedar.example", organization="Chain Ltd", consentRecipients="Acme, Brio")
        person(brio, event, "Bruno Chain", email="bruno@brio.example", organization="Bridge SA", consentRecipients="Acme, Cedar")
        cedar.cli("guest contribute", event)
        brio.cli("guest contribute", event)
        for node in (acme, brio, cedar):
            node.wait(lambda node=node: names_at(node, event) == ["Bruno Chain", "Cara Chain"], 60,
                      f"{node.name} sees the guests of the whole chain")
            t.that(f"{node.name} sees the guests of the whole chain", True)
        for node in (acme, brio, cedar):
            t.same(f"{node.name} has no dead letters", node.items("deadletter list"), [])


def brio_is_away(t):
    with Net() as net:
        acme, brio, cedar, event = three(net)
        person(cedar, event, "Anna Away", email="anna@cedar.example", organization="Away Ltd")
        brio.stop()
        cedar.cli("guest contribute", event)
        person(cedar, event, "Bela Later", email="bela@cedar.example", organization="Later Ltd")
        t.same("while Brio is away Cedar knows that they are on their way",
               {row["state"] for row in cedar.items("guest brought", event)}, {"on its way"})
        brio.start(capture=brio.home + ".capture")
        acme.wait(lambda: names_at(acme, event) == ["Anna Away", "Bela Later"], 60, "when Brio is back both arrive")
        cedar.wait(lambda: {row["state"] for row in cedar.items("guest brought", event)} == {"taken"}, 60, "and Cedar hears of it")
        t.same("once", len(acme.items("guest list", event)), 2)
        acme.stop()
        person(cedar, event, "Cara Night", email="cara@cedar.example", organization="Night Ltd")
        cedar.kill("core")
        brio.kill("core")
        acme.start(capture=acme.home + ".capture")
        acme.wait(lambda: "Cara Night" in names_at(acme, event), 60, "what was carried while Acme was away arrives")
        t.same("nothing is lost, nothing is there twice", names_at(acme, event), ["Anna Away", "Bela Later", "Cara Night"])


main(a_direct_contribution, sealed_through_brio, the_whole_chain_may_see, brio_is_away)

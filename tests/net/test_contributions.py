# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_contributions.py - one guest list: rows that come back, with real daemons.

Acme asks Brio for guests, Brio passes the question on to Cedar. What each brings is asserted at Acme and at the company
that must not see it.
"""
import os

from hansa_net import Net, main

EVENT_FIELDS = "event.name,event.startDate,event.place,event.status"
GUEST_FIELDS = "attendee.event,attendee.name,attendee.organization"
WANT = "attendee.name,attendee.email,attendee.organization"
UNTIL = "2027-12-31"


def company(net, name, country="DE"):
    return net.node(name, country, options={"capture": os.path.join(net.folder, name.lower() + ".capture")})


def captured(node):
    with open(node.home + ".capture", "rb") as f:
        return f.read()


def launch(acme, name="Spring launch", **fields):
    return acme.cli("event add", name=name, startDate="2027-05-20 18:00 Europe/Berlin", place="Hamburg", **fields)["id"]


def accept(node, title):
    offer = node.wait(lambda: [o for o in node.items("offer list") if title in o["title"] and o["state"] == "open"], 30,
                      f"{node.name} is offered {title}")[0]["id"]
    node.cli("offer accept", offer)


def invite(giver, receiver, event, title="Spring launch", **terms):
    giver.cli("share create", event, partner=receiver.name, fields=f"{EVENT_FIELDS},{GUEST_FIELDS}", purpose="event",
              until=UNTIL, **terms)
    accept(receiver, title)
    receiver.wait(lambda: [e for e in receiver.items("event list") if e["id"] == event], 30, "the event is there")


def person(node, event, name, **fields):
    given, family = name.split()
    contact = node.cli("contact add", givenName=given, familyName=family, consentBasis="consent", consentPurpose="event",
                       consentRecipients="Acme", **fields)["id"]
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


main(a_direct_contribution)

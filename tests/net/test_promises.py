# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_promises.py - promises of the design that a person would notice, by number, with real nodes."""
import os

from hansa_net import Net, main, partner

TERMS = {"partner": "Brio", "purpose": "event", "until": "2037-12-31", "fields": "event.name,event.place"}


def on_disk(node, text):
    """Files of the node's home in which this text stands."""
    found = []
    for folder, _, names in os.walk(node.home):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    if text.encode() in f.read():
                        found.append(name)
    return found


def offered(brio, title):
    return brio.wait(lambda: [o for o in brio.items("offer list") if o["title"] == title and o["state"] == "open"], 30,
                     f"{title} is offered")[0]["id"]


def p9_every_change_has_its_entry(t):
    with Net() as net:
        acme = net.node("Acme")
        changes = [("contact add", (), {"name": "Ada"}), ("event add", (), {"name": "Launch"}), ("field add", ("contact", "shoe"), {}),
                   ("partner invite", (), {})]
        for words, positional, options in changes:
            before = acme.cli("audit verify")["entries"]
            acme.cli(words, *positional, **options)
            after = acme.cli("audit verify")
            t.same(f"P9: `{words}` leaves one entry, and the chain holds", (after["entries"], after["ok"]), (before + 1, True))
        before = acme.cli("audit verify")["entries"]
        acme.cli("contact list")
        acme.refusal("event add", colour="red")
        t.same("P9: looking and being refused leave none", acme.cli("audit verify")["entries"], before)
        t.same("P9: no personal data stands in the audit", [e for e in acme.items("audit list") if "Ada" in str(e)], [])


def p10_p12_alone_and_unharmed(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(acme, cedar)
        brio.stop()
        event = acme.cli("event add", name="Alone", place="Kiel")["id"]
        t.that("P12: with a partner away local work goes on", acme.show("event", event)["fields"]["place"] == "Kiel")
        acme.cli("share create", event, **TERMS)
        acme.cli("share create", event, **{**TERMS, "partner": "Cedar"})
        cedar.cli("offer accept", offered(cedar, "Alone"))
        cedar.wait(lambda: cedar.show("event", event), 20, "Cedar has the event")
        t.that("P10: one partner's absence does not hold up another", True)
        stop = acme.cli("share stop", acme.items("share list", search="Brio")[0]["id"], reason="changed our mind")
        t.same("P12: and revocation succeeds", stop["state"], "stopped")
        brio.start()
        brio.wait(lambda: partner(brio, "Acme")["link"] == "up", 30, "Brio is back")
        t.same("P12: the stopped share never reaches it", [o for o in brio.items("offer list") if o["state"] == "open"], [])


def p11_erased_is_gone(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        for place, how in (("canary-declined-4471", "declined"), ("canary-stopped-9023", "stopped")):
            event = acme.cli("event add", name=how, place=place)["id"]
            share = acme.cli("share create", event, **TERMS)["id"]
            offer = offered(brio, how)
            brio.wait(lambda place=place: on_disk(brio, place), 20, "the value is at Brio")
            t.that(f"P11: before it is {how} the value is on Brio's disk", True)
            if how == "declined":
                brio.cli("offer decline", offer, reason="no")
            else:
                brio.cli("offer accept", offer)
                acme.wait(lambda share=share: acme.cli("share show", share)["state"] == "accepted", 20)
                acme.cli("share stop", share)
            brio.wait(lambda place=place: not on_disk(brio, place), 20, f"the {how} value is gone from every file of Brio's home")
            t.that(f"P11: {how}, it is in no file of Brio's home: tables, log, or capture", True)


main(p9_every_change_has_its_entry, p10_p12_alone_and_unharmed, p11_erased_is_gone)

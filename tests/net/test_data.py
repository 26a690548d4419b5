# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_data.py - what a data protection officer asks: where is this person's data, what did that company have, and
the register of what is shared.
"""
from hansa_net import Net, main
from three import accept, company

SHARED = {"purpose": "event", "until": "2037-12-31"}
FIELDS = "event.name,attendee.event,attendee.name,attendee.email"


def answers(t):
    with Net() as net:
        acme, brio = company(net, "Acme"), company(net, "Brio", "FR")
        net.pair(acme, brio)
        ada = acme.cli("contact add", name="Ada", email="ada@example.com", telephone="+49 30 5550100", consentBasis="contract")["id"]
        event = acme.cli("event add", name="Launch")["id"]
        acme.cli("guest add", event, ada)
        row = acme.items("attendee list", event=event)[0]["id"]

        def lines(record=ada):
            return {(r["id"], r["company"]): r for r in acme.items("data where", record)}

        alone = lines()
        t.that("before anything is shared only the owner has her", sorted(alone) == sorted([(ada, "Acme"), (row, "Acme")]))
        share = acme.cli("share create", event, partner="Brio", fields=FIELDS, **SHARED)["id"]
        accept(brio, "Launch")
        acme.wait(lambda: (row, "Brio") in lines(), 30, "Brio has the row")
        held = lines()
        t.that("then her row is at Brio, and her contact is not", (ada, "Brio") not in held)
        brios = held[row, "Brio"]
        t.that("with its fields, purpose, ground, beginning and end",
               brios["fields"] == ["event", "name", "email", "consentBasis", "consentPurpose", "consentRecipients", "consentDate"]
               and brios["purpose"] == ["event"] and brios["basis"] == "contract" and brios["since"] and brios["until"], brios)
        t.that("her telephone is not among them", "telephone" not in brios["fields"])
        t.that("Brio answers with whose she is", [r["state"] for r in brio.items("data where", row)] == ["theirs, we have it"])
        other = acme.cli("contact add", name="Bob")["id"]
        t.that("of another person this says nothing", [r["company"] for r in acme.items("data where", other)] == ["Acme"])

        t.that("a breach report for Brio names the row", [r["id"] for r in acme.items("data held", "Brio") if r["type"] == "attendee"] == [row])
        t.that("none for a time before it was shared", acme.items("data held", "Brio", to="2020-01-01") == [])
        t.that("a time that ends before it begins is refused",
               "before it begins" in str(acme.refusal("data held", "Brio", **{"from": "2027-02-01", "to": "2027-01-01"})))
        t.that("and a day that is none", acme.refusal("data held", "Brio", to="soon") is not None)

        line = [r for r in acme.items("data register") if r["company"] == "Brio"][0]
        t.that("the register has one line for the share", line["direction"] == "to" and line["country"] == "FR"
               and line["purpose"] == ["event"] and "attendee.email" in line["fields"] and line["records"] >= 2, line)
        t.that("and at Brio the same from the other side", [r["direction"] for r in brio.items("data register")] == ["from"])

        acme.cli("share stop", share)
        acme.wait(lambda: lines()[row, "Brio"]["erased"], 30, "Brio says that it erased the row")
        t.that("after the end the line stays, with Brio's own word that it is erased", lines()[row, "Brio"]["state"] == "says it is erased")
        t.that("a report about the time since then has nothing", acme.items("data held", "Brio", **{"from": "2037-01-01", "to": "2037-02-01"}) == [])
        t.that("one about the time before still names it", [r["id"] for r in acme.items("data held", "Brio") if r["type"] == "attendee"] == [row])


main(answers)

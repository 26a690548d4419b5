# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_data.py - what a data protection officer asks: where is this person's data, what did that company have, and
the register of what is shared.
"""
from hansa_net import Net, main
from three import accept, company

SHARED = {"purpose": "event", "until": "2037-12-31"}
FIELDS = "event.name,attendee.event,attendee.name,attendee.email"


def who_never_had_her(t, net, acme, brio):
    """Four guests, two erased: a partner that comes later hears nothing of them, and one that had them has them no more."""
    cedar = company(net, "Cedar", "IT")
    net.pair(acme, cedar)
    people = [acme.cli("contact add", name=f"Guest {n}", email=f"guest{n}@example.com", consentBasis="contract")["id"] for n in range(4)]
    event = acme.cli("event add", name="Gala")["id"]
    for person in people:
        acme.cli("guest add", event, person)
    rows = {r["title"]: r["id"] for r in acme.items("attendee list", event=event)}
    gone = sorted([rows["Guest 0"], rows["Guest 1"]])
    share = acme.cli("share create", event, partner="Brio", fields=FIELDS, **SHARED)["id"]
    accept(brio, "Gala")
    brio.wait(lambda: len(brio.items("attendee list", event=event)) == 4, 30, "Brio has four guests")
    for person in people[:2]:
        acme.cli("contact erase", person)
    brio.wait(lambda: len(brio.items("attendee list", event=event)) == 2, 30, "Brio hears that two are removed")

    def held(name, **time):
        return {r["id"]: r for r in acme.items("data held", name, **time)}

    acme.wait(lambda: all(held("Brio")[row]["state"] == "removed there" for row in gone), 30, "Acme knows that the removals arrived")
    there = [held("Brio")[row] for row in gone]
    t.that("what arrived as removed has its time, and names no field", all(r["erased"] and r["fields"] == [] for r in there), there)
    later = held("Brio", **{"from": "2035-01-01", "to": "2035-02-01"})
    t.same("a report about a later time does not name them", [row for row in gone if row in later], [])
    t.same("who stays is there as before", {held("Brio")[rows["Guest 2"]]["state"], later[rows["Guest 2"]]["state"]}, {"has the newest"})
    lens = acme.cli("share lens", event, partner="Cedar", fields=FIELDS, **SHARED)
    t.same("the lens counts who is left", (lens["records"], len(lens["items"])), (3, 3))
    made = acme.cli("share create", event, partner="Cedar", fields=FIELDS, **SHARED)
    t.same("so does the new share", made["records"], 3)
    acme.wait(lambda: len(held("Cedar")) == 3, 30, "Cedar has what there is")
    shown = accept(cedar, "Gala")
    t.same("Cedar is offered the event and two guests", (shown["records"], shown["records_arrived"], sorted(i["title"] for i in shown["items"])),
           (3, 3, ["Gala", "Guest 2", "Guest 3"]))
    cedar.wait(lambda: len(cedar.items("attendee list", event=event)) == 2, 30, "Cedar's list")
    t.same("and never hears that there was anybody else", [cedar.refusal("data where", row) is not None for row in gone], [True, True])
    t.same("nor does Acme say that Cedar had them", [row for row in gone if row in held("Cedar")], [])
    acme.cli("consent withdraw", people[2])
    acme.wait(lambda: held("Brio")[rows["Guest 2"]]["state"] == "says it is erased", 30, "Brio says that it erased the third")
    falls = acme.cli("share stop", share, preview=True)["falls"]
    t.same("what would fall is the event and who is left", [(f["company"], f["rows"]) for f in falls], [("Brio", 2)])
    register = [r["records"] for r in acme.items("data register") if r["company"] == "Brio" and r["title"] == "Gala"]
    t.same("so says the register", register, [2])
    acme.cli("share stop", share)
    acme.wait(lambda: all(r["erased"] for r in held("Brio").values()), 30, "Brio has erased all")
    said = sorted((r["reason"], r["records"]) for r in acme.items("receipt list") if r["company"] == "Brio" and r["title"] == "Gala")
    t.same("and Brio's receipts count what it had", said, [("REVOKED", 2), ("WITHDRAWN", 1)])


def what_names_her(t, node):
    """Texts that an erasure leaves alone, whichever way they name her."""
    anna = node.cli("contact add", name="Adler, Anna2", givenName="Anna2", familyName="Adler", email="anna2@example.com", mobile="+86 138 0013 8111")["id"]
    wang = node.cli("contact add", name="Xiaoming Wang", givenName="小明", familyName="王")["id"]
    texts = {"Anna2 Adler rang": anna, "Adler Anna2 again": anna, "ring 13800138111": anna, "ring 0086 (138) 0013-8111 late": anna, "王小明来电": wang}
    notes = {node.cli("activity add", subject="Note", description=text, form="note")["id"]: person for text, person in texts.items()}
    node.cli("activity add", subject="Note", description="ring 13800138112, Anna Adler, 1380013, 8111", form="note")
    other = node.cli("contact add", name="Somebody Else", note="write to ANNA2@example.com instead")["id"]
    node.cli("contact add", name="A. A.", email="anna2@example.com", note="Anna2 Adler once more")
    node.cli("activity add", subject="Anna2 Adler", contact=anna, form="call")

    def listed(person):
        return sorted(m["id"] for m in node.items("contact mentions", person))

    t.same("her name either way, her number however written, and notes of other people", listed(anna),
           sorted([note for note, person in notes.items() if person == anna] + [other]))
    t.same("a name without a blank", listed(wang), [note for note, person in notes.items() if person == wang])
    t.that("a list that is cut says so", "--limit" in node.run("contact", "mentions", anna, "--limit", "2").stderr)
    t.that("one that is whole does not", "--limit" not in node.run("contact", "mentions", anna, "--limit", "5").stderr)


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
        what_names_her(t, acme)
        who_never_had_her(t, net, acme, brio)


main(answers)

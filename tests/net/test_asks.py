# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_asks.py - what guests of others lack: Acme looks and asks, whoever brought them answers in place."""
from hansa_net import Net, main

EVENT_FIELDS = "event.name,event.startDate,event.place,event.status"
ROWS_MAX = 32
WANT = "attendee.name,attendee.email,attendee.organization,attendee.telephone"
ANNA = {"name": "Anna Quill", "telephone": "+49 30 5550177", "organization": "Quill AG"}


def accept(node, title="Launch"):
    offer = node.wait(lambda: [o for o in node.items("offer list") if title in o["title"] and o["state"] == "open"], 30,
                      f"{node.name} is offered {title}")[0]["id"]
    node.cli("offer accept", offer)


def invite(giver, receiver, event, **terms):
    giver.cli("share create", event, partner=receiver.name, fields=f"{EVENT_FIELDS},attendee.event,attendee.name", purpose="event",
              until="2037-12-31", **terms)
    accept(receiver)
    receiver.wait(lambda: [e for e in receiver.items("event list") if e["id"] == event], 30, "the event is there")


def row(node, event, **fields):
    return node.cli("attendee add", event=event, consentBasis="consent", consentPurpose="event", consentRecipients="Acme", **fields)["id"]


def missing(acme, event, **options):
    return [(m["title"], m["company"], sorted(m["missing"])) for m in acme.items("guest missing", event, **options)]


def asks(node, **options):
    return [(a["title"], a["partner"], sorted(a["missing"]), a["note"], a["state"]) for a in node.items("ask list", **options)]


def arrived(acme, event, count):
    acme.wait(lambda: sum(len(g["claims"]) for g in acme.items("guest list", event)) == count, 40, f"{count} rows are on Acme's list")


def asked_and_answered(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event, want=WANT)
        ada = row(brio, event, name="Ada Rook", organization="Rook KG")
        ben = row(brio, event, name="Ben Full", email="ben@full.example", organization="Full SE", telephone="+33 1 44 55 66 77")
        cleo = row(brio, event, name="Cleo Short", email="cleo@short.example", organization="Short KG")
        look = brio.cli("guest contribute", event, preview=True)
        t.same("before anything goes, the bringer sees which rows will lack what",
               sorted((r["title"], r["missing"]) for r in look["lacking_records"]),
               [("Ada Rook", ["email", "telephone"]), ("Cleo Short", ["telephone"])])
        brio.cli("guest contribute", event)
        arrived(acme, event, 3)
        t.same("the organiser sees what is wanted and not there, row by row", sorted(missing(acme, event)),
               [("Ada Rook", "Brio", ["E-mail", "Telephone"]), ("Cleo Short", "Brio", ["Telephone"])])
        page = acme.cli("guest missing", event, limit=1)
        t.same("and company by company", (page["total"], page["by_company"]), (2, [{"company": "Brio", "rows": 3, "missing": 2}]))
        t.same("in pages", len(acme.items("guest missing", event, limit=1)), 2)

        look = acme.cli("guest ask", event, preview=True)
        t.same("a preview says how much would be asked", (look["rows"], look["preview"]), (2, True))
        acme.cli("guest ask", event, rows=[ada], fields="email", note="canary")
        brio.wait(lambda: asks(brio), 20, "Brio is asked")
        t.same("asked are the rows and fields that were named", asks(brio), [("Ada Rook", "Acme", ["E-mail"], "canary", "open")])
        acme.cli("guest ask", event, note="For the badges")
        brio.wait(lambda: len(asks(brio)) == 2, 20, "Brio is asked for the rest")
        t.same("a newer ask takes the place of the older", sorted(asks(brio)),
               [("Ada Rook", "Acme", ["E-mail", "Telephone"], "For the badges", "open"),
                ("Cleo Short", "Acme", ["Telephone"], "For the badges", "open")])
        t.that("the organiser sees when it asked", all(m["asked"] for m in acme.items("guest missing", event)))

        brio.cli("attendee set", ada, email="ada@rook.example")
        t.same("a part of the answer leaves the ask open", asks(brio)[0][2], ["Telephone"])
        brio.cli("attendee set", ada, telephone="+33 1 44 55 66 78")
        t.same("with the last field it closes by itself", [a[0] for a in asks(brio)], ["Cleo Short"])
        acme.wait(lambda: missing(acme, event) == [("Cleo Short", "Brio", ["Telephone"])], 20, "the answer has come in place")
        number = brio.items("ask list")[0]["id"]
        t.refused("closing without an answer needs a reason", brio.refusal("ask close", number, reason=""), "USAGE")
        brio.cli("ask close", number, reason="She gives no number")
        t.same("closed, it is in the list of all with its reason", [(a["title"], a["state"], a["reason"]) for a in brio.items("ask list", all=True)
                                                                    if a["id"] == number], [("Cleo Short", "closed", "She gives no number")])
        t.refused("once", brio.refusal("ask close", number, reason="x"), "CONFLICT")
        t.same("nothing else is open", asks(brio), [])
        t.same("whose row has everything was never asked for", [a for a in asks(brio, all=True) if a[0] == "Ben Full"], [])
        t.refused("only the organiser asks", brio.refusal("guest ask", event), "CONFLICT")

        acme.cli("guest ask", event)
        brio.wait(lambda: asks(brio), 20, "Brio is asked again")
        brio.cli("attendee remove", cleo)
        t.same("a removed row takes its ask with it", asks(brio), [])
        dora = row(brio, event, name="Dora Late", organization="Late AG")
        arrived(acme, event, 3)
        acme.cli("guest ask", event)
        brio.wait(lambda: asks(brio), 20, "Dora is asked for")
        contribution = [s for s in brio.items("share list") if s["kind"] == "contribution"][0]["id"]
        brio.cli("share stop", contribution)
        t.same("a contribution taken back takes its asks with it", [a[4] for a in asks(brio, all=True) if a[0] == "Dora Late"], ["lapsed"])
        acme.wait(lambda: missing(acme, event) == [], 20, "nothing is missing of what is gone")
        t.that("no dead letters", acme.items("deadletter list") == brio.items("deadletter list") == [] and dora and ben)


def more_than_one_message(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event, want=WANT)
        people = "\n".join(["Name,Company,Consent basis,Consent purpose,Consent recipients"] +
                           [f"Guest {n:02},Big SE,consent,event,Acme" for n in range(ROWS_MAX + 1)])
        brio.cli("contact import", brio.file("people.csv", people))
        brio.wait(lambda: brio.cli("contact list", limit=1)["total"] == ROWS_MAX + 1, 20, "the contacts are there")
        brio.cli("guest add", event, all=True)
        brio.cli("guest contribute", event)
        arrived(acme, event, ROWS_MAX + 1)
        note = "n" * 4096
        asked = acme.cli("guest ask", event, note=note)
        t.same("one row more than fits in one message is asked for too", asked["rows"], ROWS_MAX + 1)
        brio.wait(lambda: len(asks(brio)) == ROWS_MAX + 1, 20, "all are asked for")
        t.same("each with what it lacks and with the note", {tuple(a[2:4]) for a in [(*a[:2], tuple(a[2]), a[3]) for a in asks(brio)]},
               {(("E-mail", "Telephone"), note)})
        t.refused("a longer note is refused", acme.refusal("guest ask", event, note=note + "n"), "TOO_BIG")
        entries = [e for e in acme.items("audit list") if e["action"] == "ask.sent"]
        t.same("in two messages", len(entries), 2)


def through_a_carrier_and_side_by_side(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event, want=WANT, depth=1)
        invite(brio, cedar, event, contribute=True)
        row(brio, event, **ANNA)
        brio.cli("guest contribute", event)
        arrived(acme, event, 1)
        before = acme.cli("guest missing", event, company="Brio")
        acme.cli("guest ask", event, note="For the badges")
        brio.wait(lambda: asks(brio), 20, "Brio is asked")
        asked = asks(brio)
        t.same("Brio is asked for what its row lacks", asked, [("Anna Quill", "Acme", ["E-mail"], "For the badges", "open")])

        hers = row(cedar, event, **ANNA, email="anna@quill.example")
        row(cedar, event, name="Wei Zhang", organization="Pagoda", telephone="+86 138 0013 8000")
        cedar.cli("guest contribute", event)
        arrived(acme, event, 3)
        t.same("two brought her: one line with two claims",
               sorted(len(g["claims"]) for g in acme.items("guest list", event)), [1, 2])
        after = acme.cli("guest missing", event, company="Brio")
        for page in (before, after):
            for item in page["items"]:
                item["asked"] = None
        t.same("what Brio's row lacks is what it was, whoever else brought her with an address", after, before)
        acme.cli("guest ask", event, note="For the badges")
        cedar.wait(lambda: asks(cedar), 40, "Cedar is asked, through Brio")
        t.same("Cedar is asked for its own row alone", asks(cedar), [("Wei Zhang", "Acme", ["E-mail"], "For the badges", "open")])
        t.same("and Brio is asked the same as before", asks(brio), asked)
        t.same("of Cedar's rows Brio hears nothing", [a for a in asks(brio, all=True) if a[0] == "Wei Zhang"], [])
        wei = [g for g in cedar.items("attendee list", event=event) if g["title"] == "Wei Zhang"][0]["id"]
        cedar.cli("attendee set", wei, email="wei@pagoda.example")
        t.same("Cedar's answer closes its ask", asks(cedar), [])
        acme.wait(lambda: missing(acme, event) == [("Anna Quill", "Brio", ["E-mail"])], 40, "Cedar's answer has come, sealed")
        t.that("and Brio's is still open", asks(brio) == asked and hers)


main(asked_and_answered, more_than_one_message, through_a_carrier_and_side_by_side)

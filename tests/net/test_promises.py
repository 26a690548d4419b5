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


def p2_p3_consent(t):
    """A row says something of a person: without a ground it is in no byte that leaves, with one it goes, and a waiver lets it."""
    with Net() as net:
        capture = os.path.join(net.folder, "acme.capture")
        acme, brio = net.node("Acme", options={"capture": capture}), net.node("Brio", "FR")
        net.pair(acme, brio)

        def has_left(text):
            with open(capture, "rb") as f:
                return text.encode() in f.read()

        event = acme.cli("event add", name="Launch")["id"]
        people = {"canary-none-7351": {}, "canary-unknown-2208": {"consentBasis": "unknown"},
                  "canary-purpose-8830": {"consentBasis": "contract", "consentPurpose": "newsletter"},
                  "canary-other-5176": {"consentBasis": "consent", "consentRecipients": "Cedar"},
                  "canary-yes-6402": {"consentBasis": "consent", "consentPurpose": "event", "consentRecipients": "brio"}}
        reasons = {"canary-none-7351": "NO_BASIS", "canary-unknown-2208": "UNKNOWN", "canary-purpose-8830": "PURPOSE",
                   "canary-other-5176": "RECIPIENT"}
        rows = {}
        for name, ground in people.items():
            contact = acme.cli("contact add", name=name, organization=f"org of {name}", **ground)["id"]
            acme.cli("guest add", event, contact)
            rows[name] = [g["id"] for g in acme.items("guest list", event) if g["name"] == name][0]
        terms = {"partner": "Brio", "purpose": "event", "until": "2037-12-31",
                 "fields": "event.name,attendee.name,attendee.organization"}
        lens = acme.cli("share lens", event, **terms)
        t.same("P3: the lens shows who goes", (lens["records"], lens["left_out"]), (2, 4))
        t.same("P3: and who stays, and why", {r["title"]: r["stop"] for r in lens["left_out_records"]}, reasons)
        made = acme.cli("share create", event, **terms)
        t.same("P3: so does the share", (made["records"], made["left_out"]), (2, 4))
        brio.cli("offer accept", offered(brio, "Launch"))
        brio.wait(lambda: brio.items("guest list", event), 30, "the one with a ground is at Brio")
        acme.cli("event set", event, place="Kiel")
        brio.wait(lambda: brio.show("event", event)["fields"].get("place") is None
                  and brio.show("event", event)["version"] == 2, 30, "something later came too")
        t.same("P2: with a ground it goes", [g["name"] for g in brio.items("guest list", event)], ["canary-yes-6402"])
        t.same("P2: without one it is in no byte that leaves, neither name nor company",
               [name for name in reasons if has_left(name)], [])
        why = acme.cli("explain", "Brio", rows["canary-none-7351"], "organization")
        t.same("P3: explain says why not", (why["allowed"], why["stopped_by"]["stop"]), (False, "CONSENT"))
        t.that("P3: in words", "consentBasis" in why["sentence"], why["sentence"])

        acme.cli("attendee set", rows["canary-unknown-2208"], consentBasis="legitimateInterest")
        brio.wait(lambda: len(brio.items("guest list", event)) == 2, 30, "an answer lets the row go")
        t.that("P2: once the answer is there the row goes", has_left("canary-unknown-2208"))

        t.refused("a waiver says where it is written", acme.refusal("partner waive", "Brio"), "USAGE", "--note")
        acme.cli("partner waive", "Brio", note="contract of 2027-01-12, clause 4")
        shown = acme.cli("partner show", "Brio")
        t.same("it stands with the partner, with note and date",
               (shown["consent_waived"], shown["waiver"], "waived" in shown), (True, "contract of 2027-01-12, clause 4", True))
        brio.wait(lambda: len(brio.items("guest list", event)) == 5, 30, "what stayed home goes by itself")
        t.that("P2: a waiver lets what stayed home go", all(has_left(name) for name in reasons))
        t.same("P9: and it is in the audit", len([e for e in acme.items("audit list") if e["action"] == "partner.consent_waived"]), 1)
        acme.cli("partner waive", "Brio", end=True)
        late = acme.cli("attendee add", event=event, name="canary-late-9917")["id"]
        t.same("P2: ended, a ground is asked for again", acme.cli("explain", "Brio", late)["stopped_by"]["stop"], "CONSENT")


def p2_consent_records(t):
    """What a person says later refines the contact, and the rows made of her: a yes adds, a no takes away, a past date ends it."""
    steps = [
        # (what is told, the row's answer afterwards: basis, purposes, recipients)
        ("the contact's answer is the row's", None, ("consent", "event", "Brio")),
        ("a yes for the same purpose adds a company", {"recipients": "Cedar"}, ("consent", "event", "Brio; Cedar")),
        ("a yes for the same companies adds a purpose", {"purpose": "follow-up", "recipients": "Brio, Cedar"},
         ("consent", "event; follow-up", "Brio; Cedar")),
        ("a yes that would mix with it is not rounded up", {"purpose": "newsletter", "recipients": "Delta"},
         ("consent", "event; follow-up", "Brio; Cedar")),
        ("a yes on another ground changes nothing", {"basis": "contract", "recipients": "Delta"},
         ("consent", "event; follow-up", "Brio; Cedar")),
        ("a no for one purpose takes it away", {"purpose": "Follow-Up", "status": "withdrawn"}, ("consent", "event", "Brio; Cedar")),
        ("a no for another purpose takes nothing", {"purpose": "resale", "status": "refused"}, ("consent", "event", "Brio; Cedar")),
        ("a no for one company takes it away", {"recipients": "CEDAR", "status": "refused"}, ("consent", "event", "Brio")),
        ("a day that is past ends it", {"recipients": "Brio", "expiryDate": "2020-01-31"}, (None, None, None)),
    ]
    with Net() as net:
        acme = net.node("Acme")
        event = acme.cli("event add", name="Launch")["id"]
        ada = acme.cli("contact add", name="Ada", consentBasis="consent", consentPurpose="event", consentRecipients="Brio")["id"]
        acme.cli("guest add", event, ada)
        row = acme.items("guest list", event)[0]["id"]

        def answer(kind, record):
            fields = acme.show(kind, record)["fields"]
            return tuple(fields.get(name) for name in ("consentBasis", "consentPurpose", "consentRecipients"))

        for sentence, told, want in steps:
            if told is not None:
                acme.cli("consent add", **{"contact": ada, "basis": "consent", "purpose": "event", "status": "given", **told})
            t.same(f"P2: {sentence}", answer("attendee", row), want)
            t.same(f"P2: {sentence}: the contact too", answer("contact", ada), want)
        other = acme.cli("event add", name="Dinner")["id"]
        acme.cli("guest add", other, ada)
        t.same("P2: a guest made of her later says the same", answer("attendee", acme.items("guest list", other)[0]["id"]), (None, None, None))
        acme.cli("attendee set", row, consentBasis="contract")
        acme.cli("consent add", contact=ada, basis="consent", purpose="event", recipients="Brio", given="2999-01-01 12:00")
        t.same("P2: who says yes again later is asked no more", answer("contact", ada), ("consent", "event", "Brio"))


main(p2_p3_consent, p2_consent_records, p9_every_change_has_its_entry, p10_p12_alone_and_unharmed, p11_erased_is_gone)

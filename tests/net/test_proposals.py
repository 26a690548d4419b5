# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_proposals.py - Brio corrects a guest in Acme's list: proposed, looked at, accepted or declined, and
gone from every file afterwards.
"""
import http.client
import json
import os
import socket
import sqlite3

from hansa_net import Net, main

FIELDS = "event.name,attendee.event,attendee.name,attendee.telephone,attendee.jobTitle"
NARROW = "event.name,attendee.event,attendee.name,attendee.telephone"
TERMS = {"purpose": "event", "until": "2037-12-31"}
OPEN_MAX = 256
SIZE_MAX = 15 * 1024


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


def gone(t, sentence, text, *nodes):
    for node in nodes:
        node.wait(lambda node=node: not on_disk(node, text), 20, f"“{text}” is in no file of {node.name}'s home")
    t.that(sentence, True)


def received(node, **options):
    return [p for p in node.items("proposal list", **options) if p["direction"] == "received"]


def state_of(node, proposal):
    return [p["state"] for p in node.items("proposal list", all=True) if p["id"] == proposal]


def share(owner, partner, event, **options):
    """The share and the offer, accepted."""
    made = owner.cli("share create", event, partner=partner.name, **{**TERMS, "fields": FIELDS, **options})
    offer = partner.wait(lambda: [o for o in partner.items("offer list") if o["state"] == "open"], 30, "the offer")[0]["id"]
    partner.cli("offer accept", offer)
    return made["id"]


def guests(acme, *people):
    """An event with these guests; ids."""
    event = acme.cli("event add", name="Launch")["id"]
    return event, [acme.cli("attendee add", event=event, **person)["id"] for person in people]


ADA = {"name": "Ada", "consentBasis": "contract", "telephone": "+49 30 5550100", "jobTitle": "Engineer"}


def has(node, record):
    return node.wait(lambda: node.refusal("attendee show", record) is None, 20, f"{node.name} has the row")


def phone(node, record):
    return node.show("attendee", record)["fields"].get("telephone")


def accepted_and_declined(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event, (ada,) = guests(acme, ADA)
        share(acme, brio, event, depth=1, propose=True)
        has(brio, ada)
        share(brio, cedar, event, fields=NARROW)
        has(cedar, ada)

        look = brio.cli("proposal make", ada, telephone="+49 30 5550111", preview=True)
        t.same("a preview shows what was and what should be",
               [(c["field"], c["now"], c["new"]) for c in look["changes"]], [("telephone", "+49 30 5550100", "+49 30 5550111")])
        t.same("and nothing is kept of it", brio.items("proposal list", all=True), [])
        made = brio.cli("proposal make", ada, telephone="+49 30 5550111", comment="canary-note-3391")
        acme.wait(lambda: received(acme), 20, "Acme has the proposal")
        row = received(acme)[0]
        t.same("the owner sees who proposes for which record", (row["id"], row["partner"], row["title"], row["state"], row["stale"]),
               (made["id"], "Brio", "Ada", "open", False))
        shown = acme.cli("proposal show", row["id"])
        t.same("field by field: is now, was seen, should be", shown["changes"],
               [{"field": "telephone", "label": "Telephone", "now": "+49 30 5550100", "seen": "+49 30 5550100", "new": "+49 30 5550111"}])
        t.same("with its comment", shown["note"], "canary-note-3391")
        t.same("and nothing has changed yet", phone(acme, ada), "+49 30 5550100")
        t.refused("the author does not decide about it itself", brio.refusal("proposal accept", made["id"]), "CONFLICT")

        acme.cli("proposal accept", made["id"])
        t.same("accepted, the owner's record is changed", phone(acme, ada), "+49 30 5550111")
        for node in (brio, cedar):
            node.wait(lambda node=node: phone(node, ada) == "+49 30 5550111", 20, f"{node.name} has the correction")
        t.that("and everyone with a grant has it, also whom it was passed on to", True)
        brio.wait(lambda: state_of(brio, made["id"]) == ["accepted"], 20, "Brio hears of it")
        t.same("nothing is open any more", (acme.items("proposal list"), brio.items("proposal list")), ([], []))
        gone(t, "the comment is erased at both sides", "canary-note-3391", acme, brio)

        made = brio.cli("proposal make", ada, jobTitle="canary-title-7719")
        acme.wait(lambda: received(acme), 20, "Acme has the second")
        t.that("while open it is on both disks", on_disk(acme, "canary-title-7719") and on_disk(brio, "canary-title-7719"))
        t.refused("declining needs a reason", acme.refusal("proposal decline", made["id"], reason=""), "USAGE")
        acme.cli("proposal decline", made["id"], reason="The title is right")
        brio.wait(lambda: state_of(brio, made["id"]) == ["declined"], 20, "Brio hears of the second")
        outcome = [(p["direction"], p["reason"]) for p in brio.items("proposal list", all=True) if p["id"] == made["id"]]
        t.same("the author sees the outcome and the reason", outcome, [("sent", "The title is right")])
        t.same("what was declined changed nothing", acme.show("attendee", ada)["fields"]["jobTitle"], "Engineer")
        gone(t, "declined, it is in no file of either home", "canary-title-7719", acme, brio)
        t.refused("it is decided once", acme.refusal("proposal accept", made["id"]), "CONFLICT")

        t.refused("whoever was not given the right cannot propose", cedar.refusal("proposal make", ada, telephone="+49 30 5550109"), "NOT_GRANTED")
        t.refused("nor for its own record", acme.refusal("proposal make", ada, telephone="+49 30 5550109"), "CONFLICT")
        t.refused("nor what it may not read", brio.refusal("proposal make", ada, email="a@b.example"), "NOT_GRANTED")
        t.refused("nor another parent", brio.refusal("proposal make", ada, event=event), "USAGE")
        t.refused("nor a bad value", brio.refusal("proposal make", ada, telephone="no phone"), "USAGE")
        t.refused("nor what is so already", brio.refusal("proposal make", ada, name="Ada"), "USAGE")
        t.refused("the right is not widened on the way", brio.refusal("share create", event, partner="Cedar", fields="event.name", propose=True,
                                                                     purpose="other", until="2037-12-31"), said="more than")
        audit = str([e for node in (acme, brio) for e in node.items("audit list")])
        t.that("every step is in the audit", all(f"proposal.{w}" in audit for w in ("made", "received", "accept", "decline", "accepted", "declined")))
        t.that("without what was proposed", "canary" not in audit and "555" not in audit)


def stale_twice_and_taken_away(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event, (ada, bob) = guests(acme, ADA, {**ADA, "name": "Bob"})
        offer = share(acme, brio, event, propose=True)
        has(brio, ada)
        has(brio, bob)
        first = brio.cli("proposal make", ada, telephone="+49 30 5550121", jobTitle="Chief")["id"]
        second = brio.cli("proposal make", ada, telephone="+49 30 5550122")["id"]
        acme.wait(lambda: {p["id"] for p in received(acme)} >= {second}, 20, "both have come")
        fields = {p: [c["field"] for c in acme.cli("proposal show", p)["changes"]] for p in (first, second)}
        t.same("proposed anew, a field leaves the older proposal", fields, {first: ["jobTitle"], second: ["telephone"]})
        third = brio.cli("proposal make", ada, jobTitle="Chief engineer")["id"]
        acme.wait(lambda: {p["id"] for p in received(acme)} == {second, third}, 20, "the first is gone")
        t.same("one without fields left is replaced", (state_of(acme, first), state_of(brio, first)), (["replaced"], ["replaced"]))

        acme.cli("attendee set", ada, name="Ada Lovelace")
        shown = acme.cli("proposal show", third)
        t.same("what our record has become since makes it stale", (shown["stale"], shown["changes"][0]["seen"]), (True, None))
        acme.cli("proposal accept", third)
        row = acme.show("attendee", ada)["fields"]
        t.same("stale, it can be accepted all the same, and only its field changes", (row["name"], row["jobTitle"]),
               ("Ada Lovelace", "Chief engineer"))

        brio.wait(lambda: brio.show("attendee", ada)["fields"].get("jobTitle") == "Chief engineer", 20, "Brio has it")
        away = brio.run("proposal", "make", ada, "--jobTitle", "", "--json")
        away = json.loads(away.stdout)["id"]
        acme.wait(lambda: away in {p["id"] for p in received(acme)}, 20, "taking away has come")
        t.same("an empty value takes a field away", acme.cli("proposal show", away)["changes"][0]["new"], None)
        acme.cli("proposal accept", away)
        t.that("and it is away", "jobTitle" not in acme.show("attendee", ada)["fields"])

        about_bob = brio.cli("proposal make", bob, jobTitle="canary-bob-5512")["id"]
        acme.wait(lambda: about_bob in {p["id"] for p in received(acme)}, 20, "Bob's has come")
        acme.cli("attendee remove", bob)
        t.same("a removed record takes its proposals with it", state_of(acme, about_bob), ["lapsed"])
        brio.wait(lambda: state_of(brio, about_bob) == ["lapsed"], 20, "also at Brio")
        gone(t, "in every file", "canary-bob-5512", acme, brio)

        last = brio.cli("proposal make", ada, jobTitle="canary-ada-8843")["id"]
        acme.wait(lambda: last in {p["id"] for p in received(acme)}, 20, "the last has come")
        acme.cli("share stop", offer)
        t.same("a stopped share takes its proposals with it", state_of(acme, last), ["lapsed"])
        brio.wait(lambda: state_of(brio, last) == ["lapsed"], 20, "also at Brio")
        gone(t, "and they are in no file", "canary-ada-8843", acme, brio)


def refused_at_the_owner(t):
    """What Brio sends in good faith and Acme cannot take any more."""
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event, (ada, bob) = guests(acme, ADA, {**ADA, "name": "Bob"})
        offer = share(acme, brio, event, propose=True)
        has(brio, ada)
        has(brio, bob)
        letters = 0
        for record, what, fall in ((bob, "a record that is gone", lambda: acme.cli("attendee remove", bob)),
                                   (ada, "a lapsed grant", lambda: acme.cli("share stop", offer))):
            brio.stop()
            fall()
            acme.stop()
            brio.start()
            sent = brio.cli("proposal make", record, jobTitle="canary-late-1907")["id"]
            acme.start()
            acme.wait(lambda n=letters: len(acme.items("deadletter list")) > n, 30, "the dead letter")
            letters += 1
            last = acme.items("deadletter list")[-1]
            t.same(f"{what}: a dead letter with its reason", (last["kind"], last["reason"]), ("PROPOSAL", "No grant covers this record or field."))
            t.same(f"{what}: nothing is kept at the owner", acme.items("proposal list", all=True), [])
            brio.wait(lambda sent=sent: state_of(brio, sent) == ["declined"], 20, "Brio hears of it")
            row = [p for p in brio.items("proposal list", all=True) if p["id"] == sent][0]
            t.same(f"{what}: the author hears of it, in words", row["reason"], "No grant covers this record or field.")
            gone(t, f"{what}: what was proposed is gone", "canary-late-1907", acme, brio)


def through_a_carrier(t):
    """Cedar has no link with Acme: what it proposes goes through Brio, who was given less and does not read it."""
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event, (ada,) = guests(acme, ADA)
        share(acme, brio, event, depth=1, propose=True)
        has(brio, ada)
        share(brio, cedar, event, propose=True)
        has(cedar, ada)
        made = cedar.cli("proposal make", ada, jobTitle="canary-cedar-6620")["id"]
        acme.wait(lambda: received(acme), 40, "Acme has Cedar's proposal")
        t.same("the owner sees that it is Cedar's", [(p["partner"], p["title"]) for p in received(acme)], [("Cedar", "Ada")])
        t.same("the carrier holds nothing of it", (on_disk(brio, "canary-cedar-6620"), brio.items("proposal list", all=True)), ([], []))
        acme.cli("proposal decline", made, reason="No")
        cedar.wait(lambda: state_of(cedar, made) == ["declined"], 40, "Cedar hears of it")
        gone(t, "and it is erased at both ends", "canary-cedar-6620", acme, cedar)
        made = cedar.cli("proposal make", ada, jobTitle="Head of bridges")["id"]
        acme.wait(lambda: received(acme), 40, "Acme has the second")
        acme.cli("proposal accept", made)
        for node in (brio, cedar):
            node.wait(lambda node=node: node.show("attendee", ada)["fields"].get("jobTitle") == "Head of bridges", 40, f"{node.name} has it")
        cedar.wait(lambda: state_of(cedar, made) == ["accepted"], 40, "Cedar hears of the second")
        t.that("accepted, everyone has it", True)


class Api(http.client.HTTPConnection):
    """One connection to a node's socket, for what would take too long as commands."""

    def __init__(self, node):
        super().__init__("node")
        self.path = os.path.join(node.home, "api.sock")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def post(self, target, **body):
        self.request("POST", target, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(self.getresponse().read())


def as_many_as_allowed(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event, _ = guests(acme)
        api = Api(acme)
        rows = [api.post("/api/v1/records/attendee", fields={"event": event, "name": f"Guest {n}", "consentBasis": "legitimateInterest"})["id"] for n in range(OPEN_MAX + 2)]
        share(acme, brio, event, propose=True)
        brio.wait(lambda: len(brio.items("attendee list")) == len(rows), 30, "Brio has all rows")
        api = Api(brio)
        made = [api.post("/api/v1/proposals", record=row, fields={"jobTitle": "x"}) for row in rows[:OPEN_MAX + 1]]
        t.same(f"{OPEN_MAX - 1}, {OPEN_MAX}, and one more", ["id" in made[n] for n in (OPEN_MAX - 2, OPEN_MAX - 1, OPEN_MAX)], [True, True, False])
        t.same("the author is told to wait for answers", made[OPEN_MAX]["code"], "CONFLICT")
        acme.wait(lambda: len(received(acme)) == OPEN_MAX, 30, "all have come")

        brio.stop()  # a Brio that does not count
        with sqlite3.connect(os.path.join(brio.home, "hansa.db")) as db:
            db.execute("UPDATE proposal SET state = 3, fields = NULL")
        brio.start()
        sent = brio.cli("proposal make", rows[OPEN_MAX], jobTitle="x")["id"]
        brio.wait(lambda: state_of(brio, sent) == ["declined"], 30, "the owner's no")
        letter = acme.items("deadletter list")[-1]
        t.same("the owner refuses one too many", (letter["reason"], letter["detail"]), ("This is larger than the limit.", "open proposals"))
        t.same("and keeps what it has", len(received(acme)), OPEN_MAX)
        acme.cli("proposal decline", received(acme)[0]["id"], reason="no")
        sent = brio.cli("proposal make", rows[OPEN_MAX], jobTitle="x")["id"]
        acme.wait(lambda: sent in {p["id"] for p in received(acme)}, 30, "room for one")
        t.that("once one is decided there is room for one", True)
        api = Api(brio)
        for p in received(acme)[:8]:
            acme.cli("proposal decline", p["id"], reason="no")

        for size, want in ((SIZE_MAX - 1, True), (SIZE_MAX, True), (SIZE_MAX + 1, False)):
            comment, title, head = 4000, 8192, 16
            fields = {"jobTitle": "y" * title, "name": "n" * (size - comment - title - 2 * head)}
            reply = api.post("/api/v1/proposals", record=rows[OPEN_MAX + 1], fields=fields, comment="c" * comment)
            t.same(f"a proposal of {size} bytes is {'made' if want else 'refused'}", "id" in reply, want)


main(accepted_and_declined, stale_twice_and_taken_away, refused_at_the_owner, through_a_carrier, as_many_as_allowed)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_guests.py - the joint guest list: one line per person over the rows of two companies."""
import csv

from hansa_net import Net, main

TERMS = {"purpose": "event,followUp", "until": "2037-12-31"}
ROW = ("event", "name", "email", "telephone", "mobile", "organization", "country", "status", "consentBasis", "consentPurpose",
       "consentRecipients", "consentDate")
ROW_FIELDS = ",".join(f"attendee.{name}" for name in ROW)


def take(node, title):
    """Accepts the offer of this title as soon as it is there."""
    offer = node.wait(lambda: [o for o in node.items("offer list") if o["title"] == title and o["state"] == "open"], 30,
                      f"{title} is offered")[0]
    node.cli("offer accept", offer["id"])


class World:
    """Acme has an event and shows it to Brio; Brio can bring rows to it."""

    def __init__(self, net):
        self.acme, self.brio = net.node("Acme", "DE"), net.node("Brio", "FR")
        net.pair(self.acme, self.brio)
        self.event = self.acme.cli("event add", name="Spring launch", place="Hamburg")["id"]
        self.acme.cli("share create", self.event, partner="Brio", fields="event.name,event.place", **TERMS)
        take(self.brio, "Spring launch")
        self.brio.wait(lambda: self.brio.show("event", self.event), 20, "Brio has the event")

    def own(self, **fields):
        return self.acme.cli("attendee add", event=self.event, **fields)["id"]

    def bring(self, *rows):
        """Rows of Brio, as Acme has them: (share, ids). The consent on them is enough for everything here."""
        ids = [self.brio.cli("attendee add", event=self.event, **{"consentBasis": "legitimateInterest", **row})["id"] for row in rows]
        share = self.brio.cli("share create", *ids, partner="Acme", fields=ROW_FIELDS, **TERMS)
        take(self.acme, share["title"])
        for row in ids:
            self.acme.wait(lambda row=row: self.acme.refusal("attendee show", row) is None, 30, "Brio's rows are at Acme")
        return share["id"], ids

    def lines(self, **options):
        return self.acme.items("guest list", self.event, **options)


def names(lines):
    return sorted(line["name"] for line in lines)


def brought(lines):
    return {line["name"]: line["brought_by"] for line in lines}


def one_line(t):
    with Net() as net:
        w = World(net)
        ada = w.own(name="Ada Kern", email="Ada@Nordwerft.example", status="invited")
        w.own(name="Jo Li", telephone="+49 40 111", organization="Nord Werft")
        share, theirs = w.bring({"name": "Ada K.", "email": "ada@nordwerft.example", "mobile": "+49 171 5550001", "status": "accepted"},
                                {"name": "Bo Ek", "telephone": "+49 40 111", "organization": "Nord Werft"},
                                {"name": "jo li", "telephone": "+4940111", "country": "DE"},
                                {"name": "Cy Oh", "organization": "Nord Werft"})
        lines = w.lines()
        t.same("people of both are lines of their own, one each", names(lines), ["Ada Kern", "Bo Ek", "Cy Oh", "Jo Li"])
        t.same("who brings whom", brought(lines), {"Ada Kern": "Acme; Brio", "Jo Li": "Acme; Brio", "Bo Ek": "Brio", "Cy Oh": "Brio"})
        line = [one for one in lines if one["name"] == "Ada Kern"][0]
        t.same("our row is shown, and what it lacks is filled from theirs",
               (line["id"], line["email"], line["mobile"], line["status"]),
               (ada, "Ada@Nordwerft.example", "+49 171 5550001", "invited"))
        t.same("nothing of theirs is in our row", "mobile" in w.acme.show("attendee", ada)["fields"], False)
        t.same("both claims are named", [(c["company"], c["own"], c["via"], c["verified"], c["record"], c["status"]) for c in line["claims"]],
               [("Acme", True, None, True, ada, "invited"), ("Brio", False, None, True, theirs[0], "accepted")])
        t.that("with the time that Brio signed before the one at which we had it",
               line["claims"][1]["claimed"] <= line["claims"][1]["since"], line["claims"])
        page = w.acme.cli("guest list", w.event, limit=3)
        t.same("totals per company", [(c["company"], c["own"], c["rows"], c["missing"]) for c in page["by_company"]],
               [("Acme", True, 2, 2), ("Brio", False, 4, 3)])
        t.same("pages by person", (page["total"], len(page["items"]), names(w.lines(limit=1))), (4, 3, names(lines)))
        t.same("found by what only the second claim has", names(w.lines(search="5550001")), ["Ada Kern"])
        t.same("by company", names(w.lines(company="Acme")), ["Ada Kern", "Jo Li"])
        t.same("by status", names(w.lines(status="accepted")), ["Ada Kern"])
        t.same("all at once, one by one", names(w.lines(company="Brio", search="nord werft", limit=1)), ["Bo Ek", "Cy Oh"])
        t.refused("a status that is none", w.acme.refusal("guest list", w.event, status="perhaps"), "USAGE", "perhaps")
        t.refused("a company that is none", w.acme.refusal("guest list", w.event, company="Nobody"), "NOT_FOUND", "Nobody")
        mine = w.brio.items("guest list", w.event)
        t.same("Brio sees its own rows, and nothing of ours", [(g["name"], g["brought_by"], len(g["claims"])) for g in mine],
               [(n, "Brio", 1) for n in ("Ada K.", "Bo Ek", "jo li", "Cy Oh")])
        t.that("people read it", "Acme; Brio" in w.acme.run("guest", "list", w.event).stdout)
        parts(t, w, ada, theirs, share)


def parts(t, w, ada, theirs, share):
    """What holds two rows together comes and goes."""
    w.acme.cli("attendee set", ada, email="other@nordwerft.example")
    t.same("a changed address parts them", names(w.lines()), ["Ada K.", "Ada Kern", "Bo Ek", "Cy Oh", "Jo Li"])
    w.brio.cli("attendee set", theirs[0], email="OTHER@nordwerft.example")
    w.acme.wait(lambda: names(w.lines()) == ["Ada Kern", "Bo Ek", "Cy Oh", "Jo Li"], 20, "one line again")
    t.that("the same change at Brio joins them again", True)
    w.brio.cli("attendee set", theirs[3], mobile="+49 171 5550001")
    w.acme.wait(lambda: names(w.lines()) == ["Ada Kern", "Bo Ek", "Jo Li"], 20, "joined by the mobile number")
    t.same("a third row joins by a mobile number", brought(w.lines())["Ada Kern"], "Acme; Brio")
    w.brio.cli("attendee set", theirs[0], mobile="")
    w.acme.wait(lambda: len(w.lines()) == 4, 20, "and parts")
    t.same("and parts when that goes", names(w.lines()), ["Ada Kern", "Bo Ek", "Cy Oh", "Jo Li"])
    w.acme.cli("attendee remove", ada, yes=True)
    t.same("without our row the line is Brio's", brought(w.lines())["Ada K."], "Brio")
    w.brio.cli("share stop", share, reason="over")
    w.acme.wait(lambda: names(w.lines()) == ["Jo Li"], 20, "what Brio brought is gone")
    t.same("a stopped share takes its claims along", brought(w.lines()), {"Jo Li": "Acme"})


WANT = "attendee.name,attendee.email,attendee.mobile,attendee.organization,attendee.country"


class Contributed(World):
    """Acme asks Brio for guests, and Brio contributes them."""

    def __init__(self, net):
        self.acme, self.brio = net.node("Acme", "DE"), net.node("Brio", "FR")
        net.pair(self.acme, self.brio)
        self.event = self.acme.cli("event add", name="Spring launch", startDate="2027-05-20 18:00 Europe/Berlin")["id"]
        self.acme.cli("share create", self.event, partner="Brio", want=WANT, purpose="event,follow-up", until="2037-12-31",
                      fields="event.name,event.startDate")
        take(self.brio, "Spring launch")
        self.brio.wait(lambda: self.brio.show("event", self.event), 20, "Brio has the event")
        self.share = None

    def bring(self, *rows):
        ids = [self.brio.cli("attendee add", event=self.event, **{"consentBasis": "contract", **row})["id"] for row in rows]
        if self.share is None:
            self.share = self.brio.cli("guest contribute", self.event, purpose="event,follow-up")
        for row in ids:
            self.acme.wait(lambda row=row: self.acme.refusal("attendee show", row) is None, 30, "Brio's rows are at Acme")
        return ids

    def stop(self):
        given = [s for s in self.brio.items("share list") if s.get("kind") == "contribution"]
        self.brio.cli("share stop", given[0]["id"], reason="over")


def of(node, event, name):
    return [line for line in node.items("guest list", event) if line["name"] == name][0]


def arrivals(t):
    with Net() as net:
        w = Contributed(net)
        w.own(name="Ada Kern", email="ada@nordwerft.example")
        w.own(name="Jo Li")
        theirs = w.bring({"name": "Ada K.", "email": "ada@nordwerft.example"}, {"name": "Bo Ek", "mobile": "+33 6 12345678"})
        done = w.acme.cli("guest arrive", w.event, "nordwerft", at="2027-05-20 18:40 Europe/Berlin")
        t.same("a guest arrives, found by words", (done["name"], done["state"], done["arrived"], done["already"]),
               ("Ada Kern", "arrived", "2027-05-20T16:40:00.000Z", False))
        t.same("the list shows it", of(w.acme, w.event, "Ada Kern")["arrived"], "2027-05-20T16:40:00.000Z")
        rows = csv.DictReader(w.acme.cli("guest export", w.event)["text"].splitlines())
        t.that("and every row of hers in a file", "2027-05-20T16:40:00.000Z" in {row["hansa.arrived"] for row in rows})
        again = w.acme.cli("guest arrive", w.event, theirs[0][:8])
        t.same("the second time, by the id of the other row, says so and keeps the time", (again["already"], again["arrived"]),
               (True, "2027-05-20T16:40:00.000Z"))
        t.same("and doubles nothing: one for each row", len(w.acme.items("activity list")), 2)
        w.brio.wait(lambda: of(w.brio, w.event, "Ada K.")["arrived"], 30, "Brio hears of it")
        t.same("Brio sees when its guest came", of(w.brio, w.event, "Ada K.")["arrived"], "2027-05-20T16:40:00.000Z")
        t.same("and nothing about the row that is ours", [a["fields"].get("about") for a in w.brio.items("activity list")], [theirs[0]])
        w.acme.cli("guest arrive", w.event, "jo li")
        undone = w.acme.cli("guest arrive", w.event, "ada", undo=True)
        t.same("it can be taken back", (undone["state"], undone["arrived"]), ("undone", None))
        w.brio.wait(lambda: of(w.brio, w.event, "Ada K.")["arrived"] is None, 30, "Brio hears of that")
        t.same("and Brio has no arrival any more", w.brio.items("activity list"), [])
        t.refused("twice is refused", w.acme.refusal("guest arrive", w.event, "ada", undo=True), "USAGE", "Ada Kern")
        t.refused("words of several", w.acme.refusal("guest arrive", w.event, "o"), "USAGE", "Several guests match")
        t.refused("words of nobody", w.acme.refusal("guest arrive", w.event, "nobody"), "NOT_FOUND", "nobody")
        t.refused("a time that is none", w.acme.refusal("guest arrive", w.event, "bo", at="soon"), "USAGE", "soon")
        t.same("nothing of that left anything", len(w.acme.items("activity list")), 1)


DEAL = {"sellers": "Sam,Sue:DE/AT,Lin:China", "due": "2027-06-01"}


def made(node, event, **options):
    """(leads per seller, left out per reason, reply)"""
    reply = node.cli("lead make", event, **{**DEAL, **options})
    return {s["seller"]: s["leads"] for s in reply["sellers"]}, {o["code"]: o["guests"] for o in reply["left_out"]}, reply


def counts(node):
    return len(node.items("lead list")), len(node.items("activity list"))


def leads(t):
    with Net() as net:
        w = Contributed(net)
        acme, event = w.acme, w.event
        w.own(name="Ada Kern", email="ada@nordwerft.example", organization="Nord Werft", country="DE", status="accepted")
        w.own(name="Jo Li", organization="Hudong", country="CN", status="accepted", consentPurpose="event")
        w.own(name="Mia Lo", organization="NORD WERFT", country="DE", status="invited")
        w.bring({"name": "Ada K.", "email": "ada@nordwerft.example", "status": "accepted"},
                {"name": "Bo Ek", "mobile": "+33 6 12345678", "organization": "Ek SA", "country": "FR", "status": "accepted"},
                {"name": "Wang Min", "email": "wang@hudong.example", "organization": "Hudong", "country": "CN", "status": "accepted"},
                {"name": "Ed No", "status": "declined"})
        before = counts(acme)
        t.same("a preview deals and makes nothing", made(acme, event, when="accepted", preview=True)[:2],
               ({"Sam": 1, "Sue": 1, "Lin": 1}, {"NO_PURPOSE": 1}))
        t.same("nothing at all", (counts(acme), acme.items("work list")), (before, []))
        for n, refused in ((63, False), (64, False), (65, True)):
            many = ",".join(f"S{i}" for i in range(n))
            said = acme.refusal("lead make", event, **{**DEAL, "sellers": many, "preview": True})
            t.same(f"{n} sellers are {'one too many' if refused else 'as many as there may be'}", said is not None, refused)
        dealt = made(acme, event, when="accepted", assign="region")
        t.same("by region; a guest without the purpose is left out, with the reason", dealt[:2],
               ({"Sam": 1, "Sue": 1, "Lin": 1}, {"NO_PURPOSE": 1}))
        t.same("a lead and a task each", counts(acme), (3, 3))
        t.same("twice makes none", made(acme, event, when="accepted")[:2], ({"Sam": 0, "Sue": 0, "Lin": 0}, {"HAS_LEAD": 3, "NO_PURPOSE": 1}))
        lead = [one for one in acme.items("lead list") if one["guest"]["name"] == "Bo Ek"][0]
        t.same("a lead copies nothing personal", sorted(lead["fields"]), ["assignee", "attendee", "event", "source", "stage"])
        t.same("and shows it through the reference", (lead["title"], lead["guest"]["telephone"], lead["guest"]["origin"]),
               ("Bo Ek", "+33 6 12345678", "Spring launch, brought by Brio, Accepted"))
        stays(t, w, lead, dealt[2]["batch"])
        work(t, w)


def stays(t, w, lead, batch):
    """Stages go back; a step is undone but for what was touched."""
    acme, brio = w.acme, w.brio
    acme.cli("lead move", lead["id"], "contacted", note="calls back on Monday")
    stage = brio.wait(lambda: [a["fields"] for a in brio.items("activity list") if a["fields"].get("form") == "stage"], 30,
                      "the stage reaches Brio")
    t.same("the stage goes back, and nothing more", [(set(s), s["outcome"]) for s in stage],
           [({"about", "contribution", "form", "outcome", "startDate"}, "contacted")])
    acme.cli("lead set", lead["id"], stage="qualified")
    brio.wait(lambda: [a["fields"].get("outcome") for a in brio.items("activity list")] == ["qualified"], 30, "it moves in place")
    t.same("in place: never a second one", len([a for a in acme.items("activity list") if a["fields"]["form"] == "stage"]), 1)
    t.refused("a stage that is none", acme.refusal("lead move", lead["id"], "married"), "USAGE", "married")
    undone = acme.cli("lead undo", batch)
    t.same("the step is undone but for what was touched, and it says why",
           (undone["removed"], [(one["id"], one["reason"]) for one in undone["stayed"]]), (2, [(lead["id"], "The lead was changed since.")]))
    t.same("leads and their tasks are gone", counts(acme), (1, 2))
    t.refused("a batch that is none", acme.refusal("lead undo", 77), "NOT_FOUND", "77")
    again = made(acme, w.event, when="accepted", per="company", assign="load", sellers="Sam,Eve")
    t.same("per company, to who has the least open: one for each that has none", again[:2],
           ({"Sam": 1, "Eve": 1}, {"HAS_LEAD": 1, "NO_PURPOSE": 1}))


def work(t, w):
    """What sellers have to do, as they may read it now."""
    acme = w.acme
    rows = acme.items("work list")
    t.same("work by seller", sorted({row["seller"] for row in rows}), ["Eve", "Sam"])
    bo = [row for row in acme.items("work list", seller="sam") if row["name"] == "Bo Ek"][0]
    t.same("a line says whom to call, why, and by when", (bo["telephone"], bo["stage"], bo["due"], bo["overdue"], bo["origin"]),
           ("+33 6 12345678", "qualified", "2027-06-01T00:00:00.000Z", False, "Spring launch, brought by Brio, Accepted"))
    acme.cli("activity add", subject="Order badges", form="task", assignee="Eve", dueDate="2020-01-01")
    t.same("a task of its own is there too, and late", [(r["subject"], r["overdue"]) for r in acme.items("work list", seller="Eve")][0],
           ("Order badges", True))
    t.same("pages", [r["id"] for r in acme.items("work list", limit=1)], [r["id"] for r in acme.items("work list")])
    w.stop()
    acme.wait(lambda: acme.show("lead", bo["id"])["guest"]["name"] is None, 30, "Brio takes its rows back")
    gone = acme.show("lead", bo["id"])
    t.same("then the lead shows no name and says why", (gone["title"], gone["guest"]["telephone"], gone["guest"]["reason"]),
           ("withdrawn by Brio", None, "withdrawn by Brio"))
    t.same("so does the work list", [(r["name"], r["origin"]) for r in acme.items("work list") if r["id"] == bo["id"]],
           [(None, "withdrawn by Brio")])
    acme.cli("lead move", bo["id"], "lost")
    t.same("what is lost is no work", [r for r in acme.items("work list") if r["id"] == bo["id"]], [])


def attribution(t):
    with Net() as net:
        w = Contributed(net)
        ada, bo = w.bring({"name": "Ada K.", "email": "ada@nordwerft.example"}, {"name": "Bo Ek"})
        w.own(name="Ada Kern", email="ada@nordwerft.example")
        w.brio.wait(lambda: all(row["acknowledged"] for row in w.brio.items("event attribution", w.event)), 30, "Acme's word is at Brio")
        w.acme.wait(lambda: [r["evidence"] for r in w.acme.items("event attribution", w.event) if r["evidence"]], 30)
        ours = {row["name"]: row for row in w.acme.items("event attribution", w.event)}
        theirs = {row["record"]: row for row in w.brio.items("event attribution", w.event)}
        line = ours["Ada Kern"]
        t.same("Brio was first, our own row came later", (line["brought_first"], [c["company"] for c in line["claims"]], line["others"]),
               ("Brio", ["Brio", "Acme"], 1))
        t.that("each with its time", line["claims"][0]["acknowledged"] < line["claims"][1]["acknowledged"], line["claims"])
        for record, name in ((ada, "Ada Kern"), (bo, "Bo Ek")):
            t.same(f"both sides hold the same signed word on {name}",
                   [theirs[record][k] for k in ("evidence", "acknowledged", "claimed")],
                   [ours[name]["claims"][0][k] for k in ("evidence", "acknowledged", "claimed")])
        t.same("Brio's report has its own rows alone", [(r["company"], r["others"]) for r in theirs.values()], [("Brio", 0)] * 2)


main(one_line, arrivals, leads, attribution)

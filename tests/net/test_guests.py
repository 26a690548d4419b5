# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_guests.py - the joint guest list: one line per person over the rows of two companies."""
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


main(one_line, arrivals)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_restore.py - an old home is copied back by hand while partners went on: the node starts quarantined,
sends nothing until it has heard from each partner and an admin confirmed, and then goes on with what was not taken back."""
import os
import shutil

from hansa_net import Net, main, partner
from three import accept

GUESTS = ["Ida Stayqwert", "Eve Erasedqwert", "Wim Withdrawnqwert"]


def keep(node, name):
    """A copy of the stopped node's database."""
    with_log = [f for f in os.listdir(node.home) if f.startswith("hansa.db")]
    os.mkdir(os.path.join(node.net.folder, name))
    for f in with_log:
        shutil.copy(os.path.join(node.home, f), os.path.join(node.net.folder, name, f))


def put_back(node, name):
    for f in os.listdir(node.home):
        if f.startswith("hansa.db"):
            os.unlink(os.path.join(node.home, f))
    for f in os.listdir(os.path.join(node.net.folder, name)):
        shutil.copy(os.path.join(node.net.folder, name, f), os.path.join(node.home, f))


def offered(giver, taker, record, title):
    """Ids of the share, and of the offer at the other side."""
    sid = giver.cli("share create", record, partner=taker.name, fields=["event.name"], purpose="event", until="2099-01-01")["id"]
    offer = taker.wait(lambda: next((o for o in taker.items("offer list") if o["title"] == title), None), 30,
                       f"{taker.name} is offered {title}")
    return sid, offer["id"]


def share(giver, taker, record, title):
    sid, offer = offered(giver, taker, record, title)
    taker.cli("offer accept", offer)
    taker.wait(lambda: any(r["id"] == record for r in taker.items("event list")), 30, f"{taker.name} has {title}")
    return sid


def has(node, record):
    return any(r["id"] == record for r in node.items("event list"))


def people(node):
    return [c["title"] for c in node.items("contact list") if c["title"] not in GUESTS]


def held(node, name):
    return next(row["quarantine"] for row in node.cli("node confirm", preview=True)["items"] if row["name"] == name)


def guests_at(node, event):
    return sorted(r["title"] for r in node.items("attendee list", event=event))


def guests_wait(acme):
    """An event of Acme's with guests, that nobody has."""
    event = acme.cli("event add", name="Guest Fair")["id"]
    ids = [acme.cli("contact add", name=name, email=name.split()[0].lower() + "@example.com", consentBasis="contract")["id"] for name in GUESTS]
    for person in ids:
        acme.cli("guest add", event, person)
    return event, ids


def guests_go(acme, brio, event):
    fields = "event.name,attendee.event,attendee.name,attendee.email"
    acme.cli("share create", event, partner="Brio", fields=fields, purpose="event", until="2099-01-01")
    accept(brio, "Guest Fair")
    brio.wait(lambda: guests_at(brio, event) == sorted(GUESTS), 30, "Brio has the guests")


def guests_leave(t, acme, brio, event, ids):
    """Right after the confirmation: what Acme forgot that it gave is taken back all the same."""
    acme.cli("contact erase", ids[1])
    acme.cli("consent withdraw", ids[2])
    brio.wait(lambda: guests_at(brio, event) == GUESTS[:1], 40, "who was erased or withdrew leaves Brio, under a share that the copy did not know")
    rows = {r["id"]: r["state"] for r in acme.items("data held", "Brio") if r["type"] == "attendee"}
    acme.wait(lambda: sum(r["state"] == "has the newest" for r in acme.items("data held", "Brio") if r["type"] == "attendee") == 1, 30,
              f"and Acme says that Brio has one of them: {rows}")


def an_old_database_is_put_back(t):
    with Net() as net:
        acme, brio, cedar = (net.node(n) for n in ("Acme", "Brio", "Cedar"))
        net.pair(acme, brio)
        net.pair(acme, cedar)
        kept = acme.cli("event add", name="Kept Fair", description="Old Hall", start="2027-05-14 09:00 Europe/Berlin")["id"]
        taken = acme.cli("event add", name="Taken Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        theirs = brio.cli("event add", name="Brio Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        share(acme, brio, kept, "Kept Fair")
        stopped = share(acme, brio, taken, "Taken Fair")
        share(brio, acme, theirs, "Brio Fair")
        lin = brio.cli("contact add", name="Lin Otherqwert", email="lin@example.com", consentBasis="consent", consentPurpose="event",
                       consentRecipients="Acme")["id"]
        brio.cli("share create", lin, partner="Acme", fields="contact.name", purpose="event", until="2099-01-01")
        accept(acme, "Contact")
        acme.wait(lambda: people(acme) == ["Lin Otherqwert"], 30, "Acme has a person of Brio's")
        gone = acme.cli("event add", name="Gone Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        share(acme, brio, gone, "Gone Fair")
        asked = {title: acme.cli("event add", name=title, start="2027-05-14 09:00 Europe/Berlin")["id"]
                 for title in ("Yes Fair", "No Fair")}
        offers = {title: offered(acme, brio, record, title) for title, record in asked.items()}
        guests, people_ids = guests_wait(acme)
        acme.stop()
        keep(acme, "old")

        acme.start()
        acme.wait(lambda: partner(acme, "Brio")["link"] == "up", 30, "Brio is back")
        guests_go(acme, brio, guests)
        acme.cli("share stop", stopped)
        brio.wait(lambda: not has(brio, taken), 30, "what was shared is gone at Brio")
        acme.cli("event set", kept, name="Kept and Changed", description="New Hall")
        brio.cli("consent withdraw", lin)
        acme.wait(lambda: people(acme) == [], 30, "her ground is gone, and she with it")
        acme.cli("event remove", gone)
        brio.wait(lambda: not has(brio, gone), 30, "what was removed is gone at Brio")
        since = acme.cli("event add", name="Since Fair", description="Hall 9", start="2027-05-14 09:00 Europe/Berlin")["id"]
        new_share = share(acme, brio, since, "Since Fair")
        brio.wait(lambda: brio.show("event", kept)["fields"]["name"] == "Kept and Changed", 30, "the change arrives")
        brio.cli("event set", theirs, name="Brio Changed")
        brio.cli("offer accept", offers["Yes Fair"][1])
        brio.cli("offer decline", offers["No Fair"][1], reason="no time")
        acme.wait(lambda: acme.show("event", theirs)["fields"]["name"] == "Brio Changed", 30, "Brio's change arrives")
        acme.wait(lambda: {s["title"]: s["state"] for s in acme.items("share list")}.get("No Fair") == "declined", 30,
                  "the answers arrive")
        acme.cli("partner remove", "Cedar")
        acme.stop()
        put_back(acme, "old")

        acme.start()
        t.that("the node says that it is quarantined", "quarantine" in " ".join(acme.cli("status")["warnings"]))
        t.that("a removed partner stays removed", partner(acme, "Cedar")["state"] == "removed", partner(acme, "Cedar"))
        t.refused("nothing is changed", acme.refusal("event add", name="Early"), "CONFLICT", "node confirm")
        acme.wait(lambda: held(acme, "Brio") == "repaired", 40, "Brio has sent back what it knows")
        t.that("it can be read", has(acme, kept))
        t.same("what Brio changed meanwhile is here again", acme.show("event", theirs)["fields"]["name"], "Brio Changed")
        shares = {s["title"]: s["state"] for s in acme.items("share list")}
        t.same("what was taken back is taken back again, by our own signed word", shares["Taken Fair"], "stopped")
        t.same("a share that was given since is known again, with its answer", shares.get("Since Fair"), "accepted")
        t.same("what was answered since is answered again", (shares["Yes Fair"], shares["No Fair"]), ("accepted", "declined"))
        t.same("in the partner's words", acme.cli("share show", offers["No Fair"][0])["reason"], "no time")
        t.that("and never came to Brio again", not has(brio, taken))
        fields = acme.show("event", kept)["fields"]
        t.same("a record of ours is as the partner last saw it, and as the copy has it where no partner saw it",
               (fields["name"], fields["description"]), ("Kept and Changed", "Old Hall"))
        fields = acme.show("event", since)["fields"] if has(acme, since) else {}
        t.same("one that the copy does not know is here again, with what was shown", (fields.get("name"), fields.get("description")),
               ("Since Fair", None))
        t.same("a person whose ground went since is not here, before anything is sent", people(acme), [])
        t.that("what was removed stays removed", not has(acme, gone))
        t.same("the node says how many came back", acme.cli("status").get("own_records_back"), 3)
        t.same("a look lifts nobody", held(acme, "Brio"), "repaired")

        rows = {row["name"]: row["quarantine"] for row in acme.cli("node confirm")["items"]}
        t.same("the admin's confirmation lifts who has answered", rows["Brio"], "lifted")
        guests_leave(t, acme, brio, guests, people_ids)
        t.that("the audit verifies, and tells of it", acme.cli("audit verify")["ok"] and
               any(r["action"] == "node.restored" for r in acme.items("audit list")))
        acme.cli("event set", kept, name="After Restore")
        brio.wait(lambda: brio.show("event", kept)["fields"]["name"] == "After Restore", 30,
                  "a new revision wins over what was lost")
        acme.cli("share stop", new_share)
        brio.wait(lambda: not has(brio, since), 30, "the share that was forgotten can be taken back")
        late = brio.cli("event add", name="Late Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        share(brio, acme, late, "Late Fair")
        new = acme.cli("event add", name="New Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        share(acme, brio, new, "New Fair")
        t.that("both ways work again", has(acme, late) and has(brio, new))
        t.same("no stream is frozen, nothing was refused", [n.cli("status")["refused_objects"] for n in (acme, brio)], [0, 0])
        t.that("and what was taken back stayed away", not has(brio, taken))


def a_whole_old_home_is_put_back(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio")
        net.pair(acme, brio)
        acme.stop()
        shutil.copytree(acme.home, acme.home + ".old", ignore=shutil.ignore_patterns("*.sock"))
        acme.start()
        fair = acme.cli("event add", name="Lost Fair", start="2027-05-14 09:00 Europe/Berlin")["id"]
        share(acme, brio, fair, "Lost Fair")
        acme.stop()
        shutil.rmtree(acme.home)
        os.rename(acme.home + ".old", acme.home)
        acme.start()
        acme.wait(lambda: "restored" in " ".join(acme.cli("status")["warnings"]), 40, "Brio's word is heard")
        other = acme.cli("event add", name="Other Fair", start="2027-05-15 09:00 Europe/Berlin")["id"]
        acme.cli("share create", other, partner="Brio", fields=["event.name"], purpose="event", until="2099-01-01")
        acme.stop()
        with open(os.path.join(acme.home, "restored"), "w", encoding="ascii"):
            pass
        acme.start()
        acme.wait(lambda: held(acme, "Brio") == "repaired", 40, "Brio has sent back what it knows")
        acme.cli("node confirm")
        brio.wait(lambda: any(o["title"] == "Other Fair" for o in brio.items("offer list")), 40, "the new offer arrives")
        t.same("no number was used twice", [n.cli("status")["refused_objects"] for n in (acme, brio)], [0, 0])
        t.that("no stream is frozen", not brio.cli("status")["warnings"], brio.cli("status")["warnings"])


if __name__ == "__main__":
    main(an_old_database_is_put_back, a_whole_old_home_is_put_back)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_withdrawal.py - a person goes: erased, or withdrawn, with real daemons (P11).

Acme has the event, Brio carries, Cedar brought the guest. Nothing of her may be found anywhere afterwards, and nothing
brings her back: neither last month's file nor last month's database.
"""
import csv
import hashlib
import os
import shutil
import sqlite3

from hansa_net import Net, main
from three import accept, company, found_at

CSV = """givenName,familyName,email,mobile,organization,consentBasis,consentPurpose,consentRecipients
Wei,Zhangxyzzy,zhang.wei.4417@cedar.example,+8613800004417,Pagoda Instruments 9921,consent,event; follow-up,Acme
Lin,Otherqwert,lin.other.5521@cedar.example,+8613900005521,Lantern Works,consent,event; follow-up,Acme
"""
SECRETS = [b"zhang.wei.4417", b"Zhangxyzzy", b"Pagoda Instruments 9921", b"13800004417"]


def imported(node, name="last-month.csv", text=CSV):
    return node.cli("contact import", node.file(name, text))


def contact_of(node, name):
    return [c["id"] for c in node.items("contact list") if name in c["title"]][0]


def titles(node, type_):
    return sorted(r["title"] for r in node.items(f"{type_} list"))


def a_person_is_erased(t):
    with Net() as net:
        cedar = company(net, "Cedar", "CN")
        imported(cedar)
        zhang = contact_of(cedar, "Zhangxyzzy")
        event = cedar.cli("event add", name="Launch", startDate="2027-05-20 18:00 Europe/Berlin")["id"]
        cedar.cli("guest add", event, zhang)
        cedar.cli("attendee add", event=event, name="W. Zhangxyzzy", email="ZHANG.WEI.4417@cedar.example")
        cedar.cli("activity add", subject="Call Wei Zhangxyzzy", contact=zhang, form="call")
        cedar.cli("ticket add", subject="Lamp broken", contact=zhang)
        bare = cedar.cli("contact add", name="Bao Withoutqxz")["id"]
        moved = cedar.cli("contact add", name="Mia Movedqxz", email="mia.then.7731@cedar.example")["id"]
        cedar.cli("activity add", subject="Call Mia Movedqxz", contact=moved, form="call")
        old = os.path.join(net.folder, "old.db")
        cedar.stop()
        shutil.copy(os.path.join(cedar.home, "hansa.db"), old)
        cedar.start()
        cedar.cli("contact set", moved, email="mia.now.7731@cedar.example")
        cedar.cli("contact erase", bare)
        cedar.cli("contact erase", moved)
        why = cedar.cli("suppression check", bare)
        t.same("a person without an address is known by her record", [e["reason"] for e in why["entries"]], ["ERASED"])
        t.same("of which the list has a hash", [(e["suppressed_values"], e["suppressed_records"]) for e in cedar.items("suppression list")], [(0, 1), (1, 2)])
        note = cedar.cli("activity add", subject="Lamps", description="Wants what wei ZHANGxyzzy has", form="note")["id"]
        mentions = cedar.items("contact mentions", zhang)
        t.same("what names her and would stay is listed", [(m["id"], m["type"], m["names"]) for m in mentions], [(note, "activity", "Wei Zhangxyzzy")])
        t.same("with how to open it", mentions[0]["show"], f"hansa activity show {note}")
        cedar.cli("activity remove", note)
        t.same("until somebody saw to it", cedar.items("contact mentions", zhang), [])
        preview = cedar.cli("contact erase", zhang, preview=True)
        t.that("a preview says where to look first", f"hansa contact mentions {zhang}" in preview["look_first"], preview)
        t.same("a preview counts what goes", preview["erased"], {"contact": 1, "attendee": 2, "activity": 1})
        t.same("and what stays without her", preview["untied"], {"ticket": 1})
        t.same("and changes nothing", len(titles(cedar, "contact")), 2)
        t.that("the test would see her", found_at(cedar, SECRETS), "not even before")
        cedar.cli("contact erase", zhang)
        t.same("she is no contact any more", titles(cedar, "contact"), ["Lin Otherqwert"])
        t.same("and no guest", cedar.items("guest list", event), [])
        t.that("the ticket is still there", titles(cedar, "ticket") == ["Lamp broken"], titles(cedar, "ticket"))
        t.same("the audit trail follows", cedar.cli("audit verify")["ok"], True)
        cedar.wait(lambda: not found_at(cedar, SECRETS), 10, "no byte of her in the home")
        t.same("no byte of her is in the home", found_at(cedar, SECRETS), set())
        result = imported(cedar)
        t.same("last month's file does not bring her back", (titles(cedar, "contact"), result["suppressed_rows"]), (["Lin Otherqwert"], 1))
        bad = cedar.cli("job bad-rows", result["id"])["text"]
        t.that("the row is named by its line, and not repeated", "2" in bad and "zhang" not in bad.lower(), bad)
        cedar.wait(lambda: not found_at(cedar, SECRETS), 10, "the file that was imported is gone")
        t.refused("nor does a colleague by hand", cedar.refusal("contact add", name="Wei", email="zhang.wei.4417@cedar.example"), said="suppression")
        t.refused("nor as a guest", cedar.refusal("attendee add", event=event, name="Wei", mobile="+8613800004417"), said="suppression")
        check = cedar.cli("suppression check", "Zhang.Wei.4417@Cedar.example")
        t.same("an administrator sees why", (check["suppressed"], check["entries"][0]["reason"]), (True, "ERASED"))
        t.that("and no name", "zhang" not in str(cedar.items("suppression list")).lower(), cedar.items("suppression list"))
        cedar.stop()
        for name in ("hansa.db-wal", "hansa.db-shm", "audit.hashes", "journal"):
            if os.path.exists(os.path.join(cedar.home, name)):
                os.remove(os.path.join(cedar.home, name))
        shutil.copy(old, os.path.join(cedar.home, "hansa.db"))
        os.remove(old)
        cedar.start()
        t.same("last month's database does not bring her back", titles(cedar, "contact"), ["Lin Otherqwert"])
        t.same("nor as a guest", cedar.items("guest list", event), [])
        cedar.wait(lambda: not found_at(cedar, [*SECRETS, b"qxz", b".7731"]), 10, "no byte of her in the old database, nor of those whom no address finds")
        cedar.cli("suppression lift", "+8613800004417")
        cedar.cli("contact add", name="Wei Zhangxyzzy", email="zhang.wei.4417@cedar.example", consentBasis="consent")
        t.that("she may come back of her own will", "Wei Zhangxyzzy" in titles(cedar, "contact"), titles(cedar, "contact"))

def invite(giver, receiver, event, title="Spring launch", **terms):
    giver.cli("share create", event, partner=receiver.name, fields="event.name,event.startDate,attendee.event,attendee.name,attendee.organization",
              purpose="event,follow-up", until="2027-12-31", **terms)
    accept(receiver, title)
    receiver.wait(lambda: [e for e in receiver.items("event list") if e["id"] == event], 30, "the event is there")


def names_at(node, event):
    return sorted(g["name"] for g in node.items("guest list", event))


def brought_through_brio(net):
    """Acme's event with two guests of Cedar's, carried by Brio."""
    acme, brio, cedar = company(net, "Acme"), company(net, "Brio", "FR"), company(net, "Cedar", "CN")
    net.pair(acme, brio)
    net.pair(brio, cedar)
    event = acme.cli("event add", name="Spring launch", startDate="2027-05-20 18:00 Europe/Berlin")["id"]
    invite(acme, brio, event, want="attendee.name,attendee.email,attendee.organization", depth=1)
    invite(brio, cedar, event, contribute=True)
    imported(cedar)
    cedar.cli("guest add", event, all=True)
    cedar.cli("guest contribute", event, purpose="event,follow-up")
    acme.wait(lambda: len(names_at(acme, event)) == 2, 40, "Cedar's guests are on Acme's list")
    return acme, brio, cedar, event


def a_waiver_brings_back(t, brio, cedar):
    """What was withdrawn for want of a ground comes back when a contract stands in for it, without a change of hers."""
    lin = contact_of(cedar, "Otherqwert")
    cedar.cli("contact set", lin, consentRecipients="Acme; Brio")
    cedar.cli("share create", lin, partner="Brio", fields="contact.name,contact.email", purpose="event", until="2037-12-31")
    accept(brio, "Contact")
    brio.wait(lambda: titles(brio, "contact") == ["Lin Otherqwert"], 30, "Brio has her")
    cedar.cli("consent withdraw", lin)
    brio.wait(lambda: titles(brio, "contact") == [], 30, "and has not")
    cedar.cli("partner waive", "Brio", note="contract of 2027-01-12")
    brio.wait(lambda: titles(brio, "contact") == ["Lin Otherqwert"], 30, "the waiver brings her back")
    t.same("and Cedar knows that Brio has her again", [r["state"] for r in cedar.items("data where", lin) if r["company"] == "Brio" and r["id"] == lin], ["has the newest"])


def copied(node):
    """The database as it is now, outside the home; its path."""
    path = node.home + ".old.db"
    source, target = sqlite3.connect(os.path.join(node.home, "hansa.db")), sqlite3.connect(path)
    source.backup(target)
    source.close()
    target.close()
    return path


def restored(node, old):
    """The home with that database, and everything else as it was: found out, and quarantined."""
    node.stop()
    for name in ("hansa.db-wal", "hansa.db-shm"):
        if os.path.exists(os.path.join(node.home, name)):
            os.remove(os.path.join(node.home, name))
    os.replace(old, os.path.join(node.home, "hansa.db"))
    node.start()


def exported(node, command, name, **options):
    """The file, its rows by title, and what the node said of it."""
    path = os.path.join(node.home, "..", name)
    said = node.cli(command, out=path, **options)
    with open(path, newline="", encoding="utf-8") as file:
        raw = file.read()
    os.remove(path)
    return raw, {row["name"]: row for row in csv.DictReader(raw.splitlines())}, said


def audit_of(node, action):
    """The hash and the action of the newest entry of this kind, as the database has them."""
    db = sqlite3.connect(os.path.join(node.home, "hansa.db"))
    row = db.execute("SELECT action, actor, lower(hex(detail)) FROM audit WHERE action LIKE ? ORDER BY number DESC", (action + "%",)).fetchone()
    db.close()
    return row


def what_is_exported(t, acme, brio, event):
    """Acme's list as a file: whose each row is, and until when; and nobody makes it her own by importing it."""
    acme.cli("attendee add", event=event, name="=Eve Ownxyzzy", email="eve@acme.example")
    raw, rows, said = exported(acme, f"guest export {event}", "guests.csv")
    t.same("both guests are in the file, and Acme's own", sorted(rows), ["'=Eve Ownxyzzy", "Lin Otherqwert", "Wei Zhangxyzzy"])
    wei, eve = rows["Wei Zhangxyzzy"], rows["'=Eve Ownxyzzy"]
    t.same("her row says whose it is", (wei["hansa.own"], wei["hansa.owner"], wei["hansa.via"]), ("no", "Cedar", "Brio"))
    t.same("for what and until when", (wei["hansa.purpose"], wei["hansa.until"][:10] > "2026"), ("event; follow-up", True))
    t.same("an own row is free of that", (eve["hansa.own"], eve["hansa.owner"], eve["hansa.until"]), ("yes", "Acme", ""))
    digest = hashlib.blake2b(raw.encode(), digest_size=32).hexdigest()
    t.same("the audit says who took it out, how many rows, and the hash of the file", (audit_of(acme, "attendee.exported"), said["hash"]),
           (("attendee.exported:3", "user:admin", digest), digest))
    t.same("and of no person", [r for r in acme.items("audit list") if "Zhang" in str(r)], [])
    t.same("a count before", {k: v for k, v in acme.cli("guest export", event, preview=True).items() if k != "state"},
           {"rows": 3, "own_rows": 1, "partner_rows": 2})
    t.same("filters are those of the list", list(exported(acme, f"guest export {event}", "cedar.csv", company="Cedar", search="lin")[1]), ["Lin Otherqwert"])
    result = brio.cli("contact import", brio.file("taken.csv", raw))
    t.same("rows of others do not become Brio's own by a file", (titles(brio, "contact"), result["bad"]), (["=Eve Ownxyzzy"], 2))
    t.that("and it hears why", "Cedar" in str(result["first_bad"]), result["first_bad"])
    brio.cli("contact remove", brio.items("contact list")[0]["id"])


def an_export_comes_back(t, node):
    """Own contacts, out and in again: the same values, and in parts the same file."""
    node.cli("contact add", name="Bo; \"Quotes\", 李", telephone="+49 40 123456", address=";;Main street 1;Hamburg;;20095;DE", birthday="1990-02-03",
             note="-1 line\nsecond line", consentBasis="contract", tags="a, b")
    node.cli("contact add", name="Cy Second", consentBasis="contract")
    raw, rows, _ = exported(node, "contact export", "all.csv")
    parts, cursor, spent = "", {}, []
    while cursor is not None:
        part = node.cli("contact export", limit=1, **cursor)
        parts += part["text"]
        cursor = {"cursor": part["next"]} if part["next"] else None
        spent += [part["next"]] if part["next"] else []
    t.that("parts make the same file", parts == raw, (parts, raw))
    t.refused("a part goes out once", node.refusal("contact export", limit=1, cursor=spent[0]), "CONFLICT", "broken off")
    t.that("a part in a file says where the next begins", "." in exported(node, "contact export", "one.csv", limit=1)[2]["next"])
    card = node.cli("contact export", format="vcard", search="quotes")["text"]
    t.that("a card has the parts of an address in their places", "ADR:;;Main street 1;Hamburg;;20095;DE\r\n" in card, card)
    t.that("and what is not in the standard under a name of ours", "X-HANSA-CONSENTBASIS:contract\r\n" in card, card)
    t.refused("events are no cards", node.refusal("event export", format="vcard"), said="csv")
    for contact in node.items("contact list"):
        node.cli("contact remove", contact["id"])
    result = node.cli("contact import", node.file("all.csv", raw))
    again = exported(node, "contact export", "all-again.csv")[1]
    mine = [name for name in next(iter(rows.values())) if not name.startswith("hansa.")]
    t.same("all of them are there again", (result["added"], result["bad"]), (len(rows), 0))
    t.same("with the same values", {n: [r[c] for c in mine] for n, r in again.items()}, {n: [r[c] for c in mine] for n, r in rows.items()})


def a_guest_withdraws(t):
    with Net() as net:
        acme, brio, cedar, event = brought_through_brio(net)
        acme.cli("lead make", event, when="all", sellers="Sue", due="2027-06-01", purpose="follow-up")
        zhang = contact_of(cedar, "Zhangxyzzy")
        row = [g["id"] for g in acme.items("guest list", event) if "Zhang" in g["name"]][0]
        lead = [r["id"] for r in acme.items("lead list") if "Zhang" in r["title"]][0]
        t.that("the test would see her", found_at(acme, SECRETS[:3]), "not even before")
        what_is_exported(t, acme, brio, event)
        calendar = acme.cli("event export", format="ical")["text"]
        t.that("events go into a calendar file", "SUMMARY:Spring launch\r\n" in calendar and "X-HANSA-OWNER:Acme" in calendar, calendar)
        acme.cli("attendee remove", [g["id"] for g in acme.items("attendee list", search="ownxyzzy")][0])
        old = copied(cedar)
        preview = cedar.cli("consent withdraw", zhang, preview=True)
        t.same("a preview says who has her", (preview["holders"], preview["altogether"]), (["Acme"], True))
        cedar.cli("consent withdraw", zhang)
        acme.wait(lambda: names_at(acme, event) == ["Lin Otherqwert"], 40, "she leaves Acme's guest list")
        t.same("and every search", acme.items("attendee list", search="zhang"), [])
        t.same("and every file that is exported from now on", list(exported(acme, f"guest export {event}", "after.csv")[1]), ["Lin Otherqwert"])
        t.that("her row is no row any more", acme.refusal("attendee show", row), "it is shown")
        guest = acme.show("lead", lead)["guest"]
        t.same("the lead keeps no name", (guest["name"], guest["email"]), (None, None))
        t.that("and says why", "Cedar" in guest["reason"], guest)
        brio.wait(lambda: [c["rows"] for c in brio.items("guest carried", event)] == [1], 40, "Brio counts one row less")
        cedar.wait(lambda: [h for h in cedar.items("holders", row) if h["company"] == "Acme"] == [], 40, "Acme has said that it erased her")
        there = [r for r in cedar.items("data where", row) if r["company"] == "Acme"]
        t.same("which stays known", [(r["state"], r["erased"] is not None) for r in there], [("says it is erased", True)])
        t.that("a breach report for the time before still names the row", row in [r["id"] for r in cedar.items("data held", "Acme")], cedar.items("data held", "Acme"))
        t.that("one for the time since does not", row not in [r["id"] for r in cedar.items("data held", "Acme", **{"from": "2035-01-01", "to": "2035-02-01"})])
        t.that("Acme's signed receipt is at Cedar", '"receipt.taken"' in cedar.log(), "no receipt")
        acme.wait(lambda: not found_at(acme, SECRETS), 10, "no byte of her at Acme")
        t.same("no byte of her at Acme", found_at(acme, SECRETS), set())
        t.same("nor at Brio, in its files or in its memory", found_at(brio, SECRETS, memory=True), set())
        result = imported(cedar, "again.csv")
        t.same("last month's file gives no new ground", result["limited"], 1)
        cedar.cli("guest contribute", event, purpose="event,follow-up")
        cedar.cli("contact set", contact_of(cedar, "Otherqwert"), jobTitle="Director")
        why = cedar.cli("suppression check", "zhang.wei.4417@cedar.example")
        t.same("an administrator sees why", why["entries"][0]["reason"], "WITHDRAWN")
        restored(cedar, old)
        t.refused("before the admin confirmed nothing goes", cedar.refusal("guest contribute", event, purpose="event,follow-up"), said="node confirm")
        cedar.wait(lambda: [r["quarantine"] for r in cedar.items("node confirm", preview=True)] == ["repaired"], 40, "Brio has sent back what it knows")
        cedar.cli("node confirm")
        cedar.cli("contact set", contact_of(cedar, "Otherqwert"), jobTitle="Managing director")
        acme.wait(lambda: acme.items("attendee list", search="lin"), 30, "Acme has what Cedar has")
        t.same("last month's database does not bring her back to Acme", (names_at(acme, event), found_at(acme, SECRETS)), (["Lin Otherqwert"], set()))
        why = cedar.cli("suppression check", "zhang.wei.4417@cedar.example")
        t.same("an administrator sees why, still", [e["reason"] for e in why["entries"]], ["WITHDRAWN"])
        t.that("and no name", "zhang" not in str(cedar.items("suppression list")).lower(), cedar.items("suppression list"))
        cedar.cli("contact erase", zhang)
        cedar.wait(lambda: not found_at(cedar, SECRETS), 10, "no byte of her at Cedar")
        t.same("erased at home too, no byte of her is at Cedar", found_at(cedar, SECRETS), set())
        t.that("what Acme had of her stays in the report, by number alone",
               [(r["title"], r["state"]) for r in cedar.items("data held", "Acme") if r["id"] == row] == [("", "says it is erased")], cedar.items("data held", "Acme"))
        imported(cedar, "once-more.csv")
        t.same("nothing brings her back", (titles(cedar, "contact"), names_at(acme, event)), (["Lin Otherqwert"], ["Lin Otherqwert"]))
        a_waiver_brings_back(t, brio, cedar)
        an_export_comes_back(t, acme)
        for node in (acme, brio, cedar):
            t.same(f"{node.name}'s audit trail follows", node.cli("audit verify")["ok"], True)
            t.same(f"{node.name} has no dead letters", node.items("deadletter list"), [])


main(a_person_is_erased, a_guest_withdraws)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_repair.py - rows that went behind a node's back come back by themselves, and rows that should not be
there go: Acme gives Brio an event with its guests, Brio passes it on to Cedar. Databases are changed while their node is
off, as a bad disk or an old copy would.
"""
import os
import re
import sqlite3
from contextlib import closing

from hansa_net import Net, main
from three import accept, guest_names, value

GUESTS = ["Ada", "Ben", "Cem", "Dan", "Eve"]
TERMS = {"purpose": "event", "until": "2037-12-31",
         "fields": ["event.name", "attendee.event", "attendee.name", "attendee.jobTitle"]}


def database(node):
    return closing(sqlite3.connect(os.path.join(node.home, "hansa.db"), isolation_level=None))


def row_of(db, record):
    """The local record of an id as people see it, and its copy under a share."""
    for local, rid in db.execute("SELECT id, rid FROM record"):
        if record_text(rid).startswith(record):
            return local, db.execute("SELECT * FROM copy WHERE record = ? AND grant_id > 0", (local,)).fetchone()
    raise AssertionError(f"no record {record}")


def record_text(rid):
    import base64
    return base64.b32encode(rid).decode().lower().rstrip("=")


def put_copy(db, copy):
    db.execute("DELETE FROM copy WHERE record = ? AND grant_id = ?", (copy[1], copy[2]))
    db.execute(f"INSERT INTO copy VALUES ({', '.join('?' * len(copy))})", copy)


def passes(node):
    """What the node said of each comparison, oldest first."""
    found = []
    for line in node.log().split("\n"):
        if "scopes.compared" in line:
            found.append({k: int(v) for k, v in re.findall(r'"?(\w+)"?[=:]\s*"?(\d+)\b', line)
                          if k in ("scopes", "differ", "again", "back", "odd", "given_up", "messages", "bytes")})
    return found


def next_pass(node, seen, what):
    node.wait(lambda: len(passes(node)) > seen, 20, what)
    return passes(node)[seen]


def lost_and_extra_rows(t):
    with Net() as net:
        acme, brio, cedar = (net.node(name, country) for name, country in (("Acme", "DE"), ("Brio", "FR"), ("Cedar", "CN")))
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch")["id"]
        ids = {name: acme.cli("attendee add", event=event, name=name, jobTitle="Buyer", consentBasis="contract")["id"]
               for name in GUESTS}
        share = acme.cli("share create", event, partner="Brio", depth=1, **TERMS)["id"]
        accept(brio, "Launch")
        brio.wait(lambda: guest_names(brio, event) == GUESTS, 20, "the guests are at Brio")
        onward = brio.cli("share create", event, partner="Cedar", **TERMS)["id"]
        accept(cedar, "Launch")
        cedar.wait(lambda: guest_names(cedar, event) == GUESTS, 20, "the guests are at Cedar")

        brio.stop()
        with database(brio) as db:
            old = {name: row_of(db, ids[name])[1] for name in ("Ada", "Ben")}
        seen = len(passes(acme))
        brio.start()
        quiet = next_pass(acme, seen, "Acme compared")
        t.same("an honest pair exchanges one question and no ids", (quiet["scopes"], quiet["differ"], quiet["messages"]), (1, 0, 1))
        t.that("in a few hundred bytes", quiet["bytes"] < 400, quiet)
        shown = acme.cli("share show", share)
        t.same("people see that it is complete", (shown["complete"], shown["sent_again"], "mended" in shown), (True, 0, False))
        t.that("and since when, at both", shown["compared"] and brio.items("offer list") and
               brio.cli("offer show", share)["complete"] is True, shown)

        acme.cli("attendee set", ids["Ada"], jobTitle="Director")
        acme.cli("attendee set", ids["Ben"], consentBasis="")
        brio.wait(lambda: guest_names(brio, event) == ["Ada", "Cem", "Dan", "Eve"], 20, "Ben is taken back")
        brio.wait(lambda: value(brio.show("attendee", ids["Ada"]), "jobTitle") == "Director", 20, "Ada's change is there")
        cedar.wait(lambda: guest_names(cedar, event) == ["Ada", "Cem", "Dan", "Eve"], 20, "Ben is taken back at Cedar")
        audit = len(acme.items("audit list"))

        brio.stop()
        with database(brio) as db:
            for name in ("Cem", "Dan"):  # lost
                db.execute("DELETE FROM copy WHERE record = ? AND grant_id > 0", (row_of(db, ids[name])[0],))
            put_copy(db, old["Ada"])  # older than it was
            put_copy(db, old["Ben"])  # came back
            db.execute("DELETE FROM withdrawn")
        seen = len(passes(acme))
        brio.start()
        first = next_pass(acme, seen, "Acme compared")
        t.same("what is lost goes again, what is too much is taken back",
               {k: first[k] for k in ("differ", "again", "back", "odd")}, {"differ": 1, "again": 3, "back": 1, "odd": 0})
        second = next_pass(acme, seen + 1, "Acme compared again")
        t.same("then both are the same", (second["differ"], second["messages"]), (0, 1))
        t.same("all are there, and Ben is not", guest_names(brio, event), ["Ada", "Cem", "Dan", "Eve"])
        t.same("as they are now", value(brio.show("attendee", ids["Ada"]), "jobTitle"), "Director")
        with database(brio) as db:
            t.same("Ben's values are gone", row_of(db, ids["Ben"])[1], None)
        shown = acme.cli("share show", share)
        t.same("people see what was mended", (shown["complete"], shown["sent_again"], shown["taken_back"], "mended" in shown),
               (True, 3, 1, True))
        actions = [a["action"] for a in acme.items("audit list")[:len(acme.items("audit list")) - audit]]
        t.that("and the audit trail has it", "scope.mended" in actions and "withdrawal.said" in actions, actions)

        cedar.stop()
        with database(cedar) as db:
            db.execute("DELETE FROM copy WHERE grant_id > 0 AND record = ?", (row_of(db, ids["Eve"])[0],))
        seen = len(passes(brio))
        cedar.start()
        t.same("what was passed on is mended by who passed it on", next_pass(brio, seen, "Brio compared")["again"], 1)
        brio.wait(lambda: brio.cli("share show", onward)["complete"], 20, "Cedar has all")
        t.same("and all are there", guest_names(cedar, event), ["Ada", "Cem", "Dan", "Eve"])
        for node in (acme, brio, cedar):
            t.same(f"{node.name}'s audit verifies", node.cli("audit verify")["ok"], True)
            t.same(f"{node.name} refused nothing", node.items("deadletter list"), [])


main(lost_and_extra_rows)

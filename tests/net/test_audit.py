# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_audit.py - who edits the past, and makes every later hash anew, is found out, and by which entry."""
import hashlib
import os
import shutil
import sqlite3
import struct

from hansa_net import Net, main

AUDITED = "SELECT number, at_ms, actor, action, subject, detail FROM audit ORDER BY number"


def chained(before, row):
    number, at_ms, *parts = row
    raw = before + struct.pack(">QQ", number, at_ms)
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        raw += struct.pack(">I", len(part)) + part
    tag = b"hansa/1/audit"
    return hashlib.blake2b(bytes([len(tag)]) + tag + raw, digest_size=32).digest()


def database(node):
    return sqlite3.connect(os.path.join(node.home, "hansa.db"))


def hashes_anew(node, outside=False):
    """What a careful forger does."""
    before, every = bytes(32), b""
    with database(node) as db:
        for row in db.execute(AUDITED).fetchall():
            before = chained(before, row)
            every += before
            db.execute("UPDATE audit SET hash = ? WHERE number = ?", (before, row[0]))
    if outside:
        with open(os.path.join(node.home, "audit.hashes"), "wb") as f:
            f.write(every)


def edit(node, number):
    with database(node) as db:
        db.execute("UPDATE audit SET actor = 'user:nobody' WHERE number = ?", (number,))


def the_past_is_edited(t):
    with Net() as net:
        acme = net.node("Acme")
        for name in ("Ada", "Bela", "Chen"):
            acme.cli("contact add", name=name)
        seen = acme.cli("audit verify")
        t.that("a node that nobody touched verifies", seen["ok"] and seen["first_bad"] is None, seen)
        acme.wait(lambda: acme.cli("audit verify")["signed_to"] == seen["entries"], 10, "the newest entry is signed")
        numbers = [row["number"] for row in acme.cli("audit list")["items"]]
        t.same("the audit is listed newest first", numbers, sorted(numbers, reverse=True))
        first = acme.cli("audit list", limit=2)
        second = acme.cli("audit list", limit=2, cursor=first["next"])
        t.same("page by page", [r["number"] for r in first["items"] + second["items"]], numbers[:4])
        acme.stop()
        shutil.copytree(acme.home, acme.home + ".whole", ignore=shutil.ignore_patterns("*.sock"))

        target = seen["entries"] - 1
        hashes_anew(acme)
        acme.start()
        t.that("the hashes that this test makes are the right ones", acme.cli("audit verify")["ok"])
        entries = acme.cli("audit verify")["entries"]
        acme.stop()

        edit(acme, target)
        hashes_anew(acme)
        acme.start()
        found = acme.cli("audit verify")
        t.same("an edited entry is named, with every later hash made anew", found["first_bad"], target)
        t.that("in words, too", str(target) in found["finding"], found)
        t.refused("the node writes nothing more", acme.refusal("contact add", name="Dora"), "CORRUPT", "audit verify")
        t.same("and reads", acme.cli("contact list", limit=1)["total"], 3)
        t.same("and adds nothing to its audit", acme.cli("audit verify")["entries"], entries)
        acme.stop()
        shutil.copytree(acme.home, acme.home + ".edited", ignore=shutil.ignore_patterns("*.sock"))
        acme.start()
        t.same("a preview of accepting names the entry", acme.cli("audit accept", preview=True)["first_bad"], target)
        t.refused("and changes nothing", acme.refusal("contact add", name="Dora"), "CORRUPT")
        acme.cli("audit accept")
        said = acme.cli("audit verify")
        t.that("accepted, it is clean since the entry that says so", said["ok"] and said["since"] == entries + 1, said)
        t.that("and what was broken before stays named", str(target) in said["finding"] and "user:admin" in said["finding"], said)
        acme.cli("contact add", name="Dora")
        acme.stop()
        acme.start()
        t.that("also after a start", acme.cli("audit verify")["since"] == entries + 1, acme.cli("audit verify"))
        t.refused("nothing is left to accept", acme.refusal("audit accept"), "CONFLICT")
        acme.wait(lambda: acme.cli("audit verify")["signed_to"] == acme.cli("audit verify")["entries"], 10, "the newest is signed")
        acme.stop()
        edit(acme, entries + 2)
        hashes_anew(acme)
        acme.start()
        t.that("who edits after that is found as before", not acme.cli("audit verify")["ok"])
        acme.stop()
        shutil.rmtree(acme.home)
        shutil.copytree(acme.home + ".edited", acme.home)

        hashes_anew(acme, outside=True)
        acme.start()
        found = acme.cli("audit verify")
        t.that("with the hashes outside made anew as well, what the key process signed tells",
               found["ok"] is False and found["first_bad"] <= target, found)
        acme.stop()

        shutil.rmtree(acme.home)
        shutil.copytree(acme.home + ".whole", acme.home)
        acme.start()
        t.that("the whole home put back is a node as before", acme.cli("audit verify")["ok"] and
               acme.refusal("contact add", name="Dora") is None)


if __name__ == "__main__":
    main(the_past_is_edited)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_backup.py - a backup beside a running node, encrypted, whole or refused; restored it starts quarantined."""
import os
import shutil
import sqlite3

from hansa_net import Net, main, partner


def saved_and_restored(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio")
        net.pair(acme, brio)
        acme.cli("contact add", name="Before Backup Zwetschge")
        secret = acme.file("words.txt", "six words nobody guesses\n")
        wrong = acme.file("wrong.txt", "other words\n")
        to, with_keys = (os.path.join(net.folder, n) for n in ("monday.hansa", "tuesday.hansa"))
        acme.cli("backup", to, passphrase_file=secret)
        acme.cli("backup", with_keys, passphrase_file=secret, with_keys=True)
        t.refused("a file that is there is not written over", acme.refusal("backup", to, passphrase_file=secret), "CONFLICT")
        with open(to, "rb") as f:
            raw = f.read()
        t.that("nothing can be read in it", b"Zwetschge" not in raw and b"SQLite" not in raw and b"HNSAKEY" not in raw)
        t.same("it is for its owner alone", os.stat(to).st_mode & 0o777, 0o600)
        t.that("no open copy is left", not os.path.exists(os.path.join(acme.home, "tmp", "backup.db")))
        acme.cli("contact add", name="After Backup")
        acme.stop()

        other = acme.home + ".other"

        def restore(file, words, home=other):
            acme.home, kept = home, acme.home
            try:
                return acme.refusal("restore", file, passphrase_file=words)
            finally:
                acme.home = kept

        for what, changed in (("a changed byte", raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:]),
                              ("a cut file", raw[:-70000]), ("a changed cost", raw[:10] + b"\x01" + raw[11:])):
            t.that(f"{what} is refused", restore(acme.file("bad.hansa", changed), secret) is not None)
            t.that(f"{what} leaves no database", not os.path.exists(os.path.join(other, "hansa.db")))
        t.refused("wrong words open nothing", restore(to, wrong), "DENIED", "passphrase is wrong")
        t.refused("a home with a database is left alone", restore(to, secret, acme.home), "CONFLICT", "has a database")
        t.refused("what is no backup is not restored", restore(wrong, secret), "CORRUPT", "is not a backup")
        t.refused("a passphrase that is missing is named", restore(to, secret + ".none"), "USAGE", "words.txt.none")
        t.refused("an empty one is no failure of the network", restore(to, acme.file("no.txt", "\n")), "LOCKED", "is empty")

        t.that("the right words do", restore(to, secret) is None)
        t.that("without keys when they were not asked for", not os.path.exists(os.path.join(other, "keys", "signing.key")))
        with sqlite3.connect(os.path.join(other, "hansa.db")) as db:
            t.same("the database is whole", db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        shutil.rmtree(other)

        t.that("with keys a new machine has all", restore(with_keys, secret) is None)
        shutil.rmtree(acme.home)
        os.rename(other, acme.home)
        acme.start()
        t.that("it starts quarantined, without any journal", "quarantine" in " ".join(acme.cli("status")["warnings"]))
        t.same("with what was saved and no more", [r["title"] for r in acme.cli("contact list")["items"]],
               ["Before Backup Zwetschge"])
        t.that("its audit verifies", acme.cli("audit verify")["ok"])
        acme.wait(lambda: acme.cli("node confirm")["items"][0]["quarantine"] in ("lifted", "open"), 40, "Brio is lifted")
        acme.stop()
        acme.start()
        t.that("the next start is not a restore", not acme.cli("status")["warnings"], acme.cli("status")["warnings"])
        acme.wait(lambda: partner(acme, "Brio")["link"] == "up", 30, "the link is up")


if __name__ == "__main__":
    main(saved_and_restored)

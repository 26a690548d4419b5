# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_trouble.py - a full disk, a clock that is off, a home from the future: said, and nothing lost."""
import os
import sqlite3
import subprocess
import sys

from hansa_net import BIN, Net, main

HOUR_MS = 3600 * 1000


def own_mounts():
    """Runs this program again in a mount name space of its own, so that it may make a small disk."""
    if os.environ.get("HANSA_OWN_MOUNTS"):
        return True
    words = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*words, "true"], capture_output=True).returncode != 0:
        return False
    os.environ["HANSA_OWN_MOUNTS"] = "1"
    os.execvp(words[0], [*words, sys.executable, "-B", "-u", *sys.argv])


def a_full_disk(t):
    with Net() as net:
        disk = os.path.join(net.folder, "disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], check=True)
        acme = net.node("Acme", within="disk")
        first = acme.cli("contact add", name="Before Fullness")["id"]
        filler = os.path.join(disk, "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 65536)
            except OSError:
                pass
        refused = None
        for n in range(2000):
            refused = acme.refusal("contact add", name=f"Contact {n}", note="y" * 4000)
            if refused:
                break
        t.refused("a write to a full disk fails and says so", refused, "DISK_FULL")
        t.same("reading goes on", acme.show("contact", first)["fields"]["name"], "Before Fullness")
        count = acme.cli("contact list", limit=1)["total"]
        t.same("what was refused is not half there", count, n + 1)
        os.unlink(filler)
        acme.wait(lambda: acme.refusal("contact add", name="After Fullness") is None, 20, "writing works again")
        t.same("with space again, writing goes on by itself", acme.cli("contact list", limit=1)["total"], n + 2)
        t.same("and the node stops in good order", acme.stop(), 0)
        subprocess.run(["umount", disk], check=True)


def a_home_from_the_future(t):
    with Net() as net:
        acme = net.node("Acme")
        acme.stop()
        database = os.path.join(acme.home, "hansa.db")
        with sqlite3.connect(database) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            db.execute(f"PRAGMA user_version = {version + 1}")
        done = subprocess.run([os.path.join(BIN, "hansad"), "--home", acme.home, "--foreground"], env=acme.env,
                              capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        said = done.stdout + done.stderr
        t.same("a home of a newer version is refused", done.returncode, 78)
        t.that("and it is said what to do", "newer" in said.lower(), said)
        with sqlite3.connect(database) as db:
            t.same("it is left as it was", db.execute("PRAGMA user_version").fetchone()[0], version + 1)
            db.execute(f"PRAGMA user_version = {version}")
        acme.start()
        t.same("and opens with its own version", acme.cli("status")["name"], "Acme")


def a_clock_that_is_off(t):
    """Brio's clock runs six hours ahead; what is granted for two more hours cannot be judged there."""
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="On time", place="Kiel")["id"]
        acme.cli("share create", event, partner="Brio", fields="event.name,event.place", purpose="event", until="2031-12-31")
        offer = brio.wait(lambda: brio.items("offer list"), 30, "the offer is at Brio")[0]["id"]
        brio.cli("offer accept", offer)
        brio.wait(lambda: brio.show("event", event), 30, "the event is at Brio")
        brio.stop()
        brio.start(clock_offset=6 * HOUR_MS)
        brio.wait(lambda: "clock" in str(brio.cli("status")).lower() or "clock" in str(brio.items("partner list")).lower()
                  or "clock" in brio.log().lower(), 30, "Brio says that the clocks differ")
        t.that("a clock that is off by hours is said", True)
        t.same("nothing is lost", brio.show("event", event)["fields"]["name"], "On time")
        brio.stop()
        brio.start()
        acme.cli("event set", event, place="Flensburg")
        brio.wait(lambda: brio.show("event", event)["fields"]["place"] == "Flensburg", 30, "changes flow again")
        t.that("with the clock right, changes flow again", True)


if own_mounts():
    main(a_full_disk, a_home_from_the_future, a_clock_that_is_off)
print("no right to mount a small disk here: a_full_disk was NOT RUN")
main(a_home_from_the_future, a_clock_that_is_off)

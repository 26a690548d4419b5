# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_keys_lost.py - each key file of Acme is lost once; Brio is its partner, and Cedar through Brio."""
import os
import shutil
import subprocess

from hansa_net import BIN, Net, main, partner
from keys import WANT, invite, keys, knows, names_at, person, rename, seeds


def lose(t, acme, name):
    """The node, which does not run, says that the file is not there, and what to do; and that mends it."""
    os.remove(os.path.join(acme.home, "keys", f"{name}.key"))
    done = acme.run("start", check=False)
    t.same(f"without its {name} key it does not start", done.returncode, 78)
    t.that("it says which file is not there, and what makes a new one", f"{name}.key" in done.stderr and "hansa key rotate" in done.stderr,
           done.stderr)
    acme.run("key", "rotate")
    acme.start()


def signing_lost(t, acme, brio, cedar, event):
    acme.stop()
    lose(t, acme, "signing")
    t.same("nothing else is new", keys(acme, "serial"), {"signing": 2, "sealing": 1, "transport": 1})
    rename(acme, event, "Launch, signed with a new key", brio, cedar)


def sealed(brio, cedar, event, name, rows):
    """Waits at Brio for Acme, which does not run."""
    person(cedar, event, name, email=f"{name.split()[0].lower()}@cedar.example")
    cedar.cli("guest contribute", event)
    brio.wait(lambda: [r for r in brio.items("guest carried", event) if r["rows"] >= rows], 20, "Brio carries it")


def sealing_lost_between(t, acme, brio, cedar, event):
    """While the one before is in use yet, for Cedar, which cannot know the new one: it opens what was sealed to it."""
    brio.stop()
    acme.run("key", "rotate", "--sealing")
    t.same("the one before is needed", keys(acme, "former")["sealing"], "in use")
    acme.stop()
    brio.start()
    sealed(brio, cedar, event, "Eva Former", 2)
    lose(t, acme, "sealing")
    acme.wait(lambda: "Eva Former" in names_at(acme, event), 40, "what was sealed to the one before arrives")
    acme.wait(lambda: keys(acme, "former")["sealing"] == "none", 30, "then all know the new one")


def sealing_lost(t, acme, brio, cedar, event):
    """What Cedar sealed to the lost key waits at Brio, and opens nowhere."""
    acme.stop()
    sealed(brio, cedar, event, "Ada Sealed", 3)
    lose(t, acme, "sealing")
    acme.wait(lambda: "Ada Sealed" in names_at(acme, event), 40, "it is sealed again, and arrives")
    t.same("nothing was refused", [n.items("deadletter list") for n in (acme, brio, cedar)], [[], [], []])


def transport_lost(t, acme, brio, cedar, event):
    """Brio is away, and misses this change and the next."""
    brio.stop()
    acme.stop()
    lose(t, acme, "transport")
    t.that("no key from before is kept for the link", "former-transport.key" not in seeds(acme), seeds(acme))
    acme.run("key", "rotate")
    acme.run("key", "retire")
    acme.cli("event set", event, name="Launch, over a new link")
    brio.start()
    t.same("Brio knows neither", knows(acme)["Brio"], "old")
    t.that("and has no way", partner(brio, "Acme")["link"] != "up", partner(brio, "Acme"))
    brio.cli("partner accept", acme.file("again.invite", acme.cli("partner invite")["text"]))
    acme.wait(lambda: set(knows(acme).values()) == {"new"}, 30, "by an invitation it knows, and Cedar through it")
    rename(acme, event, "Launch, once more", brio, cedar)
    person(cedar, event, "Bea Sealed", email="bea@cedar.example")
    cedar.cli("guest contribute", event)
    acme.wait(lambda: names_at(acme, event) == ["Ada Sealed", "Bea Sealed", "Cleo Third", "Eva Former"], 30, "guests come")


def two_lines(t, net, acme, brio):
    """An old home whose keys are changed before it meets anybody: its root key signs a second line."""
    acme.stop()
    old = os.path.join(net.folder, "acme.old")
    shutil.copytree(acme.home, old)
    acme.start()
    acme.run("key", "rotate", "--signing")
    acme.wait(lambda: knows(acme)["Brio"] == "new", 20, "Brio knows")
    acme.stop()
    shutil.rmtree(acme.home)
    shutil.copytree(old, acme.home)
    acme.run("key", "rotate", "--signing")
    t.same("nothing is wrong yet", (brio.items("evidence list"), brio.cli("status")["warnings"]), ([], []))
    with open(os.path.join(acme.home, "restored"), "wb"):
        pass
    acme.start()
    acme.cli("node confirm", at_once=True)
    shown = brio.wait(lambda: brio.items("evidence list"), 30, "the other line is refused")
    t.same("people see whose descriptor it is, and through whom", [(e["type"], e["owner"], e["via"], e["state"]) for e in shown],
           [("descriptor", "Acme", "Acme", "refused")])
    t.that("they are warned", any("descriptor" in w for w in brio.cli("status")["warnings"]), brio.cli("status"))
    path = os.path.join(net.folder, "two-lines.evidence")
    brio.run("evidence", "export", "Acme", "--out", path)
    done = subprocess.run([os.path.join(BIN, "hansa-verify"), path], capture_output=True, text=True, check=False, timeout=60,
                          env={"HANSA_LANG": "en", "LC_ALL": "C.UTF-8"})
    t.that("and anybody can check both", done.returncode == 0 and "Its root key has signed two lines" in done.stdout, done.stdout + done.stderr)
    t.refused("of others there is nothing", brio.refusal("evidence export", "Cedar", out=path + ".none"), "NOT_FOUND")


def story(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event, want=WANT, depth=1)
        invite(brio, cedar, event, contribute=True)
        person(cedar, event, "Cleo Third", email="cleo@cedar.example")
        cedar.cli("guest contribute", event)
        acme.wait(lambda: names_at(acme, event) == ["Cleo Third"], 30, "what Cedar sealed is there")
        signing_lost(t, acme, brio, cedar, event)
        sealing_lost_between(t, acme, brio, cedar, event)
        sealing_lost(t, acme, brio, cedar, event)
        transport_lost(t, acme, brio, cedar, event)
        two_lines(t, net, acme, brio)


main(story)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_keys.py - keys that change while partners are away: Acme has Brio as a partner, and Cedar through Brio."""
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess

from hansa_net import BIN, Net, main
from keys import EVENT_FIELDS, WANT, invite, keys, knows, names_at, person, rename, seeds
from three import accept

OFFER, REVOCATION = 16, 20


def letters(*nodes):
    return [(n.name, sorted(row.items())) for n in nodes for row in n.items("deadletter list")]


def evidence(net, node, share):
    path = os.path.join(net.folder, f"evidence-{os.urandom(4).hex()}")
    node.run("receipt", "export", share, "--out", path)
    done = subprocess.run([os.path.join(BIN, "hansa-verify"), path], capture_output=True, text=True, check=False, timeout=60,
                          env={"HANSA_LANG": "en", "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout + done.stderr


def rotated_while_one_is_away(t, net, acme, brio, cedar, event):
    share = acme.items("share list")[0]["id"]
    before = seeds(acme)
    cedar.stop()
    acme.run("key", "rotate")
    t.same("three keys are new", keys(acme, "serial"), {"signing": 2, "sealing": 2, "transport": 2})
    acme.wait(lambda: knows(acme) == {"Brio": "new", "Cedar": "old"}, 20, "Brio has acknowledged, Cedar is away")
    t.that("status says that one does not know", any("your new keys yet: 1" in w for w in acme.cli("status")["warnings"]))
    t.same("those before are kept where somebody may need them",
           (keys(acme, "former"), sorted(set(seeds(acme)) - set(before))),
           ({"signing": "none", "sealing": "in use", "transport": "none"}, ["descriptor", "former-sealing.key"])
           if "former-transport.key" not in seeds(acme) else
           ({"signing": "none", "sealing": "in use", "transport": "in use"}, ["descriptor", "former-sealing.key", "former-transport.key"]))
    t.refused("no second change while the first is not over", acme.refusal("key rotate", sealing=True), said="still in use")
    rename(acme, event, "Launch under new keys", brio)
    person(brio, event, "Ada Quill", email="ada@brio.example")
    brio.cli("guest contribute", event)
    acme.wait(lambda: "Ada Quill" in names_at(acme, event), 30, "what Brio brings arrives")
    t.same("the audit verifies across the change", acme.run("audit", "verify", check=False).returncode, 0)

    cedar.start()
    acme.wait(lambda: knows(acme) == {"Brio": "new", "Cedar": "new"}, 40, "Cedar is back and says that it knows")
    rename(acme, event, "Launch again", brio, cedar)
    cedar.cli("attendee set", [g["id"] for g in cedar.items("guest list", event) if g["name"] == "Cleo Third"][0],
              organization="Third SE")
    acme.wait(lambda: [g for g in acme.items("guest list", event) if g["name"] == "Cleo Third"
                       and acme.show("attendee", g["id"])["fields"].get("organization") == "Third SE"], 30,
              "what Cedar seals arrives")
    acme.wait(lambda: set(keys(acme, "former").values()) == {"none"}, 30, "the old ones are over")
    acme.wait_up()
    t.same("and destroyed", seeds(acme), sorted([*before, "descriptor"]))
    rename(acme, event, "Launch at last", brio, cedar)
    t.same("the list is whole", names_at(acme, event), ["Ada Quill", "Cleo Third"])
    code, said = evidence(net, acme, share)
    t.same("what was signed before and since verifies with no node", (code, "Older keys of Acme" in said), (0, True))


def crash_in_between(t, acme, brio, cedar, event):
    command = [os.path.join(BIN, "hansad"), "--home", acme.home, "--rotate", "--signing"]
    half = os.path.join(acme.home, "keys.next")
    os.mkdir(half, 0o700)
    for name in ("signing.key", ".signing.key.new"):
        shutil.copy(os.path.join(acme.home, "keys", "signing.key"), os.path.join(half, name))
    old = os.path.join(acme.home, "keys.old")
    os.mkdir(old, 0o700)
    for name in (".signing.key.new", "of-the-admin"):
        shutil.copy(os.path.join(acme.home, "keys", "signing.key"), os.path.join(old, name))
    acme.kill("parent")
    t.same("what a crash left half made counts for nothing", keys(acme, "serial")["signing"], 2)
    t.same("and is made whole by the next attempt", subprocess.run(command, env=acme.env, check=False).returncode, 0)
    t.same("which counts from the next start", (keys(acme, "serial")["signing"], os.path.exists(half)), (2, True))
    t.refused("until then there is no other", acme.refusal("key rotate"), said="next start")
    acme.kill("parent")
    t.same("a killed node starts with it", (keys(acme, "serial")["signing"], os.path.exists(half)), (3, False))
    t.same("what is not ours is in no change's way", (os.path.exists(old), os.listdir(old + ".1")), (False, ["of-the-admin"]))
    t.same("and no seed is left lying", [name for name in os.listdir(os.path.join(acme.home, "keys")) if name.startswith(".")], [])
    rename(acme, event, "Launch after a crash", brio, cedar)


def root_offline(t, net, acme, brio, cedar, event):
    root, words = os.path.join(net.folder, "acme.root"), acme.file("root-words", "three dry stones\n")
    acme.run("key", "take-root", "--to", root, "--root-passphrase-file", words)
    t.that("the root key is out of the home", "root.key" not in seeds(acme), seeds(acme))
    t.refused("not over a file that is there",
              acme.refusal("key take-root", to=root, root_passphrase_file=words))
    acme.stop()
    acme.start()
    rename(acme, event, "Launch without a root", brio, cedar)
    t.refused("without it there are no new keys", acme.refusal("key rotate"), said="--root")
    wrong = acme.file("wrong-words", "three wet stones\n")
    t.refused("nor with a wrong passphrase", acme.refusal("key rotate", root=root, root_passphrase_file=wrong), "DENIED")
    acme.run("key", "rotate", "--root", root, "--root-passphrase-file", words)
    t.same("with it there are", set(keys(acme, "serial").values()), {4})
    t.that("and it stays outside", "root.key" not in seeds(acme), seeds(acme))
    rename(acme, event, "Launch with a root from outside", brio, cedar)
    return ["--root", root, "--root-passphrase-file", words]


def frames(node):
    """Kinds of control messages that have a number and are not acknowledged."""
    with contextlib.closing(sqlite3.connect(f"file:{node.home}/hansa.db?mode=ro", uri=True)) as db:
        return sorted(row[0] for row in db.execute("SELECT kind FROM frame WHERE stream = 1"))


def given(acme, brio, name, taken=True, **terms):
    """An event of Acme's and its share with Brio."""
    event = acme.cli("event add", name=name)["id"]
    share = acme.cli("share create", event, partner="Brio", fields=EVENT_FIELDS, purpose="event", until="2037-12-31", **terms)["id"]
    if taken:
        accept(brio, name)
        brio.wait(lambda: [e for e in brio.items("event list") if e["id"] == event], 30, "the event is there")
    return event, share


def on_the_wire(t, acme, brio):
    """A revocation and an offer that have numbers and never reach Brio, whose node dies."""
    salon, _ = given(acme, brio, "Salon", depth=1)
    gone, share = given(acme, brio, "Retro")
    acme.wait(lambda: frames(acme) == [], 20, "everything is acknowledged")
    pids = brio.pids()
    os.kill(pids["edge"], signal.SIGSTOP)
    acme.cli("share stop", share, reason="off")
    given(acme, brio, "Gala", taken=False)
    acme.wait(lambda: {REVOCATION, OFFER} <= set(frames(acme)), 20, "both have a number")
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    brio.daemon.wait()
    return gone, salon


def stolen(t, net, acme, brio, cedar, event, root):
    """The way in with the old transport key is closed, so Brio, who does not know yet, needs an invitation."""
    share = acme.items("share list")[0]["id"]
    gone, salon = on_the_wire(t, acme, brio)
    acme.run("key", "rotate", "--stolen", *root)
    t.same("none of the old keys is kept", (seeds(acme), set(keys(acme, "former").values())),
           (["descriptor", "sealing.key", "signing.key", "transport.key"], {"none"}))
    t.same("nobody can know yet", set(knows(acme).values()), {"old"})
    acme.cli("event set", event, name="Launch after a theft")
    brio.start()
    brio.cli("partner accept", acme.file("again.invite", acme.cli("partner invite")["text"]))
    acme.wait(lambda: set(knows(acme).values()) == {"new"}, 30, "Brio knows, and Cedar through Brio")
    for node in (brio, cedar):
        node.wait(lambda node=node: node.show("event", event)["fields"]["name"] == "Launch after a theft", 30, "the change arrives")
    brio.wait(lambda: brio.refusal("event show", gone), 20, "what was taken back when the keys were stolen is gone")
    accept(brio, "Gala")
    invite(brio, cedar, salon, title="Salon")
    cedar.wait(lambda: "grant.signed_anew" in cedar.log(), 20, "who was passed a grant before has its new signature, too")
    t.same("what was signed before still verifies", evidence(net, acme, share)[0], 0)
    t.same("and so does the audit", acme.run("audit", "verify", check=False).returncode, 0)
    person(cedar, event, "Dora Late", email="dora@cedar.example")
    cedar.cli("guest contribute", event)
    acme.wait(lambda: "Dora Late" in names_at(acme, event), 30, "what Cedar seals to the new key arrives")


def old_keys_stay_dead(t, net, acme, brio, root):
    """A copy of the whole home from before, journal and all: only a partner can know."""
    old = os.path.join(net.folder, "acme.old")
    acme.wait(lambda: set(keys(acme, "former").values()) == {"none"}, 30, "the change before is over")
    acme.stop()
    shutil.copytree(acme.home, old)
    acme.start()
    acme.run("key", "rotate", "--signing", *root)
    acme.wait(lambda: knows(acme)["Brio"] == "new", 20, "Brio knows")
    acme.stop()
    shutil.rmtree(acme.home)
    shutil.copytree(old, acme.home)
    acme.start(wait=False)
    acme.wait(lambda: acme.daemon.poll() is not None, 30, "Brio says that these keys are old")
    t.same("the node ends", acme.daemon.returncode, 78)
    acme.start(wait=False)
    acme.wait(lambda: acme.daemon.poll() is not None, 30, "it ends at once")
    t.that("and does not start with them again", "are older than those" in acme.log(), acme.log()[-400:])
    acme.run("key", "rotate", *root)
    acme.start()
    t.same("new ones follow the newest", keys(acme, "serial")["signing"], 7)


def story(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event, want=WANT, depth=2)
        invite(brio, cedar, event, contribute=True, depth=1)
        person(cedar, event, "Cleo Third", email="cleo@cedar.example")
        cedar.cli("guest contribute", event)
        acme.wait(lambda: names_at(acme, event) == ["Cleo Third"], 30, "what Cedar sealed is there")
        rotated_while_one_is_away(t, net, acme, brio, cedar, event)
        crash_in_between(t, acme, brio, cedar, event)
        root = root_offline(t, net, acme, brio, cedar, event)
        stolen(t, net, acme, brio, cedar, event, root)
        t.same("nothing was refused anywhere", letters(acme, brio, cedar), [])
        old_keys_stay_dead(t, net, acme, brio, root)


main(story)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_equivocation.py - Acme's old home is copied back by hand and it signs a second content for a position (P7):
Cedar, further down, sees both; the record is frozen, the proof is kept, everybody is told, and Acme mends it."""
import os
import shutil
import subprocess

from hansa_net import BIN, Net, main, partner
from three import accept, held

TERMS = {"fields": "event.name,event.place", "purpose": "event", "until": "2037-12-31"}


def proofs(node):
    return [(e["record"], e["owner"], e["position"], e["state"]) for e in node.items("evidence list")]


def verify(path):
    done = subprocess.run([os.path.join(BIN, "hansa-verify"), path], capture_output=True, text=True, check=False, timeout=60,
                          env={"HANSA_LANG": "en", "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout + done.stderr


def one_event_for_both(net, acme, brio, cedar):
    """Brio has it from Acme, Cedar from Acme and through Brio."""
    event = acme.cli("event add", name="Launch", place="Kiel")["id"]
    acme.cli("share create", event, partner="Brio", depth=1, **TERMS)
    accept(brio, "Launch")
    brio.wait(lambda: held(brio, "event", event, "place"), 20)
    brio.cli("share create", event, partner="Cedar", **TERMS)
    accept(cedar, "Launch")
    acme.cli("share create", event, partner="Cedar", **TERMS)
    cedar.wait(lambda: len(cedar.items("offer list")) == 2, 20)
    cedar.cli("offer accept", [o for o in cedar.items("offer list") if o["state"] == "open"][0]["id"])
    cedar.wait(lambda: len([1 for o in cedar.items("offer list") if o["state"] == "accepted"]) == 2, 20)
    acme.wait(lambda: len([1 for h in acme.items("holders", event) if h["company"] == "Cedar"]) >= 1, 20, "Cedar has it from Acme")
    return event


def two_contents(net, acme, brio, cedar, event):
    """Brio hears one content of the second position, Cedar another."""
    cedar.stop()
    acme.stop()
    shutil.copytree(acme.home, acme.home + ".old", ignore=shutil.ignore_patterns("*.sock"))
    acme.start()
    acme.cli("event set", event, place="Lübeck")
    brio.wait(lambda: held(brio, "event", event, "place") == "Lübeck", 30, "Brio hears Lübeck")
    acme.stop()
    shutil.rmtree(acme.home)
    os.rename(acme.home + ".old", acme.home)
    acme.start()
    acme.cli("event set", event, place="Rostock")
    cedar.start()


def story(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "IT")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        net.pair(acme, cedar)
        event = one_event_for_both(net, acme, brio, cedar)
        two_contents(net, acme, brio, cedar, event)

        want = [(event, "Acme", "1.2", "frozen")]
        cedar.wait(lambda: proofs(cedar) == want, 40, "Cedar finds it: through Brio it is another")
        shown = held(cedar, "event", event, "place")
        t.that("what was there first stays", shown in ("Lübeck", "Rostock"), shown)
        brio.wait(lambda: proofs(brio) == want, 20, "Brio is told by Cedar")
        t.same("what it has stays", held(brio, "event", event, "place"), "Lübeck")
        acme.wait(lambda: proofs(acme), 20, "and so is the owner")
        t.same("with the proof in its own hands", [(e[0], e[2]) for e in proofs(acme)], [(event, "1.2")])
        t.same("people are told", ["hansa evidence list" in " ".join(n.cli("status")["warnings"]) for n in (acme, brio, cedar)], [True] * 3)
        t.that("each side in its own words", "that we signed" in " ".join(acme.cli("status")["warnings"]))
        t.that("what contradicts is in the dead letters", any("Two different contents" in d["reason"] for d in cedar.items("deadletter list")))

        path = os.path.join(net.folder, "proof")
        for node in (cedar, brio, acme):
            node.run("evidence", "export", event, "--out", path, "--yes")
            code, said = verify(path)
            t.that(f"{node.name}'s file is a proof without any node", code == 0 and "Acme signed two contents" in said, said)
        with open(path, "rb") as f:
            proof = f.read()
        t.same("no value is in it", [w for w in ("Lübeck", "Rostock", "Launch", "Kiel") if w.encode().hex().encode() in proof], [])
        t.refused("of other records there is none", acme.refusal("evidence export", acme.cli("event add", name="Other")["id"]), "NOT_FOUND")

        acme.stop()
        with open(os.path.join(acme.home, "restored"), "w", encoding="ascii"):
            pass
        acme.start()
        acme.wait(lambda: all(r["quarantine"] == "repaired" for r in acme.cli("node confirm", preview=True)["items"]), 60,
                  "Acme says that it was restored, and hears from both")
        acme.cli("node confirm")
        acme.cli("event set", event, place="Wismar")
        for node in (brio, cedar):
            node.wait(lambda node=node: held(node, "event", event, "place") == "Wismar", 30, f"a higher position thaws it at {node.name}")
        t.same("the proof stays, and says that it is mended", [[e[3] for e in proofs(n)] for n in (acme, brio, cedar)], [["mended"]] * 3)
        t.same("nobody is warned any more", [w for n in (brio, cedar) for w in n.cli("status")["warnings"] if "evidence" in w], [])
        t.same("the audits verify", [n.cli("audit verify")["ok"] for n in (acme, brio, cedar)], [True] * 3)


main(story)

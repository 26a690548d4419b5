# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_receipts.py - Acme shares, Brio passes on to Cedar; both say what they did with it, and who is silent is late."""
import hashlib
import os
import subprocess

from hansa_net import BIN, Net, main
from three import accept

FIELDS = "event.name,event.startDate,event.status"


def says(node, **options):
    return {r["company"]: r["state"] for r in node.items("receipt list", **options)}


def verify(path):
    done = subprocess.run([os.path.join(BIN, "hansa-verify"), path], capture_output=True, text=True, check=False, timeout=60,
                          env={"HANSA_LANG": "en", "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout + done.stderr


def evidence(t, net, acme, share):
    path = os.path.join(net.folder, "evidence")
    acme.run("receipt", "export", share, "--out", path)
    code, said = verify(path)
    t.same("an evidence file verifies with no node", code, 0)
    t.same("and says who signed what", [w in said for w in ("Brio signed", "Cedar signed", "to Acme: erased", "is taken back")], [True] * 4)
    with open(path, "rb") as f:
        whole = f.read()
    changed, refused = os.path.join(net.folder, "changed"), []
    lines = whole.splitlines(keepends=True)
    for at in [0, len(lines[0]) + 40, len(whole) // 2, len(whole) - len(lines[-1]) - 3, len(whole) - 2]:
        acme.file("changed", whole[:at] + (b"0" if whole[at:at + 1] != b"0" else b"1") + whole[at + 1:])
        refused.append(verify(changed)[0])
    t.same("a changed byte is refused wherever it stands", refused, [1] * 5)
    swapped = lines[:-2] + [lines[-2][:-4] + (b"00" if lines[-2][-4:-2] != b"00" else b"11") + lines[-2][-2:]]
    body = b"".join(swapped)
    acme.file("changed", body + b"end " + hashlib.blake2b(body, digest_size=32).hexdigest().encode() + b"\n")
    code, said = verify(changed)
    t.same("also when the last line is made to fit: the signature does not", (code, "does not verify" in said), (1, True))


def given_back(t, acme, brio, cedar):
    """Brio accepted, passed on, and does not want it any more."""
    event = acme.cli("event add", name="Second")["id"]
    acme.cli("share create", event, partner="Brio", fields=FIELDS, purpose="event", until="2037-12-31", depth=1)
    accept(brio, "Second")
    brio.wait(lambda: brio.items("event list"), 20, "the event is at Brio")
    below = brio.cli("share create", event, partner="Cedar", fields=FIELDS, purpose="event", until="2037-12-31")["id"]
    accept(cedar, "Second")
    cedar.wait(lambda: cedar.items("event list"), 20, "the event is at Cedar")
    mine = [o["id"] for o in brio.items("offer list") if o["title"] == "Second"][0]
    t.same("without a reason it is not given back", brio.refusal("offer decline", mine).code, 64)
    given = brio.cli("offer decline", mine, reason="Not our market any more")
    t.same("what was accepted can be given back", (given["state"], brio.items("event list")), ("declined", []))
    t.refused("once", brio.refusal("offer decline", mine, reason="again"), said="not an open offer")

    def states():
        return [(s["partner"], s["role"], s["state"], s.get("reason")) for s in acme.items("share list") if s["title"] == "Second"]

    acme.wait(lambda: ("Brio", "given", "declined", "Not our market any more") in states(), 20, "Acme hears why")
    cedar.wait(lambda: not cedar.items("event list"), 20, "what Brio passed on is taken back")
    t.same("Brio's own share is stopped", [s["state"] for s in brio.items("share list") if s["id"] == below], ["stopped"])
    mine_and_below = {("Brio", "purged", "DECLINED"), ("Cedar", "purged", "REVOKED")}
    acme.wait(lambda: {(r["company"], r["state"], r.get("reason")) for r in acme.items("receipt list") if r["title"] == "Second"} == mine_and_below, 20,
              "both say that they erased it")
    acme.cli("event set", event, name="Second, moved")
    t.same("nothing more goes there", [acme.items("data where", event)[i]["state"] for i in (0, 1)], ["owner", "says it is erased"])


def story(t):
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "IT")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch")["id"]
        share = acme.cli("share create", event, partner="Brio", fields=FIELDS, purpose="event", until="2037-12-31", depth=1)["id"]
        acme.wait(lambda: says(acme) == {"Brio": "received"}, 20, "Brio says that it has the offer")
        accept(brio, "Launch")
        acme.wait(lambda: says(acme) == {"Brio": "applied"}, 20, "Brio says that it is in use")
        brio.wait(lambda: brio.items("event list"), 20, "the event is at Brio")
        below = brio.cli("share create", event, partner="Cedar", fields=FIELDS, purpose="event", until="2037-12-31")["id"]
        accept(cedar, "Launch")
        both = {"Brio": "applied", "Cedar": "applied"}
        acme.wait(lambda: says(acme) == both, 20, "Cedar's own word comes through Brio")
        t.same("Brio hears it as the one who passed on", says(brio), {"Cedar": "applied"})
        t.same("and Cedar knows what it said, and to whom", sorted((r["company"], r["state"]) for r in cedar.items("receipt list", given=True)),
               [("Acme", "applied"), ("Brio", "applied")])
        t.same("nobody is late while the share stands", says(acme, state="late", days=0), {})
        cedar.wait(lambda: cedar.items("event list"), 20, "the event is at Cedar")

        t.same("a hold needs a basis in law", cedar.refusal("receipt hold", event).code, 64)
        cedar.cli("receipt hold", event, basis="tax law")
        cedar.stop()
        acme.cli("share stop", share, reason="off")
        acme.wait(lambda: says(acme) == {"Brio": "purged", "Cedar": "applied"}, 20, "Brio has erased")
        t.same("who is away is late at once when nobody waits", says(acme, state="late", days=0), {"Cedar": "applied"})
        t.same("and not yet when two days are given", says(acme, state="late"), {})
        t.same("seen by the record, too", says(acme, record=event, company="Cedar"), {"Cedar": "applied"})
        t.same("nothing is left at Brio", brio.items("event list"), [])

        cedar.start()
        acme.wait(lambda: says(acme) == {"Brio": "purged", "Cedar": "refused"}, 30, "Cedar is back, and refuses")
        t.same("on a basis in law", [(r["records"], r["reason"], r["basis"]) for r in acme.items("receipt list", state="refused")],
               [(1, "LEGAL_HOLD", "tax law")])
        t.same("what is held back is not shown", cedar.items("event list"), [])
        cedar.cli("receipt hold", event, end=True)
        acme.wait(lambda: says(acme) == {"Brio": "purged", "Cedar": "purged"}, 30, "Cedar is back, erases, and says so")
        t.same("nothing is left at Cedar", cedar.items("event list"), [])
        t.same("nobody is late", says(acme, state="late", days=0), {})
        t.same("and why", sorted(r["reason"] for r in acme.items("receipt list")), ["RELEASED", "REVOKED"])
        t.same("Brio has it, too", says(brio, share=below), {"Cedar": "purged"})
        t.same("no word of it is refused anywhere", [n.items("deadletter list") for n in (acme, brio, cedar)], [[], [], []])
        evidence(t, net, acme, share)
        given_back(t, acme, brio, cedar)
        wrong = acme.refusal("receipt list", state="gone")
        t.same("a state that there is none of", (wrong.code, "gone" in wrong.said), (64, True))


main(story)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_keys_thief.py - somebody runs a stolen copy of Acme's whole home and writes to Brio as Acme. Acme gets its
own back, keys and word, by the steps of docs/operations/keys.md, and changes no record for it."""
import os
import shutil

from hansa_net import Net, main
from keys import EVENT_FIELDS, invite, knows


def other_home(acme, home):
    acme.stop()
    shutil.rmtree(acme.home)
    shutil.copytree(home, acme.home)


def thief(acme, brio, event, copy):
    """Its last revision is higher than any of Acme's, and so are its numbers on the link."""
    acme.stop()
    shutil.copytree(acme.home, copy)
    acme.start()
    for name in ("Stolen", "Stolen twice", "Stolen thrice"):
        acme.cli("event set", event, name=name)
    made = acme.cli("event add", name="Never ours")["id"]
    acme.cli("share create", made, partner="Brio", fields=EVENT_FIELDS, purpose="event", until="2037-12-31")
    brio.wait(lambda: brio.show("event", event)["fields"]["name"] == "Stolen thrice", 30, "Brio believes it")
    brio.wait(lambda: [o for o in brio.items("offer list") if o["state"] == "open"], 30, "and is offered more")


def story(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="Launch")["id"]
        invite(acme, brio, event)
        copy = os.path.join(net.folder, "acme.copy")
        thief(acme, brio, event, copy)
        other_home(acme, copy)
        said = acme.run("key", "rotate", "--stolen").stdout
        t.that("nobody is told by the wire, and so by telephone", "No partner can reach you" in said, said)
        acme.start()
        t.that("status says who cannot reach us", any("take a new invitation: 1" in w for w in acme.cli("status")["warnings"]))
        brio.cli("partner accept", acme.file("again.invite", acme.cli("partner invite")["text"]))
        acme.wait(lambda: any("than it ever sent" in w for w in acme.cli("status")["warnings"]), 30, "the thief was on the link, and Acme says so")
        acme.stop()
        acme.file(os.path.join(acme.home, "restored"), "")
        acme.start()
        acme.cli("node confirm", at_once=True)
        acme.wait(lambda: knows(acme)["Brio"] == "new", 30, "Brio knows the new keys")
        t.that("and no longer when all can", not any("new invitation" in w for w in acme.cli("status")["warnings"]))
        brio.wait(lambda: brio.show("event", event)["fields"]["name"] == "Launch", 40, "what the thief wrote gives way, at whatever position")
        acme.cli("event set", event, name="Launch, still")
        brio.wait(lambda: brio.show("event", event)["fields"]["name"] == "Launch, still", 30, "and what Acme writes arrives")
        t.same("nothing of it is frozen", brio.items("evidence list"), [])


main(story)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_leases.py - what ends while nobody can be told: end dates, and an owner's word that grows old."""
import os
import time

from hansa_net import Net, main
from three import accept, held

DAY_MS = 24 * 3600 * 1000


def day(offset):
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + offset * 86400))


def on_disk(node, *words):
    """Which of these stand anywhere in the home of a node that is off."""
    found = set()
    for folder, _, files in os.walk(node.home):
        for name in files:
            with open(os.path.join(folder, name), "rb") as f:
                data = f.read()
            found |= {word for word in words if word.encode() in data}
    return sorted(found)


# ---- end dates ------------------------------------------------------------------------------------


def a_share_ends_while_its_holder_is_off(t):
    """Two shares end while Cedar is off, and Acme too: one must be erased at once, the other within ten days."""
    places = {"Soon": "Frogmorton", "Later": "Wimpleton"}
    with Net() as net:
        acme, cedar = net.node("Acme"), net.node("Cedar", "FR")
        net.pair(acme, cedar)
        events = []
        for name, days in (("Soon", None), ("Later", 10)):
            event = acme.cli("event add", name=name, place=places[name])["id"]
            acme.cli("share create", event, partner="Cedar", fields="event.name,event.place", purpose="event", until=day(3),
                     delete_days=days)
            accept(cedar, name)
            cedar.wait(lambda: held(cedar, "event", event, "place"), 30, f"{name} is at Cedar")
            events.append(event)
        t.same("while it runs it is shown", len(cedar.items("event list")), 2)
        acme.stop()
        cedar.stop()
        t.same("and held", on_disk(cedar, *places.values()), ["Frogmorton", "Wimpleton"])

        cedar.start(clock_offset=5 * DAY_MS)
        t.same("when Cedar starts after the end it lists none of it", cedar.items("event list"), [])
        t.same("and shows none of it", [held(cedar, "event", e, "place") for e in events], [None, None])
        t.same("it says that both have ended", [o["state"] for o in cedar.items("offer list")], ["ended", "ended"])
        cedar.stop()
        t.same("what had to go at once is gone", on_disk(cedar, *places.values()), ["Wimpleton"])

        cedar.start()
        t.same("with the clock set back nothing of it returns", cedar.items("event list"), [])
        cedar.stop()
        cedar.start(clock_offset=14 * DAY_MS)
        t.same("it stays hidden", cedar.items("event list"), [])
        cedar.stop()
        t.same("after its days the rest is gone as well", on_disk(cedar, *places.values()), [])


# ---- an owner's word ------------------------------------------------------------------------------

HOUR_MS = 3600 * 1000
PASSED = dict(fields="event.name,event.place", purpose="event", until="2031-12-31")


def waits(node):
    return [s["waits"] for s in node.items("share list") if "waits" in s]


def an_owner_is_offline_for_a_weekend(t):
    """Acme's event came to Cedar by Brio. Acme is off for longer than its word holds: Cedar keeps reading, nothing new goes
    there, and what waited goes by itself when Acme is back."""
    with Net() as net:
        acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch", place="Kiel")["id"]
        acme.cli("share create", event, partner="Brio", depth=1, **PASSED)
        accept(brio, "Launch")
        brio.wait(lambda: held(brio, "event", event, "place") == "Kiel", 30, "the event is at Brio")
        brio.cli("share create", event, partner="Cedar", **PASSED)
        accept(cedar, "Launch")
        cedar.wait(lambda: held(cedar, "event", event, "place") == "Kiel", 30, "the event is at Cedar, by Acme's word")
        t.same("Brio's share waits for nobody", waits(brio), [])
        for minutes in (0, 1441):
            t.refused(f"a word that holds for {minutes} minutes", acme.refusal("lease set", minutes=minutes), "USAGE", "1440")
        t.same("a word may hold from a minute to a day", [acme.cli("lease set", minutes=m)["minutes"] for m in (1, 2, 1439, 1440)],
               [1, 2, 1439, 1440])
        cedar.stop()
        acme.cli("event set", event, place="Flensburg")
        brio.wait(lambda: held(brio, "event", event, "place") == "Flensburg", 30, "the change is at Brio")
        acme.stop()
        brio.stop()

        brio.start(clock_offset=25 * HOUR_MS)
        t.that("a day later Brio's share says whom it waits for", waits(brio) and waits(brio)[0].startswith("waits for Acme"),
               waits(brio))
        why = brio.cli("explain", "Cedar", event)
        t.same("and why nothing goes to Cedar", why["stopped_by"]["stop"], "LEASE")
        own = brio.cli("event add", name="Own", place="Lyon")["id"]
        cedar.start(clock_offset=25 * HOUR_MS)
        brio.cli("share create", own, partner="Cedar", **PASSED)
        accept(cedar, "Own")
        cedar.wait(lambda: held(cedar, "event", own, "place") == "Lyon", 30, "what is Brio's own goes on")
        t.same("what is Acme's does not, and is read as it was", held(cedar, "event", event, "place"), "Kiel")

        acme.start(clock_offset=25 * HOUR_MS)
        cedar.wait(lambda: held(cedar, "event", event, "place") == "Flensburg", 60, "Acme's word lets go what waited")
        t.same("when Acme is back it goes by itself", waits(brio), [])


main(a_share_ends_while_its_holder_is_off, an_owner_is_offline_for_a_weekend)

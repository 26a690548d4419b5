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


main(a_share_ends_while_its_holder_is_off)

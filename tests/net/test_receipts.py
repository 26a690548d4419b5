# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_receipts.py - Acme shares, Brio passes on to Cedar; both say what they did with it, and who is silent is late."""
from hansa_net import Net, main
from three import accept

FIELDS = "event.name,event.startDate,event.status"


def says(node, **options):
    return {r["company"]: r["state"] for r in node.items("receipt list", **options)}


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

        cedar.stop()
        acme.cli("share stop", share, reason="off")
        acme.wait(lambda: says(acme) == {"Brio": "purged", "Cedar": "applied"}, 20, "Brio has erased")
        t.same("who is away is late at once when nobody waits", says(acme, state="late", days=0), {"Cedar": "applied"})
        t.same("and not yet when two days are given", says(acme, state="late"), {})
        t.same("seen by the record, too", says(acme, record=event, company="Cedar"), {"Cedar": "applied"})
        t.same("nothing is left at Brio", brio.items("event list"), [])

        cedar.start()
        acme.wait(lambda: says(acme) == {"Brio": "purged", "Cedar": "purged"}, 30, "Cedar is back, erases, and says so")
        t.same("nothing is left at Cedar", cedar.items("event list"), [])
        t.same("nobody is late", says(acme, state="late", days=0), {})
        t.same("and why", sorted(r["reason"] for r in acme.items("receipt list")), ["REVOKED", "REVOKED"])
        t.same("Brio has it, too", says(brio, share=below), {"Cedar": "purged"})
        t.same("no word of it is refused anywhere", [n.items("deadletter list") for n in (acme, brio, cedar)], [[], [], []])
        wrong = acme.refusal("receipt list", state="gone")
        t.same("a state that there is none of", (wrong.code, "gone" in wrong.said), (64, True))


main(story)

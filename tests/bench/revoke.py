# SPDX-License-Identifier: Apache-2.0
"""tests/bench/revoke.py - how long a revocation takes, with real nodes on this machine: Acme shares with Brio, who passes on to Cedar.

    HANSA_BIN=build/release python3 -B tests/bench/revoke.py [--count N] [--records N]

Of each of N shares, the time from the request at Acme: until the answer, until the holder's node shows the record no more, and
until Acme has its signed receipt that it is erased. First directly, then through a hop, then directly while a bulk share of --records
rows to the same partner is under way. The last line is for machines; times in milliseconds, median and 99th of a hundred.
"""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
import poll  # noqa: E402
from hansa_net import Net  # noqa: E402
from measure import Api, people  # noqa: E402

TERMS = {"purpose": ["event"], "until": "2037-12-31", "fields": ["event.name", "event.place"]}


def offered(api, event):
    """The open offer of this event: its title is its place."""
    return next((o["id"] for o in api.ask("GET", f"/api/v1/offers?search={event}")["items"] if o["state"] == "open"), None)


def has(api, event):
    return "fields" in api.ask("GET", f"/api/v1/records/event/{event}")


def share(giver, taker, event, name, to, **terms):
    made = giver.ask("POST", "/api/v1/shares", {"records": [event], "partner": to, **TERMS, **terms})["id"]
    offer = poll.wait(lambda: offered(taker, name), 30, f"{to} is offered {name}")
    taker.ask("POST", f"/api/v1/offers/{offer}/accept", {})
    poll.wait(lambda: has(taker, event), 30, f"{to} has {name}")
    return made


def revoke(acme, made, name, event, holder, company):
    """Milliseconds until the answer, until the holder shows it no more, until its receipt is at Acme."""
    start = time.monotonic()
    since = lambda: (time.monotonic() - start) * 1000
    said = acme.ask("POST", f"/api/v1/shares/{made}/stop", {})
    answered = since()
    if said.get("state") != "stopped":
        sys.exit(f"share {made} is not stopped: {said}")
    while has(holder, event):
        pass
    gone = since()

    def receipt():
        rows = acme.ask("GET", f"/api/v1/receipts?company={company}&state=purged&search={name}")["items"]
        return name in [r["title"] for r in rows]
    while not receipt():
        pass
    return answered, gone, since()


def summary(name, rows):
    words = []
    for what, times in zip(("answer", "gone", "receipt"), zip(*rows)):
        times = sorted(times)
        p50, p99 = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
        words.append(f"{name}_{what}_p50_ms={p50:.1f} {name}_{what}_p99_ms={p99:.1f}")
    print(f"{name}: {len(rows)} revocations: " + "; ".join(words))
    return words


def one(net, nodes, n, through_hop):
    acme, brio, cedar = nodes
    name = f"{'Far' if through_hop else 'Near'}{n}x"
    event = acme.ask("POST", "/api/v1/records/event", {"fields": {"name": name, "place": "Hall"}})["id"]
    made = share(acme, brio, event, name, "Brio", depth=1)
    if not through_hop:
        return revoke(acme, made, name, event, brio, "Brio")
    share(brio, cedar, event, name, "Cedar")
    return revoke(acme, made, name, event, cedar, "Cedar")


def in_bulk(net, nodes, people_at, options):
    """Revocations while rows are on their way; they stop counting when the last has been acknowledged."""
    acme, brio, _ = nodes
    event = acme.ask("POST", "/api/v1/records/event", {"fields": {"name": "Bulk", "place": "Hall"}})["id"]
    share(acme, brio, event, "Bulk", "Brio", fields=TERMS["fields"] + ["attendee.event", "attendee.name", "attendee.email"])
    ready = []
    for n in range(options.count):
        name = f"Beside{n}x"
        one_event = acme.ask("POST", "/api/v1/records/event", {"fields": {"name": name, "place": "Hall"}})["id"]
        ready.append((share(acme, brio, one_event, name, "Brio"), name, one_event))
    waiting = lambda: (lambda p: p["records_waiting"] + p["messages_waiting"])(acme.ask("GET", "/api/v1/partners/Brio"))
    acme.ask("POST", f"/api/v1/events/{event}/guests", {"all": True})
    poll.wait(lambda: waiting() > 0, 60, "the bulk share begins")
    rows = []
    for made, name, one_event in ready:
        if waiting() == 0:
            break
        rows.append(revoke(acme, made, name, one_event, brio, "Brio"))
    return rows


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=50)
    options.add_argument("--records", type=int, default=100_000)
    options = options.parse_args()
    with Net() as net:
        companies = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(companies[0], companies[1])
        net.pair(companies[1], companies[2])
        nodes = tuple(Api(node) for node in companies)
        words = summary("direct", [one(net, nodes, n, False) for n in range(options.count)])
        words += summary("hop", [one(net, nodes, n, True) for n in range(options.count)])
        path = os.path.join(net.folder, "people.csv")
        people(path, options.records, ",consentBasis", ",legitimateInterest")
        companies[0].run("contact", "import", path)
        words += summary("bulk", in_bulk(net, nodes, path, options))
    print(" ".join(words))


main()

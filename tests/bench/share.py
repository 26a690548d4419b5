# SPDX-License-Identifier: Apache-2.0
"""tests/bench/share.py - what sharing costs, with real nodes on this machine.

100,000 guest rows of about 400 bytes are made at Acme and reach Brio under a share with a directly linked
partner: minted and signed in batches, decided per record twice, sent over CURVE, verified per record, stored at both
with synchronous=FULL, acknowledged. The clock runs from the command that makes them until Acme has the last
acknowledgement and Brio shows them all. Then single changes, one at a time: from the write at Acme to the
value at Brio.

    HANSA_BIN=build/release python3 -B tests/bench/share.py [--records N] [--singles N]

With --sealed: Cedar brings 20,000 such guests (--rows) to Acme's event through Brio, who carries them unread. The clock
runs from the command that contributes them until Cedar holds Acme's signed word on every one.

The last line is for machines. CPU and memory are of all processes of the nodes, the clients not counted.
"""
import argparse
import os
import sqlite3
import sys
import time
from contextlib import closing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
import poll  # noqa: E402
from hansa_net import Net  # noqa: E402
from measure import Api, cpu_seconds, peak_mib, people, processes  # noqa: E402

FIELDS = ["name", "givenName", "familyName", "email", "telephone", "organization", "jobTitle"]


def bulk(acme, brio, event, records):
    a, b = Api(acme), Api(brio)
    pids = processes([acme, brio])
    earlier = {pid: cpu_seconds([pid]) for pid in pids}
    before, start = cpu_seconds(pids), time.monotonic()
    job = a.ask("POST", f"/api/v1/events/{event}/guests", {"all": True})["job"]
    poll.wait(lambda: a.ask("GET", f"/api/v1/jobs/{job}")["state"] == "done", 600, "the job ends")
    poll.wait(lambda: (lambda p: p["records_waiting"] + p["messages_waiting"] == 0)(a.ask("GET", "/api/v1/partners/Brio")), 600,
              "the last acknowledgement")
    seconds = time.monotonic() - start
    cpu = cpu_seconds(pids) - before
    for node in (acme, brio):
        for role, pid in sorted(node.pids().items()):
            print(f"  {node.name} {role}: {(cpu_seconds([pid]) - earlier[pid]) * 1e6 / records:.1f} us a record")
    shown = b.ask("GET", f"/api/v1/events/{event}/guests?limit=1")["total"]
    if shown != records:
        sys.exit(f"Brio shows {shown} of {records} records")
    print(f"{records} records in {seconds:.2f} s: {records / seconds:.0f} a second, {cpu * 1e6 / records:.1f} us CPU each")
    return records / seconds, cpu * 1e6 / records


def single(acme, brio, event, count):
    a, b = Api(acme), Api(brio)
    times = []
    for n in range(count):
        start = time.monotonic()
        a.ask("PATCH", f"/api/v1/records/event/{event}", {"fields": {"place": f"Hall {n}"}})
        while b.ask("GET", f"/api/v1/records/event/{event}")["fields"].get("place") != f"Hall {n}":
            pass
        times.append((time.monotonic() - start) * 1000)
    times.sort()
    return times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]


# ---- sealed ----

def accept(node, offers=1):
    node.wait(lambda: len(node.items("offer list")) >= offers, 30, f"{node.name} has the offer")
    node.cli("offer accept", [o["id"] for o in node.items("offer list") if o["state"] == "open"][0])


def ask_for_guests(acme, brio, cedar):
    """Acme's event at Brio and, passed on, at Cedar; with terms."""
    event = acme.cli("event add", name="Launch", place="Hall")["id"]
    terms = {"purpose": "event", "until": "2037-12-31", "fields": ["event.name", "event.place", "attendee.event"]}
    acme.cli("share create", event, partner="Brio", depth=1, want=[f"attendee.{f}" for f in FIELDS], **terms)
    accept(brio)
    brio.wait(lambda: [e for e in brio.items("event list") if e["id"] == event], 30, "the event is at Brio")
    brio.cli("share create", event, partner="Cedar", contribute=True, **terms)
    accept(cedar)
    cedar.wait(lambda: [e for e in cedar.items("event list") if e["id"] == event], 30, "the event is at Cedar")
    return event


def words_held(cedar):
    """How many rows Cedar has Acme's word on: read beside the node, so that asking costs it nothing."""
    with closing(sqlite3.connect(f"file:{cedar.home}/hansa.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM verdict WHERE reason = ''").fetchone()[0]


def contribute(nodes, event, rows):
    acme, _, cedar = nodes
    pids = {node: processes([node]) for node in nodes}
    before = {node: cpu_seconds(pids[node]) for node in nodes}
    each = {pid: cpu_seconds([pid]) for pid in processes(nodes)}
    start = time.monotonic()
    going = Api(cedar).ask("POST", f"/api/v1/events/{event}/contribution", {})["going"]
    asked = time.monotonic() - start
    poll.wait(lambda: words_held(cedar) == rows, 900, f"Acme's word on each of {going} rows")
    seconds = time.monotonic() - start
    cpu = {node: (cpu_seconds(pids[node]) - before[node]) * 1e6 / rows for node in nodes}
    for node in nodes:
        for role, pid in sorted(node.pids().items()):
            print(f"  {node.name} {role}: {(cpu_seconds([pid]) - each[pid]) * 1e6 / rows:.1f} us a record")
    shown = Api(acme).ask("GET", f"/api/v1/events/{event}/guests?limit=1")["total"]
    if shown != rows:
        sys.exit(f"Acme shows {shown} of {rows} guests")
    print(f"{rows} sealed records in {seconds:.2f} s, of which the command took {asked:.2f} s: {rows / seconds:.0f} a second")
    return rows / seconds, sum(cpu.values()), cpu[nodes[1]]


def sealed(rows):
    with Net() as net:
        nodes = acme, brio, cedar = net.node("Acme"), net.node("Brio", "FR"), net.node("Cedar", "CN")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = ask_for_guests(*nodes)
        path = os.path.join(net.folder, "people.csv")
        people(path, rows, ",consentBasis,consentPurpose,consentRecipients", ",consent,event,Acme")
        cedar.run("contact", "import", path)
        cedar.run("guest", "add", event, "--all")
        cedar.wait(lambda: cedar.cli("guest list", event, limit=1)["total"] == rows, 300, "Cedar's guests are there")
        rate, cpu, carrier = contribute(nodes, event, rows)
        peak = peak_mib(processes(nodes))
    print(f"sealed_records_per_s={rate:.0f} us_cpu_per_record={cpu:.1f} peak_mib={peak:.0f} "
          f"carrier_us_cpu_per_record={carrier:.1f}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--singles", type=int, default=300)
    options.add_argument("--sealed", action="store_true")
    options.add_argument("--rows", type=int, default=20_000)
    options = options.parse_args()
    if options.sealed:
        return sealed(options.rows)
    return shared(options)


def shared(options):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        path = os.path.join(net.folder, "people.csv")
        people(path, options.records, ",consentBasis", ",legitimateInterest")
        start = time.monotonic()
        acme.run("contact", "import", path)
        print(f"import of {options.records} contacts: {options.records / (time.monotonic() - start):.0f} rows a second")
        event = acme.cli("event add", name="Launch", place="Hall")["id"]
        acme.cli("share create", event, partner="Brio", purpose="event", until="2037-12-31",
                 fields=["event.name", "event.place"] + [f"attendee.{f}" for f in FIELDS])
        offer = brio.wait(lambda: brio.items("offer list"), 30, "the offer")[0]["id"]
        brio.cli("offer accept", offer)
        rate, cpu = bulk(acme, brio, event, options.records)
        peak = peak_mib(processes([acme, brio]))
        p50, p99 = single(acme, brio, event, options.singles)
    print(f"records_per_s={rate:.0f} us_cpu_per_record={cpu:.1f} peak_mib={peak:.0f} "
          f"visible_p50_ms={p50:.2f} visible_p99_ms={p99:.2f}")


main()

# SPDX-License-Identifier: Apache-2.0
"""tests/bench/repair.py - what it costs to find and mend few differences in a large share, with real nodes on this machine.

1,000,000 guest rows are made at Acme and reach Brio under a share (the real path, all of it). Then, while both are off,
rows are deleted in the databases: 80 copies at Brio, so that they must go again, and 20 entries at Acme of what it delivered,
so that Brio has what Acme does not know of. Both start; the clock runs from the link coming up until Acme finds both
sides the same.

    HANSA_BIN=build/release python3 -B tests/bench/repair.py [--records N] [--lost N] [--unknown N]

Bytes are those of the questions and answers with their envelopes, both ways; sending everything is counted as what Brio
has stored of the revisions, which is less than what goes over the link. The last line is for machines.
"""
import argparse
import json
import os
import random
import sqlite3
import sys
import time
from contextlib import closing
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from hansa_net import Net  # noqa: E402


def events(node, name):
    found = []
    for line in node.log().split("\n"):
        if f'"event":"{name}"' in line:
            found.append(json.loads(line))
    return found


def seconds_of(event):
    return datetime.fromisoformat(event["t"].replace("Z", "+00:00")).timestamp()


def peak_mib(node):
    with open(f"/proc/{node.pids()['core']}/status", encoding="utf-8") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) / 1024


def database(node):
    return closing(sqlite3.connect(os.path.join(node.home, "hansa.db"), isolation_level=None))


def people(path, count):
    with open(path, "w", encoding="utf-8") as f:
        f.write("First Name,Last Name,Email,Company,consentBasis\n")
        for n in range(count):
            f.write(f"Max{n % 977},Guest-{n},g{n}@d{n % 97}.example.org,Company {n % 997},legitimateInterest\n")


def seed(net, records):
    acme, brio = net.node("Acme"), net.node("Brio", "FR")
    net.pair(acme, brio)
    path = os.path.join(net.folder, "people.csv")
    people(path, records)
    start = time.monotonic()
    acme.run("contact", "import", path)
    os.remove(path)
    event = acme.cli("event add", name="Launch")["id"]
    share = acme.cli("share create", event, partner="Brio", purpose="event", until="2037-12-31",
                     fields=["event.name", "attendee.event", "attendee.name", "attendee.email", "attendee.organization"])["id"]
    offer = brio.wait(lambda: brio.items("offer list"), 30, "the offer")[0]["id"]
    brio.cli("offer accept", offer)
    acme.run("guest", "add", event, "--all")
    acme.wait(lambda: (lambda p: p["records_waiting"] + p["messages_waiting"] == 0)(acme.cli("partner show", "Brio")), 3600,
              "the last acknowledgement")
    print(f"{records} records made and shared in {time.monotonic() - start:.0f} s", flush=True)
    return acme, brio, share


def damage(acme, brio, options):
    chance = random.Random(1)
    with database(brio) as db:
        rows = [r for r, in db.execute("SELECT record FROM copy WHERE grant_id > 0 ORDER BY record")]
        everything, = db.execute("SELECT sum(length(revision) + length(fields) + length(withheld)) FROM copy WHERE grant_id > 0").fetchone()
        db.execute("BEGIN")
        for record in chance.sample(rows, options.lost):
            db.execute("DELETE FROM copy WHERE record = ? AND grant_id > 0", (record,))
        db.execute("COMMIT")
    with database(acme) as db:
        rows = [r for r, in db.execute("SELECT record FROM delivery ORDER BY record")]
        db.execute("BEGIN")
        for record in chance.sample(rows, options.unknown):
            db.execute("DELETE FROM delivery WHERE record = ?", (record,))
        db.execute("COMMIT")
    return everything


def compared_since(node, seen, same):
    return [e for e in events(node, "scopes.compared")[seen:] if (e["differ"] == 0) == same]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--records", type=int, default=1_000_000)
    options.add_argument("--lost", type=int, default=80)
    options.add_argument("--unknown", type=int, default=20)
    options = options.parse_args()
    with Net() as net:
        acme, brio, share = seed(net, options.records)
        acme.stop()
        brio.stop()
        everything = damage(acme, brio, options)
        seen = len(events(acme, "scopes.compared"))
        brio.start()
        acme.start()
        acme.wait(lambda: compared_since(acme, seen, True), 1800, "both sides are the same")
        up = [e for e in events(acme, "link.state") if e["state"] == "ready"][-1]
        found, after = compared_since(acme, seen, False)[0], compared_since(acme, seen, True)[0]
        shown = acme.cli("share show", share)
        if not shown["complete"] or found["again"] != options.lost:
            sys.exit(f"not mended: {found} {shown}")
        finding, all_of_it = seconds_of(found) - seconds_of(up), seconds_of(after) - seconds_of(up)
        total = found["bytes"] + after["bytes"]
        print(f"{options.lost + options.unknown} differences in {options.records} records: found after {finding:.2f} s and "
              f"{found['messages']} questions, mended and confirmed after {all_of_it:.2f} s; the sums were made meanwhile")
        print(f"{total} bytes both ways, {total / (options.lost + options.unknown):.0f} a difference; "
              f"all rows would be {everything} and more: 1/{everything / total:.0f}")
        peaks = peak_mib(acme), peak_mib(brio)
    print(f"repair_bytes={total} questions={found['messages'] + after['messages']} found_s={finding:.2f} "
          f"confirmed_s={all_of_it:.2f} share_of_all={total / everything:.6f} giver_peak_mib={peaks[0]:.0f} "
          f"holder_peak_mib={peaks[1]:.0f}")


main()

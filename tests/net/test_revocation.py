# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_revocation.py - Acme takes back what Brio passed on to Cedar, while both are away and much is on its way."""
import json
import os
import re
import signal
import struct
import subprocess
import time

from hansa_net import BIN, Net, main, partner
from three import accept, company, held

ROWS = 150  # that change to 8 kB each: more than the kernel takes of a connection that nobody reads
FIELDS = "contact.name,contact.note"
TERMS = {"fields": FIELDS, "purpose": "event", "until": "2037-12-31"}
OFFER, REVOCATION, VOID, RECORDS = 16, 20, 21, 32
CONTROL, CREDIT_CONTROL = 1, 16  # schema/base/limits.h
PREVIEW_ROWS_MAX, NAMED_MAX = 4096, 20  # schema/base/limits.h


def captured_since(node, offset):
    """(kind, stream) of every message that its core handed to the link after this byte."""
    with open(node.home + ".capture", "rb") as f:
        f.seek(offset)
        data = f.read()
    found, at = [], 0
    while at + 36 <= len(data):
        kind, stream = data[at + 5], data[at + 6]
        found.append((kind, stream))
        at += 36 + struct.unpack(">I", data[at + 32:at + 36])[0]
    return found


def capture_size(node):
    return os.path.getsize(node.home + ".capture")


def unsent(*nodes):
    """Bytes that the kernel holds on their way between these, whoever sends them, also of connections that nobody has any more."""
    ports = tuple(f":{node.port:04X}" for node in nodes)
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows_ = [row.split()[1:5] for row in f.readlines()[1:]]
    return sum(int(queues.split(":")[0], 16) for here, there, _, queues in rows_ if here.endswith(ports) or there.endswith(ports))


def import_contacts(net, node, mark, count, note="small"):
    """New ones, or the same with another note."""
    path = os.path.join(net.folder, f"{mark}.csv")
    with open(path, "w", encoding="ascii") as f:
        f.write("name,email,note\n")
        f.writelines(f"{mark} {n},{mark}{n}@example.org,{note}-{n} {'x' * 7900 if note != 'small' else ''}\n" for n in range(count))
    node.cli("contact import", path, consent="legitimateInterest", consent_purpose="event")


def contacts(net, node, mark, count):
    import_contacts(net, node, mark, count)
    return sorted(r["id"] for r in node.items("contact list", limit=200) if r["fields"]["name"].startswith(mark))


def share_with(node, partner, ids, **terms):
    return node.cli("share create", *ids, partner=partner, **{**TERMS, **terms})["id"]


def rows(list_, *names):
    return sorted(tuple(row.get(name) for name in names) for row in list_)


def has(node, ids):
    return sum(1 for r in node.items("contact list", limit=200) if r["id"] in ids)


def away_and_back(t):
    with Net() as net:
        acme, brio, cedar = company(net, "Acme"), company(net, "Brio", "FR"), net.node("Cedar", "IT")
        net.pair(acme, brio)
        net.pair(brio, cedar)
        ours, theirs = contacts(net, acme, "acme", ROWS), contacts(net, brio, "brio", 30)
        share = share_with(acme, "Brio", ours, depth=1, note="first")
        accept(brio, acme.cli("share show", share)["title"])
        brio.wait(lambda: has(brio, ours) == ROWS, 30, "Brio has them")
        share_with(brio, "Cedar", ours)
        cedar.wait(lambda: cedar.items("offer list"), 30)
        cedar.cli("offer accept", cedar.items("offer list")[0]["id"])
        cedar.wait(lambda: has(cedar, ours) == ROWS, 30, "Cedar has them")
        other = share_with(acme, "Brio", ours[:2])
        brio.wait(lambda: len(brio.items("offer list")) == 2, 30)
        brio.cli("offer accept", [o for o in brio.items("offer list") if o["state"] == "open"][0]["id"])
        acme.wait(lambda: acme.cli("share show", other)["state"] == "accepted", 30)
        share_with(brio, "Cedar", theirs)
        cedar.wait(lambda: len(cedar.items("offer list")) == 2, 30)
        cedar.cli("offer accept", [o for o in cedar.items("offer list") if o["state"] == "open"][0]["id"])
        cedar.wait(lambda: has(cedar, theirs) == 30, 30, "Cedar has Brio's own")

        seen = acme.cli("share stop", share, preview=True)
        t.same("the preview names everybody who loses it, and through whom", rows(seen["falls"], "company", "via", "hop", "rows"),
               [("Brio", "Acme", 1, ROWS), ("Cedar", "Brio", 2, ROWS)])
        t.same("each number says how its rows are seen", {r["id"] for r in acme.items("data held", "Brio", limit=200)}, set(ours))
        t.same("another share keeps two of them in sight", rows(seen["other_ways"], "company", "via", "share", "rows"),
               [("Brio", "Acme", other, 2)])
        t.same("nothing is on its way", seen["on_the_wire"], [])
        t.same("and looking changes nothing", acme.cli("share show", share)["state"], "accepted")
        stopped_edge(t, net, acme, brio, cedar, (ours, theirs, share, other))


def stopped_edge(t, net, acme, brio, cedar, made):
    ours, theirs, share, other = made
    cedar.stop()
    brio.stop()
    brio.start(capture=brio.home + ".capture")  # at once it knows that Cedar is away
    brio.wait(lambda: partner(brio, "Acme")["link"] == "up", 30)
    share_with(brio, "Cedar", theirs[:1])  # its offer waits in the same queue
    edge = brio.pids()["edge"]
    os.kill(edge, signal.SIGSTOP)
    event = acme.cli("event add", name="Fair")["id"]
    for _ in range(CREDIT_CONTROL + 2):  # as much as may be under way, and more behind it
        acme.cli("share create", event, partner="Brio", fields="event.name", purpose="event", until="2037-12-31")
    import_contacts(net, acme, "acme", ROWS, "canary-9031")
    acme.wait(lambda: unsent(acme, brio) > 20000, 20, "more is on its way than the kernel takes")
    seen = acme.cli("share stop", share, preview=True)
    wire = seen["on_the_wire"][0]
    t.that("the preview says what may be on the wire", wire["company"] == "Brio" and 0 < wire["rows"] <= ROWS and wire["messages"] > 0, wire)
    t.that("since when, until when, and which", wire["since"] <= wire["until"] and set(wire["records"]) <= set(ours), wire)
    t.same("of many the first are named", (wire["rows"] > NAMED_MAX, len(wire["records"])), (True, NAMED_MAX))
    acme.cli("contact set", ours[0], name="due under the other share")
    begun, before = time.monotonic(), capture_size(acme)
    done = acme.cli("share stop", share, reason="off")
    left, took = unsent(acme, brio), time.monotonic() - begun
    t.same("P5: the answer comes when the link has dropped what it held", (done["state"], done.get("dropped")), ("stopped", True))
    t.that("without waiting for a partner that does not read", took < 4, took)
    t.that("P5: from then on no byte of it is left to be sent", left < 200, left)
    t.that("the answer lists what may be on the wire", done["on_the_wire"][0]["rows"] >= wire["rows"], done["on_the_wire"])

    os.kill(edge, signal.SIGKILL)  # with all that it and the kernel held for it
    brio.wait(lambda: has(brio, ours) == 2, 40, "Brio is back, and erases but what the other share leaves it")
    brio.wait(lambda: held(brio, "contact", ours[0], "name") == "due under the other share", 20, "what is due comes")
    brio.wait(lambda: sum(o["state"] == "open" for o in brio.items("offer list")) == CREDIT_CONTROL + 2, 20, "no offer is lost")
    sent = captured_since(acme, before)
    t.same("offers had their numbers before, and make place", [kind for kind, stream in sent if stream == CONTROL][:CREDIT_CONTROL],
           [VOID] * CREDIT_CONTROL)
    sent = [kind for kind, stream in sent if stream != 0 and kind != VOID]
    t.same("who is back is served the revocation before anything else", sent[:1], [REVOCATION])
    t.same("then the offers", sent.count(OFFER), CREDIT_CONTROL + 2)
    t.that("then what was due under the other share", RECORDS in sent, sent)
    with open(acme.home + ".capture", "rb") as f:
        f.seek(before)
        late = len(set(re.findall(rb"canary-9031-\d+", f.read())))
    t.that("P5: after the answer nothing of what was taken back was handed over", late <= 2, late)

    acme.wait(lambda: {r["company"]: r["state"] for r in acme.items("receipt list", share=share)}["Brio"] == "purged", 20,
              "Brio says that it erased")
    t.same("Cedar is away, and late", [r["company"] for r in acme.items("receipt list", state="late", days=0)], ["Cedar"])
    import_contacts(net, brio, "brio", 30, "changed while Cedar was away")
    before = capture_size(brio)
    cedar.start()
    cedar.wait(lambda: has(cedar, ours) == 0, 30, "Cedar is back, and erases")
    sent = [kind for kind, stream in captured_since(brio, before) if stream != 0]
    t.same("so it is further down, with an offer and thirty rows waiting", sent[:1], [REVOCATION])
    acme.wait(lambda: {r["company"]: r["state"] for r in acme.items("receipt list")}.get("Cedar") == "purged", 30, "Cedar's word comes")
    t.that("Cedar's own receipt comes through Brio", True)
    t.same("nobody is late", acme.items("receipt list", state="late", days=0), [])
    t.same("Brio's own stay at Cedar", has(cedar, theirs), 30)
    t.same("nothing was refused anywhere", [n.items("deadletter list") for n in (acme, brio, cedar)], [[], [], []])


def a_link_that_dies_has_nothing(t, acme, brio):
    """It hangs, and is killed while somebody waits for its word."""
    event = acme.cli("event add", name="Dinner")["id"]
    share = acme.cli("share create", event, partner="Brio", fields="event.name", purpose="event", until="2037-12-31")["id"]
    accept(brio, "Dinner")
    brio.wait(lambda: held(brio, "event", event, "name"), 20)
    edge = acme.pids()["edge"]
    os.kill(edge, signal.SIGSTOP)
    acme.cli("event set", event, name="Dinner at eight")
    acme.wait(lambda: acme.cli("share stop", share, preview=True)["on_the_wire"], 10, "it is handed to the link")
    asked = subprocess.Popen([os.path.join(BIN, "hansa"), "--home", acme.home, "share", "stop", share, "--json"], env=acme.env,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    acme.wait(lambda: acme.cli("share show", share)["state"] == "stopped", 10)
    t.that("nobody is answered while the link may still hold something", asked.poll() is None)
    os.kill(edge, signal.SIGKILL)
    done = json.loads(asked.communicate(timeout=20)[0])
    t.same("a link that is gone has nothing any more", (done["state"], done.get("dropped")), ("stopped", True))


def contributions_fall_with_it(t):
    """What Brio brought ends with the invitation: erased here but for what the law keeps, and still Brio's."""
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="Launch")["id"]
        share = acme.cli("share create", event, partner="Brio", fields="event.name", purpose="event", until="2037-12-31",
                         contribute=True, want="attendee.name")["id"]
        accept(brio, "Launch")
        brio.wait(lambda: brio.items("event list"), 30)
        for name in ("Ada Lovelace", "Alan Turing"):
            contact = brio.cli("contact add", name=name, consentBasis="consent", consentPurpose="event", consentRecipients="Acme")["id"]
            brio.cli("guest add", event, contact)
        brio.cli("guest contribute", event)
        acme.wait(lambda: len(acme.items("guest list", event)) == 2, 30, "Acme sees both")
        acme.cli("receipt hold", acme.items("guest list", event)[0]["id"], basis="tax law")
        seen = acme.cli("share stop", share, preview=True)
        brought = [c for c in seen["contributions"] if "erased here" in c["becomes"]]
        t.same("the preview says what becomes of Brio's guests", rows(brought, "company", "rows"), [("Brio", 2)])
        t.same("and what the law keeps here", rows(seen["holds"], "company", "rows", "basis"), [("Acme", 1, "tax law")])
        os.kill(acme.pids()["edge"], signal.SIGSTOP)
        acme.cli("event set", event, name="Launch, on its way as it is taken back")
        begun = time.monotonic()
        done = acme.cli("share stop", share)
        t.that("a link that hangs is waited for, but not for ever", 4 < time.monotonic() - begun < 12, time.monotonic() - begun)
        t.same("and then the answer says so", (done["state"], done.get("dropped"), "hangs" in done["to_do"]), ("stopped", False, True))
        os.kill(acme.pids()["edge"], signal.SIGCONT)
        acme.wait(lambda: len(acme.items("guest list", event)) == 0, 20, "what is held back is out of sight, the rest is gone")
        t.same("Brio's own guests stay Brio's", len(brio.items("attendee list")), 2)
        the_key_is_away(t, acme, brio)
        a_link_that_dies_has_nothing(t, acme, brio)
        brio.stop()
        much_is_counted_so_far(t, net, acme)


def the_key_is_away(t, acme, brio):
    """P12: nobody signs, and taking back succeeds; it is said when the key is back."""
    event = acme.cli("event add", name="Dinner")["id"]
    share = acme.cli("share create", event, partner="Brio", fields="event.name", purpose="event", until="2037-12-31")["id"]
    accept(brio, "Dinner")
    brio.wait(lambda: held(brio, "event", event, "name") == "Dinner", 30)
    acme.wait(lambda: acme.cli("share show", share)["state"] == "accepted", 30)
    key = acme.pids()["key"]
    os.kill(key, signal.SIGSTOP)
    done = acme.cli("share stop", share)
    t.same("P12: without the key a share is stopped all the same", (done["state"], acme.cli("share show", share)["state"]), ("stopped", "stopped"))
    os.kill(key, signal.SIGCONT)
    brio.wait(lambda: held(brio, "event", event, "name") is None, 30, "Brio hears of it when the key is back")
    acme.wait(lambda: {r["share"]: r["state"] for r in acme.items("receipt list")}[share] == "purged", 20, "and says that it erased")


def much_is_counted_so_far(t, net, acme):
    event = acme.cli("event add", name="Fair")["id"]
    import_contacts(net, acme, "guest", PREVIEW_ROWS_MAX - 2)
    acme.cli("guest add", event, search="guest")
    terms = {"partner": "Brio", "purpose": "event", "until": "2037-12-31", "fields": "event.name,attendee.name"}
    shares = [acme.cli("share create", event, **terms)["id"] for _ in range(2)]
    for count, cut in ((PREVIEW_ROWS_MAX - 1, None), (PREVIEW_ROWS_MAX, None), (PREVIEW_ROWS_MAX, True)):
        ways = acme.cli("share stop", shares[0], preview=True)["other_ways"]
        t.same("rows that another way keeps in sight are counted, and beyond a limit it says at least", rows(ways, "rows", "at_least"),
               [(count, cut)])
        acme.cli("attendee add", event=event, name="one more", consentBasis="contract")


main(away_and_back, contributions_fall_with_it)

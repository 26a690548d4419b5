# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_ical.py - guests are invited by calendar files and answer with what their programs send."""
import os
import re
import subprocess

from hansa_net import BIN, Net, main


def properties(text):
    """[(name, {parameter: value}, value)] of a calendar file: lines unfolded, quotes and escapes undone."""
    assert text.endswith("\r\n") and all(len(line.encode()) <= 75 for line in text.split("\r\n")), "lines are folded"
    found = []
    for line in text.replace("\r\n ", "").split("\r\n")[:-1]:
        head = re.match(r'(?:[^:"]|"[^"]*")*', line)[0]
        name, *parameters = re.findall(r'(?:[^;"]|"[^"]*")+', head)
        value = re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], line[len(head) + 1:])
        pairs = dict(p.split("=", 1) for p in parameters)
        found.append((name, {k: v.strip('"') for k, v in pairs.items()}, value))
    return found


def event_of(text):
    """{name: (parameters, value)} of the one event, and the method."""
    lines = properties(text)
    names = [(n, v) for n, _, v in lines]
    assert names.count(("BEGIN", "VEVENT")) == 1 and names[0] == ("BEGIN", "VCALENDAR"), names
    inside = lines[names.index(("BEGIN", "VEVENT")) + 1:names.index(("END", "VEVENT"))]
    return {n: (p, v) for n, p, v in inside}, dict(names)["METHOD"]


def answer(event, stat, stamp, email=None, extra="", eol="\r\n"):
    """The REPLY to a REQUEST."""
    mail = email or event["ATTENDEE"][1].removeprefix("mailto:")
    return eol.join([
        "BEGIN:VCALENDAR", "PRODID:-//Example//EN", "VERSION:2.0", "METHOD:REPLY", "BEGIN:VEVENT",
        f"UID:{event['UID'][1]}", f"SEQUENCE:{event['SEQUENCE'][1]}", f"DTSTAMP:{stamp}",
        f"ATTENDEE;PARTSTAT={stat}{extra}:MAILTO:{mail.upper()}", "END:VEVENT", "END:VCALENDAR", ""])


def take(node, text):
    return node.cli("guest reply", node.file("reply.ics", text))


def only(reply):
    assert len(reply["answers"]) == 1, reply
    return reply["answers"][0]


def folder_of(node, name):
    folder = os.path.join(node.net.folder, name)
    texts = {}
    for file in os.listdir(folder):
        with open(os.path.join(folder, file), newline="", encoding="utf-8") as f:
            texts[file] = f.read()
    return texts


def guests_by_calendar(t):
    with Net() as net:
        brio = net.node("Brio")
        event = brio.cli("event add", name='Launch; "A", B\nATTENDEE:mailto:eve@evil.example', place="Kaispeicher, Hamburg",
                         startDate="2027-05-20 18:00 Europe/Berlin", endDate="2027-05-20 21:00 Europe/Berlin",
                         organizerEmail="events@brio.example", url="https://brio.example/launch")["id"]
        for name, mail in (("Ada Lovelace", "ada@guest.example"), ("王小明", "wang@guest.example"),
                           ('../Eve "E"', "eve@guest.example"), ("No Mail", None)):
            brio.cli("attendee add", event=event, name=name, email=mail)
        rows = {r["title"]: r["id"] for r in brio.items("guest list", event)}
        ada = rows["Ada Lovelace"]

        def status(record=ada):
            return brio.show("attendee", record)["fields"].get("status")

        done = brio.run("guest", "invitations", event, "--json", check=False)
        t.that("without a folder nothing is written or marked", done.returncode == 2 or "--out" in done.stderr, done.stderr)
        t.same("and no row is marked", status(), None)
        preview = brio.cli("guest invitations", event, preview=True)
        t.same("the preview counts", (preview["invitations"], preview["newly_invited"], preview["files"]), (3, 3, []))
        t.same("and changes nothing", status(), None)
        out = os.path.join(net.folder, "out")
        said = brio.cli("guest invitations", event, out=out)
        texts = folder_of(brio, "out")
        t.same("each guest with an address has a file", (len(texts), sorted(texts)), (3, sorted(said["files"])))
        t.same("the one without is told", [(r["title"], "e-mail" in r["reason"]) for r in said["left_out"]], [("No Mail", True)])
        t.that("names stay in the folder", all(re.fullmatch(r"[\w.\-]+\.ics", n) and n[0] != "." for n in texts), list(texts))
        t.same("the row is invited", status(), "invited")

        first, method = event_of(next(v for k, v in texts.items() if k.startswith("Ada")))
        t.same("it is a request", method, "REQUEST")
        t.that("the title is one value", first["SUMMARY"][1].startswith('Launch; "A", B') and "evil" not in first["ATTENDEE"][1],
               first["SUMMARY"])
        t.same("start in its zone", first["DTSTART"], ({"TZID": "Europe/Berlin"}, "20270520T180000"))
        t.same("the organiser is ours", first["ORGANIZER"], ({"CN": "Brio"}, "mailto:events@brio.example"))
        t.same("the guest is asked", first["ATTENDEE"],
               ({"CN": "Ada Lovelace", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"},
                "mailto:ada@guest.example"))

        t.same("a tentative answer is taken", only(take(brio, answer(first, "tentative", "20270401T080000Z", eol="\n")))["state"],
               "taken")
        t.same("and stands in the row", status(), "tentative")
        yes = answer(first, "ACCEPTED", "20270401T090000Z", extra=';X-NUM-GUESTS=2;SENT-BY="mailto:office@guest.example"')
        t.same("a newer one too", only(take(brio, yes))["state"], "taken")
        t.same("with companions", brio.show("attendee", ada)["fields"].get("companions"), "2")
        version = brio.show("attendee", ada)["version"]
        again = only(take(brio, yes))
        t.same("the same file twice changes nothing and says so", (again["state"], "already" in again["reason"]), ("unchanged", True))
        late = only(take(brio, answer(first, "DECLINED", "20270401T083000Z")))
        t.same("an older answer is refused", (late["state"], "newer" in late["reason"].lower()), ("refused", True))
        other = only(take(brio, answer(first, "DECLINED", "20270402T080000Z", email="eve@guest.example")))
        t.same("another address is refused", (other["state"], "address" in other["reason"]), ("refused", True))
        foreign = dict(first, UID=({}, "1@elsewhere.example"))
        mixed = answer(foreign, "DECLINED", "20270402T080000Z") + answer(first, "DELEGATED", "20270402T080000Z")
        mixed = take(brio, mixed + answer(event_of(next(v for k, v in texts.items() if k.startswith("王")))[0], "DECLINED",
                                          "20270402T080000Z"))
        t.same("one bad answer does not stop the rest", (mixed["taken"], mixed["refused"]), (1, 2))
        t.same("the other guest declined", status(rows["王小明"]), "declined")
        t.same("all that changed nothing here", (brio.show("attendee", ada)["version"], status()), (version, "accepted"))
        t.refused("a file that is none is refused", brio.refusal("guest reply", brio.file("x.ics", "hello")), said="calendar")

        brio.cli("event set", event, startDate="2027-05-21 18:00 Europe/Berlin")
        moved = brio.cli("guest invitation", event, ada)["text"]
        second, _ = event_of(moved)
        t.same("a moved event keeps the UID", second["UID"], first["UID"])
        t.that("with a higher sequence", int(second["SEQUENCE"][1]) > int(first["SEQUENCE"][1]), second["SEQUENCE"])
        t.same("an accepted row stays accepted", status(), "accepted")
        t.same("a late answer to the new time counts", only(take(brio, answer(second, "DECLINED", "20270401T070000Z")))["state"], "taken")
        t.same("an answer to the old time no more", only(take(brio, answer(first, "ACCEPTED", "20270410T080000Z")))["state"], "refused")
        brio.cli("event set", event, status="cancelled")
        t.same("a cancelled event is cancelled", event_of(brio.cli("guest invitation", event, ada)["text"])[1], "CANCEL")
        reader = subprocess.run([os.path.join(BIN, "hansa"), "--home", brio.home, "audit", "verify", "--json"], env=brio.env,
                                capture_output=True, text=True)
        t.that("the audit trail is whole", '"ok":true' in reader.stdout, reader.stdout)


def guests_of_a_partners_event(t):
    with Net() as net:
        acme, brio = net.node("Acme"), net.node("Brio", "FR")
        net.pair(acme, brio)
        event = acme.cli("event add", name="Launch", startDate="2027-05-20 18:00 Asia/Shanghai",
                         organizerEmail="events@acme.example")["id"]
        acme.cli("attendee add", event=event, name="Bob", email="bob@guest.example", consentBasis="contract")
        acme.cli("share create", event, partner="Brio", purpose="event", until="2031-12-31",
                 fields="event.name,event.startDate,event.organizerEmail,attendee.name,attendee.event")
        offer = brio.wait(lambda: brio.items("offer list"))[0]
        brio.cli("offer accept", offer["id"])
        brio.wait(lambda: len(brio.items("guest list", event)) == 1)
        bob = brio.items("guest list", event)[0]["id"]
        ada = brio.cli("attendee add", event=event, name="Ada", email="ada@guest.example")["id"]
        t.refused("answers must come to the bringer, so it says where", brio.refusal("guest invitation", event, ada), said="--from")
        t.refused("a partner's guest is not ours to invite", brio.refusal("guest invitation", event, bob, from_="me@brio.example"),
                  said="brought")
        for n in range(4):
            brio.cli("attendee add", event=event, name=f"G{n}", email=f"g{n}@guest.example")
        page = brio.cli("guest invitations", event, from_="me@brio.example", limit=2, out=os.path.join(net.folder, "two"))
        t.same("with --limit one piece", len(page["files"]), 2)
        whole = brio.cli("guest invitations", event, from_="me@brio.example", out=os.path.join(net.folder, "all"))
        t.same("else all of ours, and nobody else", len(whole["files"]), 5)
        request, _ = event_of(next(v for k, v in folder_of(brio, "all").items() if k.startswith("Ada")))
        t.same("the bringer invites", request["ORGANIZER"], ({"CN": "Brio"}, "mailto:me@brio.example"))
        reply = answer(request, "ACCEPTED", "20270401T080000Z")
        t.same("the answer is foreign to the organiser", only(take(acme, reply))["state"], "refused")
        t.same("and the bringer's", only(take(brio, reply))["state"], "taken")
        t.same("who has it in the row", brio.show("attendee", ada)["fields"]["status"], "accepted")


main(guests_by_calendar, guests_of_a_partners_event)

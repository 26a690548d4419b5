# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_light.py - a company without a node: an event goes out as files, a sheet comes back as programs save it."""
import csv
import datetime
import io
import json
import os
import re

from hansa_net import Net, main
from three import found_at

UNTIL = "2027-07-31"


def folder_of(node, name):
    folder, texts = os.path.join(node.net.folder, name), {}
    for file in os.listdir(folder):
        with open(os.path.join(folder, file), "rb") as f:
            texts[file] = f.read()
    return texts


def header_of(texts):
    return next(csv.reader(io.StringIO(texts["reply.csv"].decode("utf-8-sig"))))


def sheet(header, rows, *, order=None, extra=(), delimiter=",", encoding="utf-8", bom=b"", eol="\r\n"):
    """rows: {column name: text}. As a spreadsheet saves it; column names are what stands in brackets."""
    names = [re.search(r"\[(?:offer:)?([^\]]*)\]$", h)[1] for h in header]
    columns = list(range(len(header))) if order is None else order
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=eol)
    writer.writerow([header[i] for i in columns] + list(extra))
    for row in rows:
        writer.writerow([row.get(names[i], "") for i in columns] + [f"our own {e}" for e in extra])
    return bom + out.getvalue().encode(encoding)


def make(net, **terms):
    acme = net.node("Acme")
    event = acme.cli("event add", name="Spring launch", place="Kaispeicher", description="=SUM(A1)\nDoors at six",
                     startDate="2027-05-20 18:00 Europe/Berlin", organizerEmail="events@acme.example", budget=None)["id"]
    lumen = acme.cli("partner add-light", "Lumen GmbH", email="post@lumen.example", contact="Lea Lumen", country="DE")
    share = acme.cli("share create", event, partner="Lumen GmbH", fields=["event.name", "event.startDate", "event.place"],
                     purpose=["event", "follow-up"], until=UNTIL, delete_days=0,
                     want=["attendee.email", "attendee.organization", "attendee.mobile"], **terms)
    return acme, event, lumen, share


def ada(**more):
    return {"name": "Ada Lovelace", "email": "ada@guest.example", "organization": "Engines", "mobile": "+49 40 1234567",
            "consentBasis": "Consent", "consentRecipients": "Acme", "consentPurpose": "event, follow-up", **more}


def bo(**more):
    return {"name": "王小明", "email": "wang@guest.example", "consentBasis": "contract", **more}


def take(node, share, data, **options):
    return node.cli("share import-reply", share["id"], node.file("reply.csv", data), out=os.path.join(node.net.folder, "bad"), **options)


def refused(node, share, data):
    return node.refusal("share import-reply", share["id"], node.file("reply.csv", data), out=os.path.join(node.net.folder, "bad"))


def counts(reply):
    return {k: reply[k] for k in ("rows", "added", "updated", "unchanged", "bad", "withdrawn", "not_in_sheet")}


def files_and_rows(t):
    with Net() as net:
        acme, event, lumen, share = make(net, quota=3)
        t.same("a company by name and address", (lumen["state"], lumen["email"], lumen["words"], lumen["link"]),
               ("by file", "post@lumen.example", None, None))
        t.refused("it cannot be trusted", acme.refusal("partner trust", "Lumen GmbH"), said="no node")
        t.refused("nor added twice", acme.refusal("partner add-light", "lumen gmbh", email="a@b.example"), said="already")
        t.same("the share is by file", share["state"], "by file")
        t.refused("guests' fields are not shared so",
                  acme.refusal("share create", event, partner="Lumen GmbH", fields=["event.name", "attendee.name"], purpose="event",
                               until=UNTIL), said="fields of the event")
        t.refused("nor the right to pass on", acme.refusal("share create", event, partner="Lumen GmbH", fields="event.name",
                                                           purpose="event", until=UNTIL, depth=1), said="pass on")
        t.refused("whom to ask must be said", acme.refusal("share to-file", share["id"], out=os.path.join(net.folder, "no")),
                  said="--contact")
        acme.cli("share to-file", share["id"], out=os.path.join(net.folder, "out"), contact="Eve, eve@acme.example")
        texts = folder_of(acme, "out")
        t.same("four files", sorted(texts), ["README.txt", "event.ics", "offer.json", "reply.csv"])
        page, ics = texts["README.txt"].decode(), texts["event.ics"].decode()
        offer = json.loads(texts["offer.json"])
        t.that("the page says what, for what, until when, whom to ask",
               all(w in page for w in ("Lumen GmbH", "Spring launch", "event, follow-up", UNTIL, "Eve, eve@acme.example",
                                       "At most 3 guests", offer["offer"], "Not known yet")), page)
        t.that("the event as a calendar file for nobody in particular",
               "METHOD:PUBLISH" in ics and "ATTENDEE" not in ics and "LOCATION:Kaispeicher" in ics, ics)
        everything = b"".join(texts.values())
        t.that("only granted fields are in any file", b"Doors at six" not in everything and b"events@acme" not in everything,
               everything.decode())
        t.same("the same for programs", (offer["event"]["name"], offer["to"], "description" in offer["event"]),
               ("Spring launch", "Lumen GmbH", False))
        holders = {h["company"]: h["state"] for h in acme.items("holders", event)}
        t.same("it is named as a holder", holders.get("Lumen GmbH"), "by file")
        header = header_of(texts)
        t.that("the header has stable names", header[0].endswith(f"[offer:{offer['offer']}]") and "Name [name]" in header, header)
        acme.cli("share to-file", share["id"], out=os.path.join(net.folder, "zh"), contact="Eve", language="zh-Hans", delimiter=";")
        chinese = folder_of(acme, "zh")
        t.that("in Chinese too", "Lumen GmbH" in chinese["README.txt"].decode() and "姓名 [name]" in chinese["reply.csv"].decode("utf-8-sig"),
               chinese["reply.csv"].decode())
        t.same("of the same offer", json.loads(chinese["offer.json"])["offer"], offer["offer"])

        preview = take(acme, share, sheet(header, [ada(), bo()]), preview=True)
        t.same("the preview counts", (preview["added"], preview["preview"]), (2, True))
        t.same("and changes nothing", acme.items("guest list", event), [])
        first = take(acme, share, sheet(header, [ada(), bo()]))
        t.same("two guests", counts(first), dict(rows=2, added=2, updated=0, unchanged=0, bad=0, withdrawn=0, not_in_sheet=0))
        listed = acme.cli("guest list", event)
        t.same("brought by the company, by file", {r["brought_by"] for r in listed["items"]}, {"Lumen GmbH, by file, not signed"})
        t.same("and counted as its", [(c["company"], c["own"], c["via"], c["by_file"], c["rows"]) for c in listed["by_company"]],
               [("Lumen GmbH", False, None, True, 2)])
        row = listed["items"][0]
        shown = acme.show("attendee", row["id"])
        t.same("the row is the company's", (shown["owner"], shown["own"], shown["verified"]), ("Lumen GmbH", False, False))
        t.that("we may not change it", acme.refusal("attendee set", row["id"], name="Eve") is not None)

        # As programs save it: other delimiter, marks, character sets, order, columns of their own.
        back = list(reversed(range(len(header))))
        forms = {
            "LibreOffice": sheet(header, [ada(), bo()], eol="\n"),
            "Excel in Germany": sheet(header, [ada(), bo()], delimiter=";", bom=b"\xef\xbb\xbf"),
            "Excel, Unicode text": sheet(header, [ada(), bo()], delimiter="\t", encoding="utf-16-le", bom=b"\xff\xfe"),
            "UTF-16, the other way": sheet(header, [ada(), bo()], encoding="utf-16-be", bom=b"\xfe\xff"),
            "GB18030": sheet(header, [ada(), bo()], encoding="gb18030"),
            "columns moved": sheet(header, [bo(), ada()], order=back),
            "columns of their own": sheet(header, [ada(), bo()], extra=("Seat", "Internal [x]")),
            "the Chinese sheet": sheet(header_of({"reply.csv": chinese["reply.csv"].replace(b";", b",")}), [ada(), bo()]),
            "old Mac line ends": sheet(header, [ada(), bo()], eol="\r"),
            "empty lines": sheet(header, [{}, ada(), {}, bo(), {}]),
        }
        for name, data in forms.items():
            t.same(f"{name}: no second row", counts(take(acme, share, data)),
                   dict(rows=2, added=0, updated=0, unchanged=2, bad=0, withdrawn=0, not_in_sheet=0))

        # What is not taken comes with its reason, can be mended, and disturbs nobody.
        hostile = [ada(organization='=HYPERLINK("http://evil.example")'), bo(),
                   {"name": "Cy", "consentBasis": "Not known yet"}, {"name": "Di", "email": "no address", "consentBasis": "contract"},
                   {"name": "Ed", "email": "ed@guest.example", "consentBasis": "Consent", "consentRecipients": "Brio"},
                   {"name": "Ada Lovelace", "email": "ADA@guest.example", "consentBasis": "contract"},
                   {"name": "Fay", "email": "fay@guest.example", "consentBasis": "contract"},
                   {"name": "Gus", "email": "gus@guest.example", "consentBasis": "contract"}]
        said = take(acme, share, sheet(header, hostile))
        t.same("one is new, one changed, five are not taken", counts(said),
               dict(rows=8, added=1, updated=1, unchanged=1, bad=5, withdrawn=0, not_in_sheet=0))
        reasons = [b["problem"] for b in said["first_bad"]]
        t.that("each with its reason", ["not known" in reasons[0], "mail" in reasons[1].lower(), "recipients" in reasons[2],
                                        "line 2" in reasons[3], "quota" in reasons[4]] == [True] * 5, reasons)
        bad = folder_of(acme, "bad")["bad-rows.csv"].decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(bad)))
        t.same("the file of bad rows has them all", (len(lines), lines[0][-1], lines[5][1]), (6, "hansa-problem", "Gus"))
        mended = [line for line in lines[1:] if line[1] == "Cy"]
        mended[0][lines[0].index("Consent basis [consentBasis]")] = "contract"
        t.same("the quota holds for a mended row too", take(acme, share, "\r\n".join(
            ",".join(f'"{c}"' for c in line) for line in [lines[0], *mended]).encode())["bad"], 1)

        # Gone from the sheet is not gone from the list; --replace says so.
        less = take(acme, share, sheet(header, [ada()]), preview=True)
        t.same("the preview names who is missing", (less["not_in_sheet"], {r["title"] for r in less["not_in_sheet_rows"]}),
               (2, {"王小明", "Fay"}))
        t.same("nothing is withdrawn silently", take(acme, share, sheet(header, [ada()]))["withdrawn"], 0)
        t.same("three are there still", len(acme.items("guest list", event)), 3)
        unread = take(acme, share, sheet(header, [ada(mobile="no number"), bo()]), replace=True)
        t.same("with --replace they go, and a bad cell takes nobody away", (unread["withdrawn"], unread["bad"]), (1, 1))
        t.same("two are left", {r["name"] for r in acme.items("guest list", event)}, {"Ada Lovelace", "王小明"})
        lost = take(acme, share, sheet(header, [ada(), bo(consentBasis="unknown")]))
        t.same("who lost the ground is not held", (lost["withdrawn"], lost["bad"]), (1, 1))
        t.same("one is left", [r["name"] for r in acme.items("guest list", event)], ["Ada Lovelace"])

        # A person erased here does not come back by a sheet either.
        contact = acme.cli("contact add", name="Ada Lovelace", email="ada@guest.example")["id"]
        erased = acme.cli("contact erase", contact)
        t.same("her row held for Lumen goes as well, and people tell Lumen", (erased["erased"], erased["holders"]),
               ({"contact": 1, "attendee": 1}, ["Lumen GmbH"]))
        t.same("nobody is left", acme.items("guest list", event), [])
        acme.wait(lambda: not found_at(acme, [b"ada@guest.example"]), 10, "no byte of her address in the home")
        back = take(acme, share, sheet(header, [ada(), bo()]))
        t.same("who was erased is taken off", (back["bad"], back["added"]), (1, 1))
        t.that("and the file of bad rows does not name her", b"Lovelace" not in folder_of(acme, "bad")["bad-rows.csv"])
        t.same("the other one is there", [r["name"] for r in acme.items("guest list", event)], ["王小明"])

        # What ties the sheet to its offer.
        other = acme.cli("share create", event, partner="Lumen GmbH", fields="event.name", purpose="event", until=UNTIL,
                         want="attendee.email")
        t.refused("a sheet for another share", refused(acme, other, sheet(header, [ada()])),
                  said="another share")
        for name, head, words in (("a changed number", header[0][:-3] + "aa]", "was changed"),
                                  ("a number cut short", header[0][:-9] + "]", "was changed"), ("no number", "Number", "no number")):
            t.refused(name, refused(acme, share, sheet_raw(head, header)), said=words)
        t.refused("a workbook", refused(acme, share, b"PK\x03\x04" + bytes(60)),
                  said="save it as CSV")
        t.refused("an empty file", refused(acme, share, b""), said="no file")
        t.refused("two columns for one field", refused(acme, share, sheet(header + ["Name [name]"], [ada()])), said="two columns")

        done = acme.cli("share stop", share["id"])
        t.that("the end is to be told by people", "write to them" in done["to_do"], done)
        t.same("its rows went with it", acme.items("guest list", event), [])
        t.refused("a late sheet is refused", refused(acme, share, sheet(header, [ada()])),
                  said="share")
        acme.wait(lambda: not any(w in read_home(acme) for w in (b"ada@guest.example", b"Lovelace", b"wang@guest.example")), 20,
                  "no byte of a row is left")
        t.that("the audit trail is whole", acme.cli("audit verify")["ok"])


def sheet_raw(head, header):
    return ("\r\n".join([",".join([head, *header[1:]]), ",Ada" + "," * (len(header) - 2)])).encode()


def read_home(node):
    found = b""
    for folder, _, names in os.walk(node.home):
        for name in names:
            if name.endswith((".sock", ".key")):
                continue
            with open(os.path.join(folder, name), "rb") as f:
                found += f.read()
    return found


def terms_and_ends(t):
    with Net() as net:
        acme, event, _, share = make(net, closes="2027-05-01")
        acme.cli("share to-file", share["id"], out=os.path.join(net.folder, "out"), contact="Eve")
        header = header_of(folder_of(acme, "out"))
        take(acme, share, sheet(header, [ada()]))
        row = acme.items("guest list", event)[0]["id"]
        acme.cli("guest arrive", event, row)
        lead = acme.cli("lead make", event, sellers="Sam", due="2027-06-01", preview=True)
        t.same("a row for follow-up may become a lead", {s["seller"]: s["leads"] for s in lead["sellers"]}, {"Sam": 1})
        acme.cli("event set", event, status="held")
        late = take(acme, share, sheet(header, [ada(organization="Analytical Engines"), bo()]))
        t.same("the event is over: who is there may change, nobody is added", (late["updated"], late["added"], late["bad"]), (1, 0, 1))
        t.that("with the reason", "over" in late["first_bad"][0]["problem"], late)
        acme.stop()
        acme.start()
        t.same("all is there after a restart", [r["organization"] for r in acme.items("guest list", event)], ["Analytical Engines"])
        acme.cli("event set", event, status="planned")
        acme.cli("partner waive", "Lumen GmbH", note="contract of 2027-01-12")
        t.same("waived in writing: no ground is asked", take(acme, share, sheet(header, [ada(), {"name": "Cy"}]))["added"], 1)
        many = sheet(header, [{"name": f"Guest {i}", "email": f"g{i}@guest.example"} for i in range(1001)])
        t.refused("a sheet of 1001", refused(acme, share, many), said="1000")
        t.same("nothing of it is there", len(acme.items("guest list", event)), 2)
        full = sheet(header, [ada(), {"name": "Cy"}] + [{"name": f"Guest {i}", "email": f"g{i}@guest.example"} for i in range(998)])
        t.same("1000 is the most", counts(take(acme, share, full))["added"], 998)
        one_more = sheet(header, [{"name": "Zed", "email": "zed@guest.example"}])
        t.same("under one share", take(acme, share, one_more)["bad"], 1)
        big = sheet(header, [ada()]) + b"\r\n" * (1 << 20)
        t.refused("a sheet over 1 MiB", refused(acme, share, big), said="1 MiB")
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5)
        short = acme.cli("share create", event, partner="Lumen GmbH", fields="event.name", purpose="event", want="attendee.email",
                         until=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
        acme.cli("share to-file", short["id"], out=os.path.join(net.folder, "short"), contact="Eve")
        short_header = header_of(folder_of(acme, "short"))
        t.same("another share, another list", take(acme, short, sheet(short_header, [{"name": "Kim"}]))["added"], 1)
        acme.wait(lambda: not acme.items("guest list", event, search="Kim"), 20, "the end of the share takes its rows")
        t.refused("it takes no sheet any more", refused(acme, short, sheet(short_header, [{"name": "Kim"}])), said="share")
        acme.cli("partner remove", "Lumen GmbH")
        t.same("removed: its rows are gone", acme.items("guest list", event), [])
        t.same("and its address", acme.cli("partner show", "Lumen GmbH")["email"], "")
        acme.stop()
        acme.start()
        t.same("also after a restart", acme.cli("partner show", "Lumen GmbH")["state"], "removed")


main(files_and_rows, terms_and_ends)

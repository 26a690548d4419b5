# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_rupture.py - the company between is gone, and still what was taken back is taken back: along chains whose grants have
fallen, and by letters that people carry.

Acme has the event, Brio carries, Cedar brought guests; Cedar and Acme have no link.
"""
import os

from hansa_net import Net, main
from three import accept, company, found_at

CSV = """givenName,familyName,email,mobile,organization,consentBasis,consentPurpose,consentRecipients
Wei,Zhangxyzzy,zhang.wei.4417@cedar.example,+8613800004417,Pagoda Instruments 9921,consent,event; follow-up,Acme
Lin,Otherqwert,lin.other.5521@cedar.example,+8613900005521,Lantern Works,consent,event; follow-up,Acme
Mei,Thirdasdf,mei.third.6631@cedar.example,+8613900006631,Harbour Works,consent,event; follow-up,Acme
"""
WEI = [b"zhang.wei.4417", b"Zhangxyzzy", b"Pagoda Instruments 9921", b"13800004417"]


def names_at(node, event):
    return sorted(g["name"] for g in node.items("guest list", event))


def invite(giver, receiver, event, **terms):
    share = giver.cli("share create", event, partner=receiver.name, purpose="event,follow-up", until="2037-12-31",
                      fields="event.name,event.startDate,attendee.event,attendee.name,attendee.organization", **terms)["id"]
    accept(receiver, "Spring launch")
    receiver.wait(lambda: receiver.items("event list"), 30, "the event is there")
    return share


def contact_of(node, name):
    return [c["id"] for c in node.items("contact list") if name in c["title"]][0]


def brought(net):
    acme, brio, cedar = company(net, "Acme"), company(net, "Brio", "FR"), company(net, "Cedar", "CN")
    net.pair(acme, brio)
    net.pair(brio, cedar)
    event = acme.cli("event add", name="Spring launch", startDate="2037-05-20 18:00 Europe/Berlin")["id"]
    share = invite(acme, brio, event, want="attendee.name,attendee.email,attendee.organization", depth=1)
    invite(brio, cedar, event, contribute=True)
    cedar.cli("contact import", cedar.file("guests.csv", CSV))
    cedar.cli("guest add", event, all=True)
    cedar.cli("guest contribute", event, purpose="event,follow-up")
    acme.wait(lambda: len(names_at(acme, event)) == 3, 40, "Cedar's guests are on Acme's list")
    return acme, brio, cedar, event, share


def waits(node, name):
    """How much of what takes back or answers waits for this company, and how it would go; None: nothing."""
    rows = [r for r in node.items("letter list") if r["company"] == name]
    return rows[0] if rows else None


def letter(net, author, reader, answers=True):
    """Written, carried, taken; what the reader's node said of it, and the answer's path."""
    path = os.path.join(net.folder, f"{author.name}-{reader.name}.letter")
    if os.path.exists(path):
        os.remove(path)
    author.run("letter", "export", "--for", reader.name, "--out", path)
    folder = os.path.join(net.folder, f"answer-{len(os.listdir(net.folder))}")
    said = reader.cli("letter import", path, out=folder)
    return said, path, os.path.join(folder, said["files"][0]) if answers else None


def said(node, name):
    return sorted({r["state"] + " " + r.get("reason", "") for r in node.items("receipt list", company=name) if r.get("record_ids")})


def taken(node, path):
    return node.cli("letter import", path, out=path + ".out")


def by_letter(t):
    with Net() as net:
        acme, brio, cedar, event, _ = brought(net)
        acme.cli("lead make", event, when="all", sellers="Sue", due="2037-06-01", purpose="follow-up")
        lead = [r["id"] for r in acme.items("lead list") if "Zhang" in r["title"]][0]
        lin = [g["id"] for g in acme.items("guest list", event) if "Other" in g["name"]][0]
        wei = [g["id"] for g in acme.items("guest list", event) if "Zhang" in g["name"]][0]
        t.refused("nothing is for a company that is in nothing of ours", acme.refusal("letter export", for_="Zenith"), said="Zenith")
        brio.stop()  # for good

        cedar.cli("consent withdraw", contact_of(cedar, "Zhangxyzzy"))
        cedar.wait(lambda: (waits(cedar, "Acme") or {}).get("link") == "down", 40, "Cedar says that it waits, and that no link leads there")
        row = waits(cedar, "Acme")
        t.same("Cedar sees what waits for Acme, and that no link leads there",
               (row["withdrawals"], row["way"], row["via"], row["link"]), (1, "sealed", "Brio", "down"))
        t.that("and what to do", "hansa letter export --for Acme" in row["what_to_do"], row)
        t.that("Acme still has her", found_at(acme, WEI[:3]), "she was gone before")

        done, path, answer = letter(net, cedar, acme)
        t.same("a letter takes her back", (done["company"], done["taken"] >= 1, done["refused"]), ("Cedar", True, 0))
        t.same("she leaves the guest list", names_at(acme, event), ["Lin Otherqwert", "Mei Thirdasdf"])
        t.same("and every search", acme.items("attendee list", search="zhang"), [])
        t.that("her row is no row any more", acme.refusal("attendee show", wei), "it is shown")
        guest = acme.show("lead", lead)["guest"]
        t.same("the lead keeps no name", (guest["name"], guest["email"]), (None, None))
        acme.wait(lambda: not found_at(acme, WEI), 10, "no byte of her at Acme")
        t.same("no byte of her at Acme", found_at(acme, WEI), set())
        t.same("nor in the letter", [w for w in WEI if w in open(path, "rb").read()], [])

        t.same("the same letter once more changes nothing", (taken(acme, path)["news"], names_at(acme, event)), (0, ["Lin Otherqwert", "Mei Thirdasdf"]))
        whole = open(path, "rb").read()
        refused = [acme.refusal("letter import", acme.file("bad", b), out=os.path.join(net.folder, "none")) is not None
                   for b in (whole[:-1], whole[:len(whole) // 2], whole.replace(b"part ", b"part 0", 1), b"", b"Dear Acme", whole + b"\n")]
        t.same("cut short or changed it is refused", refused, [True] * 6)
        t.refused("its author does not take it", cedar.refusal("letter import", path, out=os.path.join(net.folder, "none")), said="your own")
        t.same("Cedar has not heard yet", said(cedar, "Acme"), [])
        t.that("Acme's answer is taken at Cedar", taken(cedar, answer)["refused"] == 0, "refused")
        t.same("and its signed word is there", said(cedar, "Acme"), ["purged WITHDRAWN"])
        t.same("nothing waits any more", waits(cedar, "Acme"), None)

        # Acme removes Brio altogether; what it must keep by law stays, and Cedar's later withdrawals still reach it.
        acme.cli("receipt hold", lin, basis="tax law")
        preview = acme.cli("partner remove", "Brio", preview=True)
        t.same("a preview names whom only Brio connects", [(s["company"], s["rows_here"]) for s in preview["stranded"]], [("Cedar", 2)])
        t.that("and the file", "hansa letter export --for Cedar" in preview["stranded"][0]["what_to_do"], preview["stranded"])
        t.that("and that Cedar's guests go too", ("received", "Cedar") in {(s["role"], s["partner"]) for s in preview["shares"]}, preview["shares"])
        acme.cli("partner remove", "Brio")
        acme.wait(lambda: (waits(acme, "Cedar") or {}).get("way") == "none", 30, "no way leads from Acme to Cedar")
        t.same("Acme holds back one row by law", names_at(acme, event), [])
        cedar.cli("consent withdraw", contact_of(cedar, "Otherqwert"))
        cedar.wait(lambda: waits(cedar, "Acme"), 20, "Cedar says that it waits")
        done, path, answer = letter(net, cedar, acme)
        t.same("a later withdrawal is taken, though Brio was removed", (done["news"] > 0, done["refused"]), (True, 0))
        taken(cedar, answer)
        t.same("Acme refuses, on its basis", [(r["reason"], r["basis"]) for r in cedar.items("receipt list", company="Acme", state="refused") if r.get("record_ids")],
               [("LEGAL_HOLD", "tax law")])
        acme.cli("receipt hold", lin, end=True)
        done, _, _ = letter(net, acme, cedar)
        t.same("and later says that it erased", (done["refused"], "purged RELEASED" in said(cedar, "Acme")), (0, True))
        t.same("no dead letters", [n.items("deadletter list") for n in (acme, cedar)], [[], []])
        for node in (acme, cedar):
            t.same(f"{node.name}'s audit trail follows", node.cli("audit verify")["ok"], True)


def along_fallen_chains(t):
    with Net() as net:
        acme, brio, cedar, event, share = brought(net)
        lin = [g["id"] for g in acme.items("guest list", event) if "Other" in g["name"]][0]
        acme.cli("receipt hold", lin, basis="tax law")
        brio.stop()
        cedar.cli("consent withdraw", contact_of(cedar, "Otherqwert"))
        cedar.wait(lambda: (waits(cedar, "Acme") or {}).get("withdrawals") == 1, 20, "Cedar has something for Acme")
        cedar.stop()
        acme.cli("share stop", share, reason="off")
        brio.start()
        acme.wait(lambda: {r["company"]: r["state"] for r in acme.items("receipt list")}.get("Brio") == "purged", 40, "Brio has let go: nothing lives between Acme and Cedar")
        cedar.start()
        cedar.wait(lambda: "refused LEGAL_HOLD" in said(cedar, "Acme"), 60, "Cedar's withdrawal was carried to Acme, and its answer back")
        t.same("that one row", [r["record_ids"] for r in cedar.items("receipt list", company="Acme", state="refused") if r.get("record_ids")], [[lin]])
        cedar.wait(lambda: waits(cedar, "Acme") is None, 20, "nothing waits any more")
        t.same("no dead letters", [n.items("deadletter list") for n in (acme, brio, cedar)], [[], [], []])


main(by_letter, along_fallen_chains)

# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_segments.py - segments with a real node: rules and lists over German and Chinese contacts."""
import json
import os
import re
import shlex

from hansa_net import Net, main

PEOPLE = """name,email,organization,jobTitle,country,birthday,tags
Jürgen Müller,jm@nordwerft.example,Nord Werft GmbH,Leiter Einkauf,DE,1970-03-01,vip
Ada Kern,ada@nordwerft.example,Nord Werft GmbH,CTO,DE,1985-07-11,
Petra Lang,,Hafen Logistik AG,Vertrieb,AT,,vip
王小明,wang@hudong.example,沪东造船集团,总监,CN,1979-12-30,
李华,li@yuanyang.example,远洋船舶股份有限公司,工程师,CN,,
陳美玲,chen@taichuan.example,台船公司,ＣＴＯ,TW,1990-01-31,vip
"""
NAMES = {"Jürgen Müller", "Ada Kern", "Petra Lang", "王小明", "李华", "陳美玲"}


def company(net, name="Acme"):
    node = net.node(name)
    node.cli("contact import", node.file("people.csv", PEOPLE), consent="unknown")
    node.wait(lambda: len(node.items("contact list")) == len(NAMES), 20, "the contacts are in")
    return node


def titles(rows):
    return {row["title"] for row in rows}


def ids(node):
    return {row["title"]: row["id"] for row in node.items("contact list")}


# why, rule, whom it covers
RULES = [
    ("text in Chinese or a title, whatever its width", 'organization ~ 船舶 or jobTitle ~ "CTO"', {"李华", "Ada Kern", "陳美玲"}),
    ("the same by labels, words and signs in Chinese", "公司～船舶 或 职位～“ＣＴＯ”", {"李华", "Ada Kern", "陳美玲"}),
    ("accents and case make no difference", "name ~ JURGEN", {"Jürgen Müller"}),
    ("a list of countries", "country = Germany, AT", {"Jürgen Müller", "Ada Kern", "Petra Lang"}),
    ("none of them", "country != DE, AT and not country = 中国", {"陳美玲"}),
    ("what is empty", "email is empty", {"Petra Lang"}),
    ("what is not, by a Chinese word", "生日 不为空 且 国家或地区 = 中国", {"王小明"}),
    ("unlike is true of the empty", "birthday != 1970-03-01", NAMES - {"Jürgen Müller"}),
    ("dates are ordered, and the empty is neither before nor after", "birthday < 1980-01-01", {"Jürgen Müller", "王小明"}),
    ("parentheses", "(country = DE or country = CN) and birthday >= 1979-12-30", {"Ada Kern", "王小明"}),
    ("a quoted text stands in any field", '"werft"', {"Jürgen Müller", "Ada Kern"}),
]

# why, rule, what the one line says
BAD = [
    ("a field that is none", "compny ~ x", "Column 1: “compny” is no field of contact"),
    ("words without quotes", "organization ~ Nord Werft", "put several words in quotes"),
    ("a sign too few", "country DE", "after “country” write ="),
    ("a value that is none", "birthday < soon", "write it as 2027-03-12"),
    ("nothing", " ", "write it as: country = DE"),
    ("a quote too few", 'name = "Ada', "Column 8: the quote that opens here is never closed"),
]


def says(t, sentence, refusal, said):
    line = refusal.problem["detail"] if refusal else "it was allowed"
    t.that(sentence, said in line and "\n" not in line and refusal.problem["code"] == "USAGE", line)


def rules(t):
    with Net() as net:
        acme = company(net)
        for why, rule, want in RULES:
            seen = acme.cli("segment preview", rule)
            t.same(f"{why}: {rule}", ({row["title"] for row in seen["first"]}, seen["members"]), (want, len(want)))
            t.same(f"a list is filtered by it: {rule}", titles(acme.items("contact list", where=rule)), want)
        t.same("a preview shows as many as are asked for, and counts all",
               [(len(p["first"]), p["members"]) for p in [acme.cli("segment preview", "name is set", limit=2)]], [(2, 6)])
        t.same("nothing was stored", acme.items("segment list"), [])
        for why, rule, said in BAD:
            for refusal in (acme.refusal("segment preview", rule), acme.refusal("contact list", where=rule),
                            acme.refusal("segment add", name="Bad", rule=rule) if rule.strip() else None):
                if refusal is not None:
                    says(t, f"{why} is refused, and the line says what to write: {rule}", refusal, said)
        says(t, "in Chinese too", acme.refusal("segment preview", "公司 船舶", language="zh-Hans"), "要查找的文字请加引号")
        t.same("no bad segment was made", acme.items("segment list"), [])
        ships = acme.cli("segment add", name="Ships", rule="organization ~ 船舶")["id"]
        t.refused("nor does a good one become bad", acme.refusal("segment set", ships, rule="organization ~"), "USAGE", "a value is missing")
        t.refused("a type must exist", acme.refusal("segment set", ships, recordType="boat"), "NOT_FOUND", "boat")
        t.same("it is as it was", acme.show("segment", ships)["fields"]["rule"], "organization ~ 船舶")


def lists(t):
    with Net() as net:
        acme = company(net)
        who = ids(acme)
        ships = acme.cli("segment add", name="Werften 船厂", rule='organization ~ 船舶 or organization ~ 造船 or "werft"')
        t.same("a segment tells at once how many it has", ships["members"], 4)
        vips = acme.cli("segment add", name="VIP list")
        t.same("a list begins empty", vips["members"], 0)
        t.same("put in by hand", acme.cli("segment include", vips["id"], who["李华"], who["Ada Kern"])["members"], 2)
        t.same("and by a search, nobody twice", acme.cli("segment include", vips["id"], search="vip")["members"], 5)
        t.same("and by a rule", acme.cli("segment include", vips["id"], where="country = CN")["members"], 6)
        t.same("kept out by hand", acme.cli("segment exclude", vips["id"], who["Petra Lang"], who["王小明"])["members"], 4)
        t.same("the members", titles(acme.items("segment members", vips["id"])), {"Jürgen Müller", "Ada Kern", "李华", "陳美玲"})
        t.same("page by page", titles(acme.items("segment members", vips["id"], limit=1)),
               {"Jürgen Müller", "Ada Kern", "李华", "陳美玲"})
        t.same("searched", titles(acme.items("segment members", vips["id"], search="nordwerft")), {"Jürgen Müller", "Ada Kern"})
        t.same("filtered", titles(acme.items("segment members", vips["id"], where="country = TW, CN")), {"李华", "陳美玲"})
        t.same("the list of segments has the counts", {s["title"]: s["members"] for s in acme.items("segment list")},
               {"Werften 船厂": 4, "VIP list": 4})
        t.same("for people too", re.findall(r"(?:list|船厂) +(\d+) +Acme", acme.run("segment", "list").stdout), ["4", "4"])
        acme.cli("contact set", who["Petra Lang"], organization="Elbe Werft")
        t.same("who changes is in at once", acme.show("segment", ships["id"])["members"], 5)
        acme.cli("segment exclude", ships["id"], who["李华"])
        acme.cli("segment include", ships["id"], who["陳美玲"])
        t.same("a rule with changes by hand", titles(acme.items("segment members", ships["id"])),
               {"Jürgen Müller", "Ada Kern", "Petra Lang", "王小明", "陳美玲"})
        both = acme.cli("segment add", name="Both")["id"]
        acme.cli("segment include", both, from_=ships["id"], where="country = DE")
        t.same("filled from another segment and a rule", titles(acme.items("contact list", segment=both)), {"Jürgen Müller", "Ada Kern"})
        acme.cli("contact remove", who["Ada Kern"], yes=True)
        t.same("who is gone is out", acme.show("segment", both)["members"], 1)
        t.same("each change by hand is in the audit", [e["action"] for e in reversed(acme.items("audit list", search="segment."))],
               ["segment.included"] * 3 + ["segment.excluded"] * 2 + ["segment.included"] * 2)
        t.refused("an event is no contact", acme.refusal("segment include", both, acme.cli("event add", name="Launch")["id"]), "USAGE",
                  "is no contact record")
        t.refused("say whom", acme.refusal("segment include", both), "USAGE", "--search WORDS")
        t.refused("an unknown segment", acme.refusal("segment members", "aaaaaaaa"), "NOT_FOUND", "aaaaaaaa")
        t.refused("a contact is no segment", acme.refusal("segment members", who["李华"]), "NOT_FOUND", "hansa segment list")
        acme.cli("segment remove", both, yes=True)
        t.refused("a removed segment has no members", acme.refusal("contact list", segment=both), "NOT_FOUND")


def guests(t):
    with Net() as net:
        acme = company(net)
        event = acme.cli("event add", name="Launch", productNeed="shipyards")["id"]
        ships = acme.cli("segment add", name="Ships", rule="organization ~ 船舶, 造船, Werft")["id"]
        acme.cli("segment exclude", ships, ids(acme)["王小明"])
        t.same("guests by segment", acme.cli("guest add", event, segment=ships), {"added": 3, "already": 0})
        t.same("they are on the list", {g["name"] for g in acme.items("guest list", event)}, {"Jürgen Müller", "Ada Kern", "李华"})
        t.same("once more brings nobody twice, and a rule narrows", acme.cli("guest add", event, segment=ships, where="country = DE"),
               {"added": 0, "already": 2})
        t.same("guests by rule alone", acme.cli("guest add", event, where="country = TW"), {"added": 1, "already": 0})
        t.same("a list by event and rule", titles(acme.items("attendee list", event=event, where="organization ~ 船")), {"李华", "陳美玲"})
        events = acme.cli("segment add", name="Events", recordType="event", rule="name ~ launch")
        t.same("a segment of another type", events["members"], 1)
        t.refused("is no source of guests", acme.refusal("guest add", event, segment=events["id"]), "USAGE", "segment of event records")
        many = "name,country\n" + "".join(f"Guest {i},{'DE' if i % 2 else 'CN'}\n" for i in range(1200))
        acme.cli("contact import", acme.file("many.csv", many), consent="unknown")
        acme.wait(lambda: acme.cli("segment preview", "name ~ guest")["members"] == 1200, 60, "many contacts are in")
        all_ = acme.cli("segment add", name="Many", rule="name ~ guest and country = DE")["id"]
        job = acme.cli("guest add", event, segment=all_)
        t.that("many go as a job", job.get("job") or job.get("id"), job)
        acme.wait(lambda: acme.cli("guest list", event)["total"] == 604, 60, "all are guests")
        done = acme.wait(lambda: [j for j in acme.items("job list", search="guests") if j["state"] == "done"], 30)[0]
        t.same("the job counted them", (done["added"], done["already"], done["total"]), (600, 0, 600))


def the_guide_tells_what_works(t):
    """Every command of the guide's section, with ids in place of its capital words."""
    with open(os.path.join(os.path.dirname(__file__), "../../docs/guide/marketer.md"), encoding="utf-8") as f:
        section = re.search(r"\n## Segments.*?\n## ", f.read(), re.S)[0]
    commands = re.findall(r"^hansa (.*)$", "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S)), re.M)
    with Net() as net:
        acme = company(net)
        known = {"EVENT": acme.cli("event add", name="Launch")["id"]}
        people = iter(ids(acme).values())
        for command in commands:
            words = [next(people) if w == "CONTACT" else known.get(w, w) for w in shlex.split(command)]
            done = acme.run(*words, "--json", check=False)
            t.same(f"hansa {command}", (done.returncode, done.stderr), (0, ""))
            if words[:2] == ["segment", "add"]:
                known["SEGMENT"] = json.loads(done.stdout)["id"]
        t.that("there were commands", len(commands) > 8, commands)


main(rules, lists, guests, the_guide_tells_what_works)

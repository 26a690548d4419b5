#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every event that the sources log stands in docs/operations/events.md, and no other."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS = ("schema", "acl", "federation", "node", "cli")
CALL = re.compile(r"\bLOG\(\s*LOG_([A-Z]+)\s*,\s*\"([^\"]*)\"")
ANY_CALL = re.compile(r"\bLOG\(")
NAME = re.compile(r"[a-z]+(\.[a-z_]+)+")
ROW = re.compile(r"^\| `([^`]*)` \| ([a-z/ ]+) \|")


def events_in(text):
    """(event, level) of every LOG call, and how many calls could not be read."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = [(name, level.lower()) for level, name in CALL.findall(text)]
    return found, len(ANY_CALL.findall(text)) - len(found)


def rows_in(text):
    rows = (ROW.match(line) for line in text.splitlines())
    return [(m.group(1), set(m.group(2).replace(" ", "").split("/"))) for m in rows if m]


def compare(sources, page):
    """Sentences for all that is wrong."""
    wrong, logged = [], {}
    for path, text in sources:
        found, unread = events_in(text)
        if unread:
            wrong.append(f"{path}: {unread} LOG call(s) whose event is not a literal")
        for name, level in found:
            logged.setdefault(name, set()).add(level)
            if not NAME.fullmatch(name):
                wrong.append(f"{path}: {name} is not a dotted name")
    rows = rows_in(page)
    names = [name for name, _ in rows]
    if names != sorted(set(names)):
        wrong.append("events.md: rows are not sorted or stand twice")
    listed = dict(rows)
    for name in sorted(set(logged) | set(listed)):
        if name not in listed:
            wrong.append(f"events.md: {name} is logged and not listed")
        elif name not in logged:
            wrong.append(f"events.md: {name} is listed and nowhere logged")
        elif logged[name] != listed[name]:
            wrong.append(f"events.md: {name} is logged as {sorted(logged[name])}")
    return wrong


SAMPLES = [
    ("a listed event is fine", 'LOG(LOG_INFO, "a.b", x);', "| `a.b` | info | x | y |", True),
    ("an event must be listed", 'LOG(LOG_INFO, "a.b");', "", False),
    ("a listed event must exist", "", "| `a.b` | info | x | y |", False),
    ("the level must agree", 'LOG(LOG_WARN, "a.b");', "| `a.b` | info | x | y |", False),
    ("an event is a literal", "LOG(LOG_INFO, name);", "", False),
    ("an event is a dotted name", 'LOG(LOG_INFO, "Bad");', "| `Bad` | info | x | y |", False),
]


def main():
    failed = 0
    for why, source, page, good in SAMPLES:
        if (compare([("sample.c", source)], page) == []) != good:
            print(f"FAILED self-check: {why}")
            failed += 1
    sources = [(str(p.relative_to(ROOT)), p.read_text(encoding="utf-8"))
               for layer in LAYERS for p in sorted((ROOT / layer).rglob("*.c"))]
    wrong = compare(sources, (ROOT / "docs/operations/events.md").read_text(encoding="utf-8"))
    print("\n".join(wrong), end="\n" if wrong else "")
    failed += len(wrong)
    passed = len(SAMPLES) + len(sources) - failed
    print(f"{max(passed, 0)} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""tests/net/three.py - what stories of a shared guest list have in common: capture, offers, looking everywhere."""
import os

PIECE = 4 << 20  # bytes of memory looked at together


def company(net, name, country="DE", **how):
    """A node whose core writes down every byte that it hands to its edge."""
    return net.node(name, country, options={"capture": os.path.join(net.folder, name.lower() + ".capture")}, **how)


def captured(node):
    with open(node.home + ".capture", "rb") as f:
        return f.read()


def accept(node, title):
    """Accepts the offer with this title as soon as it is there; the offer as it was shown."""
    offer = node.wait(lambda: [o for o in node.items("offer list") if title in o["title"] and o["state"] == "open"], 30,
                      f"{node.name} is offered {title}")[0]["id"]
    shown = node.cli("offer show", offer)
    node.cli("offer accept", offer)
    return shown


def value(record, field):
    return (record.get("fields") or {}).get(field)


def held(node, type_, record, field):
    """What node shows for a field of a record; None when it has neither record nor field."""
    error = node.refusal(f"{type_} show", record)
    return None if error else value(node.show(type_, record), field)


def guest_names(node, event):
    return sorted(g["name"] for g in node.items("guest list", event))


def memory_of(pid):
    """Every page of a process that it wrote and has, in pieces."""
    with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem, \
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pages:
        for line in maps:
            span, rights = line.split()[:2]
            low, high = (int(x, 16) for x in span.split("-"))
            if not rights.startswith("rw") or "[v" in line or high - low > 1 << 34:
                continue
            for at in range(low, high, PIECE):
                size = min(PIECE, high - at)
                try:
                    pages.seek(at // 4096 * 8)
                    if not any(pages.read(size // 4096 * 8)[7::8]):
                        continue  # none of it was ever touched: a sanitizer has terabytes of those
                    mem.seek(max(low, at - 256))
                    yield mem.read(size + at - max(low, at - 256)) or b""
                except (OSError, ValueError, OverflowError):
                    continue


def found_at(node, words, memory=False):
    """Which of these stand anywhere in a node's home, with memory also in that of its processes, and where."""
    found = set()
    for folder, _, files in os.walk(node.home):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
                found |= {(word, path) for word in words if word in data}
    for role, pid in node.pids().items() if memory else ():
        for data in memory_of(pid):
            found |= {(word, role) for word in words if word in data}
    return found

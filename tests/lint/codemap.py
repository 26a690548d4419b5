# SPDX-License-Identifier: Apache-2.0
"""docs/ARCHITECTURE.md has one line for every .c file of the product and none for what is gone; decisions have numbers of their own."""
import re
from collections import Counter

from lintlib import LAYERS, Rule, main


def unmapped(files):
    text = files.get("docs/ARCHITECTURE.md", "")
    sources = {p for p in files if p.endswith(".c") and p.split("/")[0] in LAYERS}
    named = set(re.findall(r"`((?:schema|acl|federation|node|cli)/[\w/]+\.c)`", text))
    yield from (f"{p} is not in the map" for p in sorted(sources - named))
    yield from (f"{p} is in the map and gone" for p in sorted(named - sources))


def unknown(files):
    text = files.get("docs/ARCHITECTURE.md", "")
    words = set()
    for path, source in files.items():
        if not path.endswith(".md"):
            words.update(re.findall(r"\w+", source))
    named = set(re.findall(r"`([a-z][a-z0-9]*(?:_[a-z0-9]+)+)`", text))
    yield from (f"{name} is nowhere in the sources" for name in sorted(named - words))


def doubled(files):
    numbers = Counter(p.split("/")[2][:4] for p in files if p.startswith("docs/adr/"))
    yield from (f"{number} stands {count} times" for number, count in sorted(numbers.items()) if count > 1)


def dangling(files):
    for path, text in sorted(files.items()):
        if path.startswith("tests/lint/"):
            continue
        for name in re.findall(r"\badr/(\d{4}[\w-]*\.md)", text):
            if f"docs/adr/{name}" not in files:
                yield f"{path} names docs/adr/{name}"


main([
    Rule("the code map names every source and none that is gone", unmapped,
         [{"acl/a.c": "", "docs/ARCHITECTURE.md": ""}, {"docs/ARCHITECTURE.md": "`acl/a.c`"}],
         [{"acl/a.c": "", "docs/ARCHITECTURE.md": "| `acl/a.c` | x |"}]),
    Rule("what the architecture names is in the sources", unknown,
         [{"acl/a.c": "int gone(void);", "docs/ARCHITECTURE.md": "`is_gone`"}],
         [{"acl/a.c": "int is_here(void);", "docs/ARCHITECTURE.md": "`is_here`"}]),
    Rule("a decision has a number of its own", doubled, [{"docs/adr/0001-a.md": "", "docs/adr/0001-b.md": ""}],
         [{"docs/adr/0001-a.md": "", "docs/adr/0002-b.md": ""}]),
    Rule("a decision that is named is there", dangling, [{"acl/a.c": "docs/adr/0001-gone.md"}],
         [{"acl/a.c": "docs/adr/0001-a.md", "docs/adr/0001-a.md": ""}]),
])

# SPDX-License-Identifier: Apache-2.0
"""docs/ARCHITECTURE.md has one line for every .c file of the product, and for none that is gone."""
import re

from lintlib import LAYERS, Rule, main


def unmapped(files):
    text = files.get("docs/ARCHITECTURE.md", "")
    sources = {p for p in files if p.endswith(".c") and p.split("/")[0] in LAYERS}
    named = set(re.findall(r"`((?:schema|acl|federation|node|cli)/[\w/]+\.c)`", text))
    yield from (f"{p} is not in the map" for p in sorted(sources - named))
    yield from (f"{p} is in the map and gone" for p in sorted(named - sources))


main([
    Rule("the code map names every source and none that is gone", unmapped,
         [{"acl/a.c": "", "docs/ARCHITECTURE.md": ""}, {"docs/ARCHITECTURE.md": "`acl/a.c`"}],
         [{"acl/a.c": "", "docs/ARCHITECTURE.md": "| `acl/a.c` | x |"}]),
])

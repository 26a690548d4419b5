# SPDX-License-Identifier: Apache-2.0
"""What people see of a reply has a label in the catalogs, and no label is left over."""
import json
import re

from lintlib import Rule, c_files, code_only, main

CATALOG = "schema/lang/en.json"
SETS = re.compile(r'\breply_set\(\s*[^,"]+,\s*"(\w+)"')
PACKS = re.compile(r'\bjson_pack\(\s*("(?:[^"\\]|\\.)*")\s*,((?:[^;"]|"(?:[^"\\]|\\.)*")*)\)\s*;')

# Of definitions and of a job's own notes, and the cursor, which is told in a sentence.
NOT_SHOWN = {"labelMany", "bad_size", "search", "after", "next"}


def arguments(text):
    """The arguments of a call, split at the commas that are its own."""
    found, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            found.append(text[start:i].strip())
            start = i + 1
    return [*found, text[start:].strip()]


def packed(form, rest):
    """The names in json_pack("{s:s, s:I}", "name", value, "number", value)."""
    values = re.findall(r"s:([sIiobf])", form)
    if not values or re.search(r"[\[{]", form[2:]):
        return set()
    return {a.strip('"') for a in arguments(rest)[::2] if re.fullmatch(r'"\w+"', a)}


def members(files):
    """{member: the file that puts it into a reply}"""
    found = {}
    for path, text in c_files(files, "node", suffixes=(".c",)).items():
        if not re.match(r"node/(service\w*|job|import)\.c$", path):
            continue
        text = code_only(text, keep_strings=True)
        names = set(SETS.findall(text))
        for form, rest in PACKS.findall(text):
            names |= packed(form, rest)
        found.update({name: path for name in names - NOT_SHOWN})
    return found


def labels(files):
    return {key[len("label."):] for key in json.loads(files.get(CATALOG, "{}")) if key.startswith("label.")}


def without_label(files):
    for name, path in sorted(members(files).items()):
        if name not in labels(files):
            yield f"label.{name} of {path}"


def left_over(files):
    text = "".join(c_files(files, "node", "cli", "schema", suffixes=(".c",)).values())
    for name in sorted(labels(files)):
        if not re.search(rf'["\s]{name}["\s]', text):
            yield f"label.{name}"


ONE = {CATALOG: '{"label.id": "Id"}'}
main([
    Rule("every member of a reply has a label", without_label,
         [{"node/service_a.c": 'reply_set(o, "odd", x);', **ONE},
          {"node/job.c": 'x = json_pack("{s:s, s:I}", "id", f(a, "b"), "odd", n);', **ONE}],
         [{"node/service_a.c": 'reply_set(o, "id", x);\nx = json_pack("{s:s}", "id", "odd");', **ONE},
          {"node/other.c": 'reply_set(o, "odd", x);', **ONE}]),
    Rule("no label is left over", left_over, [{"node/a.c": '"ids"', **ONE}],
         [{"node/a.c": '"id"', **ONE}, {"schema/service.c": '"name id state"', **ONE}]),
])

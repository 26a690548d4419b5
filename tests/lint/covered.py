# SPDX-License-Identifier: Apache-2.0
"""What one file promises about others: fuzzers, migrations, SQL, commands in the docs, catalogs."""
import json
import re
import subprocess

from lintlib import LAYERS, ROOT, Rule, c_files, code_only, functions, main


def pasted(name, text):
    """Does a macro of this file make the name, as wire_##name##_parse with X(name)?"""
    return any(name.startswith(front) and name.endswith(back)
               and re.search(rf"\b[A-Z_]+\({name[len(front):-len(back)]}\b", text)
               for front, back in re.findall(r"(\w+)##\w+##(\w+)", text))


def unfuzzed(files):
    """A parser that only a private header names is reached through those that others can call."""
    private = "\n".join(t for p, t in files.items() if p.endswith("_priv.h"))
    fuzzers = list(t for p, t in files.items() if p.startswith(("tests/fuzz/fuzz_", "tests/samples")))
    for path, text in c_files(files, *LAYERS, suffixes=(".c",)).items():
        for name, line, _, static in functions(text):
            if static or not name.endswith("_parse") or re.search(rf"\b{name}\(", private):
                continue
            if not any(re.search(rf"\b{name}\b", text) or pasted(name, text) for text in fuzzers):
                yield f"{path}:{line}: {name}"


def no_corpus(files):
    for path in files:
        m = re.fullmatch(r"tests/fuzz/fuzz_(\w+)\.c", path)
        if m and not any(p.startswith(f"tests/fuzz/corpus/{m[1]}/") for p in _all_paths(files)):
            yield f"{path} has no tests/fuzz/corpus/{m[1]}/"


def _all_paths(files):
    """Corpus files need not be text, so the tree read by lintlib does not hold them all."""
    if "dev" not in files:  # a sample
        return files
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    return out.split("\n")


SQL = re.compile(r'"\s*(SELECT\s+[\w*(]|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s'
                 r'|CREATE\s+(TABLE|INDEX|TRIGGER|VIEW)\s|PRAGMA\s+\w+)')


def stray_sql(files):
    for path, text in c_files(files, *LAYERS).items():
        if path.startswith("node/store/"):
            continue
        for m in SQL.finditer(code_only(text, keep_strings=True)):
            yield f"{path}: {m[0]}"


def migrations(files):
    names = sorted(p.split("/")[-1] for p in files if p.startswith("node/store/migrations/"))
    for number, name in enumerate(names, 1):
        if not re.fullmatch(rf"{number:04d}_[a-z0-9_]+\.sql", name):
            yield f"{name} is not number {number:04d}"


# What `hansa` knows beside the service table.
OWN_COMMANDS = {"init", "backup", "restore", "start", "stop", "help", "lens", "share", "status", "completion"}


def commands(files):
    """Every `hansa NOUN VERB` of the docs, in code, stands in the service table, or is of the command line itself."""
    services = set(re.findall(r'\{ "([a-z.-]+)", "(?:GET|POST|PATCH|DELETE)"', files.get("schema/service.c", "")))
    services |= set(re.findall(r'\{ "([a-z]+\.[a-z-]+)", "", ""', files.get("cli/words.c", "")))
    types = {p.split("/")[-1][:-5] for p in files if p.startswith("schema/types/")}
    verbs = {s.split(".")[1] for s in services if s.startswith("record.")}
    for path, text in files.items():
        if not path.endswith(".md"):
            continue
        for m in re.finditer(r"(?:`|^[ $]*|\| *|&& *)hansa((?:[^\S\n]+--home[^\S\n]+\S+)?)[^\S\n]+([a-z]+)"
                             r"(?:[^\S\n]+([a-z-]+))?", text, re.M):
            noun, verb = m[2], m[3] or ""
            if noun in OWN_COMMANDS or noun in services or f"{noun}.{verb}" in services:
                continue
            if noun not in types or verb not in verbs:
                yield f"{path}: hansa {noun} {verb}"


def catalogs(files):
    for path, text in files.items():
        if path.startswith("schema/lang/") and path.endswith(".json"):
            pairs = json.loads(text, object_pairs_hook=list)
            keys = [k for k, _ in pairs]
            if keys != sorted(keys):
                yield f"{path} is not sorted by key"
            if len(keys) != len(set(keys)):
                yield f"{path} has a key twice"


F = "enum status\nthing_parse(void)\n{\n    return 1;\n}\n"
SERVICE = '{ "partner.list", "GET",\n{ "holders", "GET",\n{ "record.add", "POST",\n'
main([
    Rule("every exported parser has a fuzzer", unfuzzed, [{"schema/thing.c": F}],
         [{"schema/thing.c": F, "tests/fuzz/fuzz_thing.c": "thing_parse(x);"}]),
    Rule("every fuzzer has a corpus", no_corpus, [{"tests/fuzz/fuzz_a.c": ""}],
         [{"tests/fuzz/fuzz_a.c": "", "tests/fuzz/corpus/a/1": ""}]),
    Rule("SQL text stands under node/store/", stray_sql, [{"node/loop.c": 'x("SELECT a FROM b");'}],
         [{"node/store/q.c": 'x("SELECT a FROM b");', "node/a.c": "/* SELECT a */"}]),
    Rule("migrations are numbered without a gap", migrations,
         [{"node/store/migrations/0002_a.sql": ""}, {"node/store/migrations/first.sql": ""}],
         [{"node/store/migrations/0001_first.sql": ""}]),
    Rule("commands in the docs exist", commands,
         [{"schema/service.c": SERVICE, "docs/a.md": "`hansa partner dance`"},
          {"schema/service.c": SERVICE, "docs/a.md": "    $ hansa ship add\n"}],
         [{"schema/service.c": SERVICE, "schema/types/contact.json": "",
           "docs/a.md": "`hansa partner list` `hansa holders x` `hansa contact add --name Ada`\nA hansa is a league\n"}]),
    Rule("catalogs are sorted and name no key twice", catalogs,
         [{"schema/lang/en.json": '{"b": "", "a": ""}'}, {"schema/lang/en.json": '{"a": "", "a": ""}'}],
         [{"schema/lang/en.json": '{"a": "", "b": ""}'}]),
])

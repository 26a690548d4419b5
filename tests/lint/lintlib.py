# SPDX-License-Identifier: Apache-2.0
"""tests/lint/lintlib.py - what the lints share.

A lint is a list of rules. A rule is a sentence that must be true of the tree, a function that takes
{path: text} and returns offences, and samples it must refuse: every run also proves that it can fail.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAYERS = ("schema", "acl", "federation", "node", "cli")


class Rule:
    """refuses: trees ({path: text}) with an offence each; accepts: trees with none."""

    def __init__(self, sentence, find, refuses, accepts=()):
        assert refuses, "a rule without a bad sample cannot show that it can fail"
        self.sentence, self.find = sentence, find
        self.refuses, self.accepts = refuses, accepts


def tree():
    """Every file that is or could be committed, by its path; those that are not text are left out."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                             check=True, capture_output=True).stdout
    files = {}
    for path in sorted(set(listing.decode().split("\0")) - {""}):
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                files[path] = f.read()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return files


def main(rules):
    files = tree()
    passed = failed = 0
    for rule in rules:
        problems = list(rule.find(files))
        problems += [f"did not refuse the bad sample {sorted(s.items())}"
                     for s in rule.refuses if not list(rule.find(s))]
        problems += [f"refused the good sample {sorted(s.items())}: {list(rule.find(s))}"
                     for s in rule.accepts if list(rule.find(s))]
        for problem in problems:
            print(f"FAILED  {rule.sentence}: {problem}")
        failed += bool(problems)
        passed += not problems
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


def c_files(files, *folders, suffixes=(".c", ".h")):
    return {p: t for p, t in files.items()
            if p.endswith(suffixes) and (not folders or p.split("/")[0] in folders)}


_COMMENT_OR_TEXT = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", re.S)


def code_only(text, keep_strings=False):
    """The text with comments (and strings) blanked; lines keep their numbers."""
    def blank(m):
        if keep_strings and m[0][0] in "'\"":
            return m[0]
        return re.sub(r"[^\n]", " ", m[0])
    return _COMMENT_OR_TEXT.sub(blank, text)


def lines_matching(path, text, pattern):
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(pattern, line):
            yield f"{path}:{number}: {line.strip()}"


def functions(text):
    """(name, first line, body lines, is static) of every function defined in C text."""
    lines = code_only(text).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            head = start - 1
            while head >= 0 and not re.match(r"\w+\(", lines[head]):
                head -= 1
                if head >= 0 and (lines[head].startswith("}") or start - head > 12):
                    head = -1
            if head >= 0:
                name = re.match(r"\w+", lines[head])[0]
                kind = lines[head - 1] if head else ""
                yield name, head + 1, number - start - 1, kind.startswith("static")
            start = None

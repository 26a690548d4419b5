# SPDX-License-Identifier: Apache-2.0
"""How long files, functions and lines may be. Past a number we ask; past the next one the gate fails."""
from lintlib import LAYERS, Rule, c_files, functions, main

FILE_ASK, FILE_MAX = 600, 1000
FUNCTION_MAX = 80
LINE_MAX = 160  # hand-aligned tables; everything else is clang-format's business

# Files past FILE_ASK, with the reason why they are one file.
LONG = {"node/core_priv.h": "what the parts of one core know of each other",
        "node/store/statements.h": "the one table of every SQL statement",
        "tests/vectors/dump.c": "one function for each message of the protocol, all alike",
        "federation/peer.c": "one state machine, whose states nothing else may see",
        "node/repair.c": "the same"}


def long_files(files):
    for path, text in c_files(files, *LAYERS, "tests").items():
        count = text.count("\n")
        if count > FILE_MAX or (count > FILE_ASK and path not in LONG):
            yield f"{path} has {count} lines"


def long_functions(files):
    for path, text in c_files(files, *LAYERS, "tests", suffixes=(".c",)).items():
        for name, line, length, _ in functions(text):
            if length > FUNCTION_MAX:
                yield f"{path}:{line}: {name} has {length} lines"


def long_lines(files):
    for path, text in c_files(files, *LAYERS, "tests").items():
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > LINE_MAX:
                yield f"{path}:{number} has {len(line)} columns"


def short_again(files):
    for path in LONG:
        if path not in files or files[path].count("\n") <= FILE_ASK:
            yield path


main([
    Rule(f"a file past {FILE_ASK} lines has a reason, none is past {FILE_MAX}", long_files,
         [{"acl/a.c": "\n" * (FILE_ASK + 1)}, {"acl/a.c": "\n" * (FILE_MAX + 1)}],
         [{"acl/a.c": "\n" * FILE_ASK}]),
    Rule(f"no function is past {FUNCTION_MAX} lines", long_functions,
         [{"acl/a.c": "int\nf(void)\n{\n" + "    x();\n" * (FUNCTION_MAX + 1) + "}\n"}],
         [{"acl/a.c": "int\nf(void)\n{\n" + "    x();\n" * FUNCTION_MAX + "}\n"}]),
    Rule(f"no line is past {LINE_MAX} columns", long_lines, [{"acl/a.c": "x" * (LINE_MAX + 1)}]),
    Rule("the list of long files is true", short_again if LONG else lambda f: f.get("gone", []),
         [{"acl/a.c": ""}] if LONG else [{"gone": ["sample"]}]),
])

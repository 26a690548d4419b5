# SPDX-License-Identifier: Apache-2.0
"""Words that may not stand in the tree, and the first line that every source has."""
import hashlib
import re

from lintlib import LAYERS, Rule, c_files, code_only, lines_matching, main

BANNED = r"\b(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|atoi|atol|atof|strtok|alloca|rand|srand|system|popen)\s*\("
NAPS = r"\b(sleep|usleep|nanosleep|clock_nanosleep|time\.sleep)\s*\("
# Where a test polls, with a limit; everybody else calls these with a condition.
MAY_NAP = {"tests/net/poll.py", "tests/demo/demo.sh"}
# Names of tools and folders of the machines this was written on, as hashes, so that they stand nowhere.
PRIVATE = {
    "fbb8037df8cc9050", "0c9a453fad615c83", "c857d09db23e6822", "c70eca6b0f88f44d", "7d3194f79e645c42",
}


def in_code(pattern):
    def find(files):
        for path, text in c_files(files).items():
            yield from lines_matching(path, code_only(text), pattern)
    return find


def naps(files):
    for path, text in files.items():
        if path.startswith("tests/") and path not in MAY_NAP and not path.startswith("tests/lint/"):
            if path.endswith((".c", ".h")):
                yield from lines_matching(path, code_only(text), NAPS)
            elif path.endswith((".py", ".sh")):
                yield from lines_matching(path, text, NAPS + r"|^\s*sleep [0-9]")


def spdx(files):
    for path, text in files.items():
        if path.endswith((".c", ".h", ".py", ".sh", ".cmake", ".sql", ".proto")) or path.endswith("CMakeLists.txt"):
            head = "\n".join(text.split("\n")[:2])
            if "SPDX-License-Identifier: Apache-2.0" not in head:
                yield path


def unfinished(files):
    for path, text in files.items():
        if path.startswith("tests/lint/") or not path.endswith((".c", ".h", ".py", ".sh", ".md", ".sql", ".proto")):
            continue
        yield from lines_matching(path, text, r"\b(TODO|FIXME|XXX)\b")


def secret_names(files):
    for path, text in files.items():
        for number, line in enumerate(text.split("\n"), 1):
            words = re.findall(r"[a-z]+(?:-[a-z]+)*", line.lower())
            words += re.findall(r"(?<![\w.}])/[a-z]+(?=/)", line)
            for word in words:
                if hashlib.sha256(word.encode()).hexdigest()[:16] in PRIVATE:
                    yield f"{path}:{number}: a name of somebody's machine or tool"


def text_in_code(files):
    """People read the catalogs; a Chinese or accented letter in C is text that escaped them."""
    for path, text in c_files(files, *LAYERS).items():
        yield from lines_matching(path, code_only(text, keep_strings=True), r"[\u00c0-\uffef]")


SAMPLE = "-".join(["sample", "of", "a", "private", "name"])
PRIVATE.add(hashlib.sha256(SAMPLE.encode()).hexdigest()[:16])

main([
    Rule("goto is not used", in_code(r"\bgoto\b"), [{"acl/a.c": "    goto out;\n"}],
         [{"acl/a.c": "/* no goto here */\n"}]),
    Rule("banned functions are not called", in_code(BANNED),
         [{"acl/a.c": "    strcpy(a, b);\n"}, {"tests/a.c": "    int n = atoi(s);\n"}],
         [{"acl/a.c": "    snprintf(a, n, b);\n    random_bytes(b);\n"}]),
    Rule("no test sleeps: it waits for a condition with a limit", naps,
         [{"tests/unit/a.c": "    usleep(100);\n"}, {"tests/net/test_a.py": "    time.sleep(1)\n"},
          {"tests/demo/a.sh": "    sleep 1\n"}],
         [{"tests/net/test_a.py": "    node.wait(lambda: 1)\n"}]),
    Rule("a source names its licence at the top", spdx, [{"acl/a.c": "int x;\n"}],
         [{"tests/a.py": "#!/usr/bin/env python3\n# SPDX-License-Identifier: Apache-2.0\n"}]),
    Rule("nothing unfinished is marked for later", unfinished,
         [{"acl/a.c": "/* TO" "DO */\n"}, {"docs/a.md": "FIX" "ME later\n"}]),
    Rule("no name of a machine or a tool that wrote this", secret_names,
         [{"docs/a.md": f"see {SAMPLE}\n"}]),
    Rule("text for people stands in the catalogs", text_in_code,
         [{"cli/a.c": 'puts("Begr\u00fc\u00dfung");\n'}], [{"cli/a.c": "/* caf\u00e9 */\n"}]),
])

# SPDX-License-Identifier: Apache-2.0
"""tests/lint/tools.py - runs the checkers that are not ours over every file; a file is a case.

    tools.py format | tidy | analyze | cppcheck | shell

tidy is clang-tidy without clang's analyzer, analyze is the analyzer alone: it takes twenty times as long.
What either found good is remembered in build/tidy by the hash of all that it looked at, so a second run
looks only at what changed. They need build/clang, as ./dev check and ./dev lint leave it.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

from lintlib import LAYERS, ROOT, c_files, tree

CLANG = os.path.join(ROOT, "build/clang")
JOBS = int(os.environ.get("HANSA_JOBS", os.cpu_count() or 1))


def run(*command):
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).strip()


def check_format():
    for path in c_files(tree()):
        yield path, lambda path=path: run("clang-format", "--dry-run", "-Werror", path)


def commands():
    """{path from the root: compile command} of our own sources."""
    with open(os.path.join(CLANG, "compile_commands.json"), encoding="utf-8") as f:
        rows = json.load(f)
    ours = c_files(tree(), suffixes=(".c",))
    found = {os.path.relpath(row["file"], ROOT): row for row in rows}
    return {path: row for path, row in found.items() if path in ours}


def tidy_one(path, row, words, base):
    compiler = [w for w in shlex.split(row["command"]) if not w.endswith("ccache")]
    compiler = compiler[:compiler.index("-o")] + compiler[compiler.index("-o") + 2:]
    compiler.remove("-c")
    seen = subprocess.run([*compiler, "-E"], cwd=row["directory"], capture_output=True)
    if seen.returncode:
        return 1, seen.stderr.decode(errors="replace")
    stamp = os.path.join(ROOT, "build/tidy", hashlib.sha256(base + seen.stdout).hexdigest())
    if os.path.exists(stamp):
        return 0, ""
    code, said = run("clang-tidy", "--quiet", "-p", CLANG, *words, path)
    said = re.sub(r"^\d+ warnings?.*\n?|^Suppressed .*\n?|^Use -header-filter.*\n?", "", said, flags=re.M)
    if code == 0:
        open(stamp, "w").close()
    return code, said


def tidy(folders, *words):
    os.makedirs(os.path.join(ROOT, "build/tidy"), exist_ok=True)
    base = " ".join(words) + run("clang-tidy", "--version")[1]
    for name in (".clang-tidy", "tests/lint/analyzer.h"):
        with open(os.path.join(ROOT, name), encoding="utf-8") as f:
            base += f.read()
    for path, row in sorted(commands().items()):
        if path.split("/")[0] in folders:
            # Without optimisation the C library's macros are functions, as people read them.
            own = [] if path == "schema/diag.c" else words
            yield path, lambda path=path, row=row, own=own: tidy_one(path, row, own, base.encode())


def check_tidy():
    return tidy((*LAYERS, "tests"), "--checks=-clang-analyzer-*", "--extra-arg=-O0")


def check_analyze():
    """The product only: a test may go on after a failed CHECK and crash, which says it as well.

    A function's paths are followed for 60,000 steps; with HANSA_DEEP for the analyzer's own 225,000, three times as long."""
    bound = [] if os.environ.get("HANSA_DEEP") else ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=60000"]
    return tidy(LAYERS, "--checks=-bugprone-*,-cert-*,-readability-*", "--extra-arg=-O0",
                "--extra-arg=-include", f"--extra-arg={ROOT}/tests/lint/analyzer.h", f"--extra-arg=-I{ROOT}",
                *(f"--extra-arg={word}" for word in bound))


def check_cppcheck():
    build = os.path.join(ROOT, "build/cppcheck")
    os.makedirs(build, exist_ok=True)
    yield "all sources", lambda: run(
        "cppcheck", f"--project={CLANG}/compile_commands.json", f"--cppcheck-build-dir={build}", f"-j{JOBS}",
        "--quiet", "--enable=warning,performance,portability", "--error-exitcode=1", "--inline-suppr",
        f"--suppressions-list={ROOT}/tests/lint/cppcheck.txt", "-i", f"{CLANG}/generated")


def check_shell():
    for path, text in tree().items():
        if re.match(r"#!/(usr/)?bin/(env )?(ba)?sh\b", text) or path.endswith(".sh"):
            yield path, lambda path=path: run("shellcheck", path)
            if text.startswith("#!/bin/sh"):
                yield f"{path} (dash)", lambda path=path: run("dash", "-n", path)


def main():
    checks = {"format": check_format, "tidy": check_tidy, "analyze": check_analyze, "cppcheck": check_cppcheck, "shell": check_shell}
    cases = dict(checks[sys.argv[1]]())
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for name, (code, said) in zip(cases, pool.map(lambda f: f(), cases.values())):
            if code:
                failed += 1
                print(f"FAILED  {sys.argv[1]}: {name}\n{said}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


raise SystemExit(main())

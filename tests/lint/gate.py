# SPDX-License-Identifier: Apache-2.0
"""The gate itself: what `./dev check` makes of a test log, and that ./dev tells apart what it can and cannot do."""
import os
import subprocess

from lintlib import ROOT

TALLY = os.path.join(ROOT, "tests/lint/tally.awk")
GOOD = "1: 3 passed, 0 failed\n 1/1 Test #1: unit_a ....   Passed    0.01 sec\n"

# why, log, last line, exit status
LOGS = [
    ("cases are summed over programs", GOOD + "2: 4 passed, 0 failed\n 2/2 Test  #2: unit_b ...   Passed    0.01 sec\n",
     "7 passed, 0 failed", 0),
    ("a failed case fails the gate", "1: 3 passed, 1 failed\n 1/1 Test #1: unit_a ....***Failed    0.01 sec\n",
     "3 passed, 1 failed", 1),
    ("a crash without a count is a failed case", GOOD + " 2/2 Test #2: unit_b ...***Exception: SegFault 0.01 sec\n",
     "3 passed, 1 failed", 1),
    ("a crash after a good count is a failed case", "1: 3 passed, 0 failed\n 1/1 Test #1: a ..Subprocess aborted***Exception:   0.01 sec\n",
     "3 passed, 1 failed", 1),
    ("a program that counts nothing is a failed case", GOOD + " 2/2 Test #2: unit_b ...   Passed    0.01 sec\n",
     "3 passed, 1 failed", 1),
    ("no test at all is a failure", "No tests were found!!!\n", "0 passed, 0 failed", 1),
    ("a timeout is a failed case", "1: 3 passed, 0 failed\n 1/1 Test #1: net ....***Timeout 600.01 sec\n",
     "3 passed, 1 failed", 1),
    ("a count inside a sentence is not a count", GOOD + "2: it said 9 passed, 0 failed once\n 2/2 Test #2: b ...   Passed    0.01 sec\n",
     "3 passed, 1 failed", 1),
]

# why, arguments, exit status, part of what is said
CALLS = [
    ("./dev alone lists the verbs", [], 0, "check [--quick]"),
    ("an unknown verb is refused and says where the verbs are", ["dance"], 1, "./dev alone lists them"),
    ("a verb cannot smuggle a command", ["demo;id"], 1, "no verb"),
    ("check refuses what it does not know", ["check", "--fast"], 1, "--quick"),
    ("format refuses what it does not know", ["format", "--all"], 1, "--fix"),
]


def main():
    passed = failed = 0

    def case(why, held, detail):
        nonlocal passed, failed
        passed, failed = passed + held, failed + (not held)
        if not held:
            print(f"FAILED  {why}: {detail}")

    for why, log, last, status in LOGS:
        done = subprocess.run(["awk", "-f", TALLY], input=log, text=True, capture_output=True)
        said = done.stdout.rstrip().split("\n")[-1]
        case(why, said == last and done.returncode == status, f"said {said!r}, exit {done.returncode}")
    for why, args, status, part in CALLS:
        done = subprocess.run([os.path.join(ROOT, "dev"), *args], text=True, capture_output=True, stdin=subprocess.DEVNULL)
        case(why, done.returncode == status and part in done.stdout + done.stderr, done.stdout + done.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


raise SystemExit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check every vector of tests/vectors/*.json with the reference implementation."""
import sys

from judge import KINDS, judge
from vectors_file import load_all


def main():
    passed = failed = 0
    for file, vector in load_all():
        got = judge(vector) if vector["kind"] in KINDS else "no check for this kind"
        if got == vector["expect"]:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {file}: {vector['name']}\n  expected {vector['expect']}\n  got      {got}")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())

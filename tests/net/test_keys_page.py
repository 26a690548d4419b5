# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_keys_page.py - what docs/operations/keys.md says works."""
import os
import re

from hansa_net import Net, main
from keys import keys


def the_page_tells_what_works(t):
    """Every command of docs/operations/keys.md, in its order."""
    with Net() as net:
        acme = net.node("Acme")
        stick, words = os.path.join(net.folder, "acme.root"), acme.file("root-words", "three dry stones\n")
        with open(os.path.join(os.path.dirname(__file__), "../../docs/operations/keys.md"), encoding="utf-8") as f:
            blocks = re.findall(r"```sh\n(.*?)```", f.read(), re.S)
        lines = [line for block in blocks for line in block.splitlines()]
        t.that("the page has commands", len(lines) > 6, lines)
        for line in lines:
            line = line.replace("/media/stick/acme.root", stick).replace("root-passphrase.txt", words)
            done = acme.run(*line.split()[1:], check=False)
            t.same(f"the page: {line}: {done.stderr}", done.returncode, 0)
        t.same("four changes were made", keys(acme, "serial")["signing"], 4)


main(the_page_tells_what_works)

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


def under_a_passphrase(t):
    """Keys of a home with a passphrase change while it runs, and stay under it; without the passphrase nothing changes."""
    with Net() as net:
        words = os.path.join(net.folder, "words")
        with open(words, "w", encoding="utf-8") as f:
            f.write("seven wet stones\n")
        acme = net.node("Acme", init={"passphrase_file": words}, options={"passphrase_file": words})
        wrong = acme.file("wrong", "seven dry stones\n")
        t.refused("new keys need the passphrase", acme.refusal("key rotate"), "LOCKED")
        t.refused("the right one", acme.refusal("key rotate", passphrase_file=wrong), "DENIED")
        t.same("nothing has changed", set(keys(acme, "serial").values()), {1})
        acme.run("key", "rotate", "--passphrase-file", words)
        t.same("with it there are new ones", set(keys(acme, "serial").values()), {2})
        acme.kill("key")
        acme.wait(lambda: not acme.refusal("event add", name="Under new keys"), 10, "a new key process opens them with it, and signs")


main(the_page_tells_what_works, under_a_passphrase)

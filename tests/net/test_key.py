# SPDX-License-Identifier: Apache-2.0
"""hansa-key alone: what it makes, what it signs, what it refuses, what it cannot do."""
import ctypes
import os
import stat
import struct

import children
from children import MESSAGE_MAX, Child, Folder, make_keys, sodium

KEY_SIGN, KEY_PUBLIC, KEY_UNWRAP = 1, 2, 3
TAGS = ["descriptor", "batch", "grant", "offer", "answer", "passon", "passon-ack", "revocation", "void",
        "verdict", "ask", "proposal", "proposal-answer", "sealed", "sealed-receipt", "audit-head", "receipt", "head",
        "withdrawal", "light-offer"]
WRAPPED_SIZE, CONTENT_KEY = 80, bytes(range(32))


def statuses():
    """{name: number} as in schema/base/status.h."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "schema/base/status.h"), encoding="utf-8") as f:
        rows = [line.split("X(")[1].split(",")[0] for line in f if line.startswith("    X(")]
    return {name: number for number, name in enumerate(rows)}


STATUS = statuses()


def key(home, log, *more):
    return Child([children.program("hansa-key"), "--home", home, *more], 4, log)


def ask(child, op, payload=b"", number=7):
    """(status name, payload) of the answer."""
    child.sock.send(struct.pack(">IB", number, op) + payload)
    raw = child.sock.recv(1 << 17)
    got, status = struct.unpack(">IB", raw[:5])
    assert got == number, (got, number)
    return {v: k for k, v in STATUS.items()}[status], raw[5:]


def sign(child, kind, body):
    return ask(child, KEY_SIGN, bytes([kind]) + body)


def wrap(public, content=CONTENT_KEY):
    out = ctypes.create_string_buffer(len(content) + 48)
    assert sodium.crypto_box_seal(out, content, ctypes.c_ulonglong(len(content)), public) == 0
    return out.raw


def verifies(public, kind, body, signature):
    tag = b"hansa/1/" + TAGS[kind].encode()
    message = bytes([len(tag)]) + tag + struct.pack(">I", len(body)) + body
    return sodium.crypto_sign_verify_detached(signature, message, len(message), public) == 0


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def files(home):
    found = {}
    for name in ("root", "signing", "sealing", "transport"):
        with open(f"{home}/keys/{name}.key", "rb") as f:
            found[name] = f.read()
    return found


def keys_are_made_once_and_private(t):
    with Folder() as folder:
        home = f"{folder}/deep/acme"
        t.same("a home is made, folders on the way too", make_keys(home)[0], 0)
        t.same("the home is its owner's alone", mode(home), 0o700)
        t.same("so are the keys", mode(f"{home}/keys"), 0o700)
        made = files(home)
        for name in made:
            t.same(f"so is {name}.key", mode(f"{home}/keys/{name}.key"), 0o600)
        t.same("four different seeds", len({raw[-32:] for raw in made.values()}), 4)
        t.same("a second attempt is refused", make_keys(home)[0], 73)
        t.same("and changes nothing", files(home), made)
        t.that("nothing half made is left", sorted(os.listdir(home)) == ["descriptor", "keys"], os.listdir(home))

        half = f"{folder}/half"
        os.makedirs(f"{half}/keys.new")
        with open(f"{half}/keys.new/root.key", "wb") as f:
            f.write(b"part")
        t.same("what a crash left is made anew", make_keys(half)[0], 0)
        t.that("wholly", files(half)["root"] != b"part")

        wrong = [("no name", ["--name", ""]), ("a name of control characters", ["--name", "A\x1bB"]),
                 ("a name too long", ["--name", "x" * 257]), ("a country in small letters", ["--country", "de"]),
                 ("a country that is none", ["--country", "DEU"]), ("a listen address without a port", ["--listen", "tcp://127.0.0.1"]),
                 ("a listen address that is a name", ["--listen", "tcp://localhost:1"]),
                 ("another transport", ["--listen", "ipc://x:1"]), ("an endpoint nobody can dial", ["--endpoint", "tcp://0.0.0.0:1"])]
        for why, options in wrong:
            t.same(f"{why} is refused", make_keys(f"{folder}/none", *options)[0], 64)
        t.that("and makes no home", not os.path.exists(f"{folder}/none"))
        t.same("a name as long as may be", make_keys(f"{folder}/long", "--name", "x" * 256)[0], 0)


def it_signs_what_it_may(t):
    with Folder() as folder:
        home = f"{folder}/acme"
        make_keys(home)
        os.rename(f"{home}/keys/root.key", f"{folder}/root.key")  # kept offline
        with open(f"{home}/descriptor", "rb") as f:
            descriptor = f.read()
        with key(home, f"{folder}/log") as child:
            status, public = ask(child, KEY_PUBLIC)
            t.same("it tells its public keys", (status, len(public)), ("OK", 64))
            t.that("which stand in the descriptor", public[:32] in descriptor and public[32:] in descriptor)
            for kind in range(1, len(TAGS)):
                status, signature = sign(child, kind, b"body")
                t.that(f"{TAGS[kind]}: signed with its type inside",
                       status == "OK" and verifies(public[:32], kind, b"body", signature))
            _, signature = sign(child, 2, b"body")
            t.that("a signature is good for one type only", not verifies(public[:32], 3, b"body", signature))
            t.same("descriptors are the root key's", sign(child, 0, b"body")[0], "DENIED")
            t.same("an unknown type", sign(child, len(TAGS), b"body")[0], "UNKNOWN_KIND")
            t.same("the last type there could be", sign(child, 255, b"body")[0], "UNKNOWN_KIND")
            t.same("no body", sign(child, 2, b"")[0], "MALFORMED")
            t.same("no type", ask(child, KEY_SIGN)[0], "MALFORMED")
            for size, want in ((MESSAGE_MAX - 1, "OK"), (MESSAGE_MAX, "OK"), (MESSAGE_MAX + 1, "TOO_BIG")):
                t.same(f"a body of {size} bytes", sign(child, 2, bytes(size))[0], want)
            t.same("an unknown question", ask(child, 5)[0], "UNKNOWN_KIND")
            t.same("a question with too much", ask(child, KEY_PUBLIC, b"x")[0], "MALFORMED")
            t.same("the sealing key before is forgotten when asked", ask(child, 4)[0], "OK")
            for raw in (b"x", b"1234", bytes(MESSAGE_MAX + 4096)):
                child.sock.send(raw)
            t.same("what is no question is not answered and does no harm", ask(child, KEY_PUBLIC, number=8)[0], "OK")


def it_unwraps_content_keys(t):
    with Folder() as folder:
        home, other = f"{folder}/acme", f"{folder}/brio"
        make_keys(home)
        make_keys(other)
        with key(other, f"{folder}/log-other") as child:
            theirs = ask(child, KEY_PUBLIC)[1][32:]
        with key(home, f"{folder}/log") as child:
            public = ask(child, KEY_PUBLIC)[1]
            signing, sealing = public[:32], public[32:]
            wrapped = wrap(sealing)
            t.same("a wrapped key has its size", len(wrapped), WRAPPED_SIZE)
            t.same("a key wrapped for us is unwrapped", ask(child, KEY_UNWRAP, wrapped), ("OK", CONTENT_KEY))
            t.same("as often as one asks", ask(child, KEY_UNWRAP, wrapped, number=8), ("OK", CONTENT_KEY))
            t.that("wrapped again it looks different", wrap(sealing) != wrapped)
            t.same("and is the same", ask(child, KEY_UNWRAP, wrap(sealing)), ("OK", CONTENT_KEY))
            t.same("a key wrapped for another company", ask(child, KEY_UNWRAP, wrap(theirs)), ("BAD_SIGNATURE", b""))
            t.same("a key wrapped for our signing key", ask(child, KEY_UNWRAP, wrap(signing)), ("BAD_SIGNATURE", b""))
            for size in (0, 1, 48, WRAPPED_SIZE - 1, WRAPPED_SIZE + 1, MESSAGE_MAX):
                t.same(f"{size} bytes", ask(child, KEY_UNWRAP, (wrapped + bytes(size))[:size]), ("MALFORMED", b""))
            short = wrap(sealing, CONTENT_KEY[:31])
            t.same("a shorter key in a box", ask(child, KEY_UNWRAP, short), ("MALFORMED", b""))
            for at in (0, 31, 32, 47, 48, WRAPPED_SIZE - 1):
                damaged = wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1:]
                t.same(f"a bit changed at {at}", ask(child, KEY_UNWRAP, damaged), ("BAD_SIGNATURE", b""))
            t.same("an ephemeral key of zeros", ask(child, KEY_UNWRAP, bytes(32) + wrapped[32:]), ("BAD_SIGNATURE", b""))
            t.same("a refused one does no harm", ask(child, KEY_UNWRAP, wrapped), ("OK", CONTENT_KEY))
            t.that("nothing of it is logged", CONTENT_KEY.hex() not in open(f"{folder}/log", encoding="utf-8").read())


def it_can_do_nothing_else(t):
    with Folder() as folder:
        home = f"{folder}/acme"
        make_keys(home)
        with key(home, f"{folder}/log") as child:
            t.same("it serves", ask(child, KEY_PUBLIC)[0], "OK")
            children.is_sandboxed(t, child, "key")
            libraries = child.libraries()
            t.that("libsodium is there, so the list means something", "libsodium" in libraries, libraries)
            t.that("no ZeroMQ, no SQLite, no HTTP", not libraries & {"libzmq", "libsqlite3", "libmicrohttpd", "libcurl"}, libraries)
            t.that("no descriptor but its own", set(child.descriptors()) <= {0, 1, 2, 4}, child.descriptors())
            child.kill()
            child.start()
            t.same("killed and started again it finds its socket", ask(child, KEY_PUBLIC, number=9)[0], "OK")


def a_passphrase_keeps_others_out(t):
    with Folder() as folder:
        home, right, wrong = f"{folder}/acme", f"{folder}/right", f"{folder}/wrong"
        for path, text in ((right, "korrekt\n"), (wrong, "korrekt \n")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        t.same("a home with a passphrase", make_keys(home, "--passphrase-file", right)[0], 0)
        for why, more, status in (("the wrong passphrase", ["--passphrase-file", wrong], "DENIED"),
                                  ("no passphrase", [], "LOCKED"),
                                  ("a passphrase file that is not there", ["--passphrase-file", f"{folder}/no"], "NOT_FOUND")):
            with key(home, f"{folder}/log-{status}", *more) as child:
                t.same(f"{why}: a person must act", child.process.wait(20), 78)
                t.same(f"{why}: and is told", [e["status"] for e in child.events("key.unreadable")], [status])
        with key(home, f"{folder}/log", "--passphrase-file", right) as child:
            t.same("the right one", ask(child, KEY_PUBLIC)[0], "OK")
        os.makedirs(f"{folder}/credentials")
        os.rename(right, f"{folder}/credentials/hansa-passphrase")
        with Child([children.program("hansa-key"), "--home", home], 4, f"{folder}/log2",
                   env=children.environment(CREDENTIALS_DIRECTORY=f"{folder}/credentials")) as child:
            t.same("the service manager may bring it", ask(child, KEY_PUBLIC)[0], "OK")
        os.chmod(f"{home}/keys/signing.key", 0o640)
        with key(home, f"{folder}/log3") as child:
            t.same("a key that others can reach is not used", child.process.wait(20), 78)


def two_answers_never_mix(t):
    with Folder() as folder:
        home = f"{folder}/acme"
        make_keys(home)
        with key(home, f"{folder}/log") as child:
            for number in range(50):
                child.sock.send(struct.pack(">IBB", number, KEY_SIGN, 2) + bytes([number]))
            answers = [child.sock.recv(200) for _ in range(50)]
            _, public = ask(child, KEY_PUBLIC)
            t.that("each answer carries the number of its question, in order",
                   all(struct.unpack(">I", a[:4])[0] == n and verifies(public[:32], 2, bytes([n]), a[5:])
                       for n, a in enumerate(answers)))


if __name__ == "__main__":
    children.main(keys_are_made_once_and_private, it_signs_what_it_may, it_unwraps_content_keys, it_can_do_nothing_else,
                  a_passphrase_keeps_others_out, two_answers_never_mix)

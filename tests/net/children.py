# SPDX-License-Identifier: Apache-2.0
"""tests/net/children.py - one of the node's processes alone, with us at the other end of its socket."""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback

import poll

BIN = os.environ.get("HANSA_BIN") or os.path.abspath("build/dev")
MESSAGE_MAX = 64 * 1024
NODE_OPTIONS = ["--name", "Acme", "--country", "DE", "--listen", "tcp://127.0.0.1:7001"]

sodium = ctypes.CDLL("libsodium.so.23")
assert sodium.sodium_init() >= 0


def program(name):
    return os.path.join(BIN, name)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("HANSA_") and k != "CREDENTIALS_DIRECTORY"}
    env.update(more)
    return env


def libraries(pid, path):
    """What the process has loaded. It hides that from all but root: then what its program would load."""
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
            text = f.read()
    except PermissionError:
        text = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"/(lib[\w+-]+?)[\d.-]*\.so", text))


def descriptors(pid):
    """{number: what it is}; empty when the process hides them, as it does from all but root."""
    folder = f"/proc/{pid}/fd"
    try:
        return {int(n): os.readlink(f"{folder}/{n}") for n in os.listdir(folder)}
    except PermissionError:
        return {}


class Folder:
    """A private folder, kept when something failed inside."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="hansa-process-")
        return self.path

    def __exit__(self, kind, value, trace):
        if kind is None:
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            print(f"kept: {self.path}")


def make_keys(home, *more):
    """The exit code of hansa-key --init, and what it said."""
    done = subprocess.run([program("hansa-key"), "--init", home, *NODE_OPTIONS, *more], env=environment(),
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


class Child:
    """A process whose descriptor `fd` is one end of a socket pair; we hold the other for ever."""

    def __init__(self, command, fd, log, pair=None, env=None):
        self.command, self.fd, self.log_path = command, fd, log
        self.pair = pair or socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in self.pair:
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
        self.sock, self.env = self.pair[0], env or environment()
        self.sock.settimeout(10)
        self.start()

    def start(self):
        end = self.pair[1].fileno()

        def give():
            os.dup2(end, self.fd)

        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=give, pass_fds=(self.fd,), env=self.env)

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for end in self.pair:
            end.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close()
        if kind is not None:
            print("".join(self.events_text()[-20:]))

    def events_text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.readlines()

    def events(self, name=None):
        rows = [json.loads(line) for line in self.events_text() if line.startswith("{")]
        return [row for row in rows if name in (None, row["event"])]

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}", encoding="utf-8", errors="replace") as f:
            return f.read()

    def libraries(self):
        return libraries(self.process.pid, self.command[0])

    def descriptors(self):
        return descriptors(self.process.pid)


class Sentences:
    """Counts what must be true."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, sentence, held, detail=""):
        if held:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED  {sentence}: {detail}", flush=True)
        return bool(held)

    def same(self, sentence, got, want):
        return self.that(sentence, got == want, f"got {got!r}, want {want!r}")

    def comes(self, sentence, condition, seconds=10):
        try:
            poll.wait(condition, seconds, sentence)
            return self.that(sentence, True)
        except poll.TooLate as late:
            return self.that(sentence, False, str(late))


def is_sandboxed(t, child, who):
    """What the kernel says of a process that has given up its rights."""
    t.comes(f"{who} has given up its rights", lambda: child.events("sandbox.entered") or child.events("sandbox.sanitized"))
    status = dict(re.findall(r"^(\w+):\s+(.*)$", child.proc("status"), re.M))
    t.same(f"{who} can gain no privileges", status["NoNewPrivs"], "1")
    if not child.events("sandbox.sanitized"):
        t.same(f"{who}'s system calls are filtered", status["Seccomp"], "2")
        t.same(f"{who} lacks nothing of its sandbox", child.events("sandbox.lacks"), [])


def main(*cases):
    """Runs cases (functions of Sentences); an exception is a failed sentence."""
    signal.alarm(240)
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    t = Sentences()
    for case in cases:
        if only not in case.__name__:
            continue
        try:
            case(t)
        except Exception as problem:  # noqa: BLE001 - a case that breaks off has failed
            traceback.print_exc()
            t.that(case.__name__.replace("_", " "), False, f"{type(problem).__name__}: {problem}")
    print(f"{t.passed} passed, {t.failed} failed")
    sys.exit(1 if t.failed or not t.passed else 0)

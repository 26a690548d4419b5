# SPDX-License-Identifier: Apache-2.0
"""tests/net/hansa_net.py - real nodes on this machine, for stories told in ten lines.

    with Net() as net:
        acme, brio = net.node("Acme", country="DE"), net.node("Brio", country="FR")
        net.pair(acme, brio)
        ada = acme.cli("contact add", name="Ada")["id"]

Each Net has a folder of its own and free ports on 127.0.0.1, and needs no root. When the story fails,
the folder with homes and logs stays and its path is printed. The programs are in $HANSA_BIN.
"""
import atexit
import json
import os
import random
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
ROLES = ("core", "edge", "key")


class CliError(Exception):
    """A command that was refused: exit code, and the problem document or the line that was said."""

    def __init__(self, command, code, said):
        try:
            self.problem = json.loads(said)
        except ValueError:
            self.problem = {"detail": said.strip()}
        self.code, self.said = code, said.strip()
        super().__init__(f"{' '.join(command)}: exit {code}: {self.said}")


def option_words(options):
    """name="Ada", dry_run=True, fields=["a", "b"] as command-line words."""
    words = []
    for name, value in options.items():
        name = "--" + name.rstrip("_").replace("_", "-")
        if value is True:
            words.append(name)
        elif isinstance(value, (list, tuple)):
            words += [name, ",".join(str(v) for v in value)]
        elif value is not None and value is not False:
            words += [name, str(value)]
    return words


def free_port():
    """A port that nobody listens at, below those that the kernel hands out for connections: one of those may be taken by somebody's
    connection before the node binds it."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.randrange(10240, 32768)))
                return s.getsockname()[1]
            except OSError:
                continue


class Node:
    def __init__(self, net, name, country, language="en", core=None, init=None, within="."):
        self.net, self.name, self.daemon = net, name, None
        self.home = os.path.normpath(os.path.join(net.folder, within, name.lower()))
        self.port = free_port()
        self.log_path = self.home + ".log"
        self.env = dict(net.env)
        if core is not None:
            self.env["HANSA_LIBEXEC"] = self._libexec(core)
        self.run("init", "--name", name, "--country", country, "--language", language,
                 "--listen", f"127.0.0.1:{self.port}", *option_words(init or {}))

    def _libexec(self, core):
        """A folder like $HANSA_BIN in which another program stands for hansa-core."""
        folder = self.home + ".libexec"
        os.mkdir(folder)
        for role in ROLES:
            target = core if role == "core" else f"hansa-{role}"
            os.symlink(os.path.join(BIN, target), os.path.join(folder, f"hansa-{role}"))
        return folder

    # ---- talking to it ----

    def run(self, *words, check=True, stdin=None, text=True):
        """`hansa --home HOME words...`; the finished process."""
        command = [os.path.join(BIN, "hansa"), "--home", self.home, *[str(w) for w in words]]
        done = subprocess.run(command, env=self.env, text=text, capture_output=True, timeout=300,
                              input=stdin, stdin=subprocess.DEVNULL if stdin is None else None)
        if check and done.returncode != 0:
            raise CliError(command[3:], done.returncode, done.stderr if text else done.stderr.decode())
        return done

    def cli(self, words, /, *positional, **options):
        """The parsed reply of one command, or CliError."""
        done = self.run(*words.split(), *positional, *option_words(options), "--json")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def items(self, words, /, *positional, **options):
        """All rows of a list."""
        rows, cursor = [], None
        while True:
            page = self.cli(words, *positional, cursor=cursor, **options)
            rows += page["items"]
            cursor = page.get("next")
            if not cursor:
                return rows

    def refusal(self, words, /, *positional, **options):
        """The CliError of a command that must be refused; None when it was not."""
        try:
            self.cli(words, *positional, **options)
        except CliError as error:
            return error
        return None

    def wait(self, condition, seconds=30, what=None):
        return poll.wait(condition, seconds, what or f"what {self.name} waits for")

    # ---- its life ----

    def start(self, wait=True, **options):
        assert self.daemon is None or self.daemon.poll() is not None, f"{self.name} runs already"
        with open(self.log_path, "ab") as log:
            self.daemon = subprocess.Popen(
                [os.path.join(BIN, "hansad"), "--home", self.home, "--foreground", *option_words(options)],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if wait:
            self.wait_up()
        return self

    def wait_up(self, seconds=30):
        def up():
            assert self.daemon.poll() is None or self.daemon.returncode, f"{self.name} ended with {self.daemon.returncode}"
            return self.cli("status")
        return self.wait(up, seconds, f"{self.name} answers")

    def stop(self):
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(30)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
                raise
        code = self.daemon.returncode if self.daemon else None
        self.daemon = None
        return code

    def pids(self):
        """{role: process id} of the running node."""
        found = {"parent": self.daemon.pid}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    comm, rest = re.fullmatch(r"\d+ \((.*)\) (.*)\n?", f.read(), re.S).groups()
            except (OSError, AttributeError):
                continue
            state, parent = rest.split()[:2]
            if int(parent) == self.daemon.pid and state != "Z" and comm.startswith("hansa-"):
                found[comm[len("hansa-"):].split("-")[0]] = int(entry)
        return found

    def connections(self):
        """{(own address, other address)} of the TCP connections that its edge has open now."""
        folder = f"/proc/{self.pids()['edge']}/fd"
        inodes = set()
        for fd in os.listdir(folder):
            try:
                m = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(os.path.join(folder, fd)))
            except FileNotFoundError:
                continue
            inodes |= {m[1]} if m else set()
        with open("/proc/net/tcp", encoding="ascii") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return {(row[1], row[2]) for row in rows if row[3] == "01" and row[9] in inodes}

    def links_with(self, other):
        theirs = {(there, here) for here, there in other.connections()}
        return self.connections() & theirs

    def kill(self, role):
        """kill -9 one of its processes; a killed child is waited for until it is back."""
        before = self.pids()[role]
        os.kill(before, signal.SIGKILL)
        if role == "parent":
            self.daemon.wait()
            self.daemon = None
            self.start()
        else:
            self.wait(lambda: self.pids().get(role, before) != before, 10, f"{self.name}'s {role} is back")
            self.wait_up()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    # ---- what stories ask ----

    def show(self, type_, record):
        return self.cli(f"{type_} show", record)

    def file(self, name, content):
        """A file in the story's folder; its path."""
        path = os.path.join(self.net.folder, name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path


class Net:
    def __init__(self, keep=False):
        self.folder = tempfile.mkdtemp(prefix="hansa-net-")
        self.nodes, self.keep = [], keep
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("HANSA_")}
        self.env.update(HOME=self.folder, LC_ALL="C.UTF-8", TMPDIR=self.folder)
        for name in ("HANSA_PLANT",):
            if name in os.environ:
                self.env[name] = os.environ[name]
        atexit.register(self._kill_all)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for node in self.nodes:
            if kind is None:
                node.stop()
        self._kill_all()
        if kind is not None or self.keep:
            for node in self.nodes:
                print(f"---- last lines of {node.log_path}\n" + "\n".join(node.log().split("\n")[-25:]))
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_all(self):
        for node in self.nodes:
            if node.daemon is not None and node.daemon.poll() is None:
                node.daemon.kill()
                node.daemon.wait()

    def node(self, name, country="DE", start=True, options=None, **how):
        """A new company's node; started unless told otherwise. options go to hansad."""
        node = Node(self, name, country, **how)
        self.nodes.append(node)
        if start:
            node.start(**(options or {}))
        return node

    def invite(self, host, guest):
        """host invites, guest accepts; the words that each shows for the other."""
        invitation = host.cli("partner invite")["text"]
        path = host.file(f"{host.name}-{guest.name}.invite", invitation)
        guest.cli("partner accept", path)
        there = guest.wait(lambda: partner(guest, host.name), 20, f"{guest.name} knows {host.name}")
        here = host.wait(lambda: partner(host, guest.name), 20, f"{host.name} hears of {guest.name}")
        return here["words"], there["words"]

    def pair(self, a, b):
        """Two companies that trust each other after comparing the words, with the link up."""
        words_a, words_b = self.invite(a, b)
        assert words_a == words_b and len(words_a.split()) == 6, (words_a, words_b)
        a.cli("partner trust", b.name, words=words_b)
        b.cli("partner trust", a.name, words=words_a)
        for here, there in ((a, b), (b, a)):
            here.wait(lambda here=here, there=there: partner(here, there.name)["link"] == "up", 30,
                      f"the link {here.name}-{there.name} is up")


def partner(node, name):
    """The row of one partner, or None."""
    rows = [row for row in node.items("partner list") if row["name"] == name]
    return rows[0] if rows else None


class Sentences:
    """Counts what a story says must be true."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, sentence, held, detail=""):
        if held:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED  {sentence}: {detail}", flush=True)
        return held

    def same(self, sentence, got, want):
        return self.that(sentence, got == want, f"got {got!r}, want {want!r}")

    def refused(self, sentence, error, status=None, said=""):
        """error is what Node.refusal() gave."""
        held = error is not None and said.lower() in error.said.lower()
        held = held and (status is None or error.problem.get("code") == status)
        return self.that(sentence, held, error.said if error else "it was allowed")


def main(*stories):
    """Runs stories (functions of Sentences); an exception is a failed sentence."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    t = Sentences()
    for story in stories:
        if only not in story.__name__:
            continue
        try:
            story(t)
        except Exception as problem:  # noqa: BLE001 - a story that breaks off has failed
            traceback.print_exc()
            t.that(story.__name__.replace("_", " "), False, f"{type(problem).__name__}: {problem}")
    print(f"{t.passed} passed, {t.failed} failed")
    sys.exit(1 if t.failed or not t.passed else 0)

# SPDX-License-Identifier: Apache-2.0
"""hansad: a family of processes that comes back, ends in order, and is alone in its home."""
import json
import os
import re
import signal
import stat
import subprocess
import time

import children
import poll
from children import Folder, environment, program
from hansa_net import free_port

ROLES = ("key", "edge", "core")


def free_endpoint():
    return f"tcp://127.0.0.1:{free_port()}"


def init(home, *more, env=None):
    done = subprocess.run([program("hansad"), "--init", home, *children.NODE_OPTIONS[:4], "--listen", free_endpoint(),
                           "--language", "en", *more], env=env or environment(), capture_output=True, text=True, timeout=60,
                          umask=0, check=False)
    return done.returncode, done.stderr


class Daemon:
    def __init__(self, folder, home=None, libexec=None, options=("--foreground",), passphrase=None):
        self.home = home or os.path.join(folder, "acme")
        self.log_path = os.path.join(folder, "daemon.log")
        more = ["--passphrase-file", passphrase] if passphrase else []
        if not os.path.exists(self.home):
            code, said = init(self.home, *more)
            assert code == 0, said
        self.env = environment(**({"HANSA_LIBEXEC": libexec} if libexec else {}))
        self.command = [program("hansad"), "--home", self.home, *options, *more]
        self.start()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def events(self, name=None, who=None, log=None):
        rows = []
        with open(log or self.log_path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("{"):
                    row = json.loads(line)
                    if name in (None, row["event"]) and who in (None, row.get("process")):
                        rows.append(row)
        return rows

    def pids(self):
        """{role: process id} of the children that live."""
        found = {}
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    name, rest = re.fullmatch(r"\d+ \((.*)\) (.*)\n?", f.read(), re.S).groups()
            except (OSError, AttributeError):
                continue
            if rest.split()[0] != "Z" and int(rest.split()[1]) == self.process.pid and name.startswith("hansa-"):
                found[name.removeprefix("hansa-")] = int(entry)
        return found

    def all_run(self):
        return set(self.pids()) == set(ROLES)

    def answers(self):
        done = subprocess.run([program("hansa"), "--home", self.home, "status", "--json"], env=environment(),
                              capture_output=True, timeout=20, check=False)
        return done.returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if kind is not None:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                print("".join(f.readlines()[-30:]))


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def libexec(folder, name, **scripts):
    """A folder of programs; role=script replaces that role by a shell script."""
    path = os.path.join(folder, name)
    os.mkdir(path)
    for role in ROLES:
        place = os.path.join(path, f"hansa-{role}")
        if role in scripts:
            with open(place, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\n" + scripts[role] + "\n")
            os.chmod(place, 0o755)
        else:
            os.symlink(program(f"hansa-{role}"), place)
    return path


def the_family_comes_back(t):
    with Folder() as folder, Daemon(folder) as node:
        t.comes("it answers", node.answers, 20)
        for role in ("key", "edge", "core"):
            before = node.pids()
            os.kill(before[role], signal.SIGKILL)
            start = time.monotonic()
            t.comes(f"{role}, killed, is back within a second",
                    lambda role=role, before=before: node.pids().get(role, before[role]) != before[role], 1)
            t.that(f"{role}: in time", time.monotonic() - start < 1)
            t.comes(f"{role}: and the node answers", node.answers, 20)
            if role == "core":
                t.comes("a new core has a new edge", lambda before=before: node.pids().get("edge", before["edge"]) != before["edge"], 2)
            others = {r: p for r, p in before.items() if r != role and not (role == "core" and r == "edge")}
            t.same(f"{role}: the others stay", {r: p for r, p in node.pids().items() if r in others}, others)
        last = {"event": "process.started", "process": "edge", "pid": node.pids()["edge"]}
        t.comes("partners can reach it again",
                lambda: "edge.listening" in [e["event"] for e in node.events()[index_of(node.events(), last):]], 20)


def index_of(events, wanted):
    return max(i for i, e in enumerate(events) if wanted.items() <= e.items())


def each_has_only_what_it_needs(t):
    with Folder() as folder, Daemon(folder) as node:
        t.comes("it answers", node.answers, 20)
        pids = node.pids()
        maps = {role: children.libraries(pid, program(f"hansa-{role}")) for role, pid in pids.items()}
        maps["parent"] = children.libraries(node.process.pid, program("hansad"))
        t.that("libzmq is in edge alone", {r for r in maps if "libzmq" in maps[r]} == {"edge"}, maps)
        t.that("SQLite is in core alone", {r for r in maps if "libsqlite" in maps[r]} == {"core"}, maps)
        t.that("the parent serves nobody", not maps["parent"] & {"libmicrohttpd", "libcurl"}, maps["parent"])
        for role, pid in pids.items():
            held = children.descriptors(pid)
            if not held:
                continue
            wanted = {"key": {4, 5}, "edge": {3, 5}, "core": {3, 4, 5}}[role]
            t.that(f"{role} has the descriptors that are its own", wanted <= set(held), held)
            pairs = {fd for fd in held if fd in (3, 4) and "socket" in held[fd]}
            t.same(f"{role} has no other's socket", pairs, wanted - {5})
            t.same(f"{role} reads no terminal", held[0], "/dev/null")
        modes = {}
        for path, _, names in os.walk(node.home):
            for name in [".", *names]:
                mode = os.lstat(os.path.join(path, name)).st_mode
                if not stat.S_ISSOCK(mode) and stat.S_IMODE(mode) & 0o077:
                    modes[os.path.join(path, name)] = oct(mode)
        t.same("nothing in the home is open to others", modes, {})


def one_family_per_home(t):
    with Folder() as folder, Daemon(folder) as node:
        t.comes("it answers", node.answers, 20)
        pids = node.pids()
        for options in (["--foreground"], []):
            second = subprocess.run([program("hansad"), "--home", node.home, *options], env=environment(LC_ALL="C.UTF-8"),
                                    capture_output=True, text=True, timeout=20, check=False)
            t.same("a second hansad is refused", second.returncode, 75)
            t.that("with one line that says why", second.stderr.count("\n") == 1 and node.home in second.stderr, second.stderr)
        chinese = subprocess.run([program("hansad"), "--home", node.home], env=environment(LC_ALL="zh_CN.UTF-8"),
                                 capture_output=True, text=True, timeout=20, check=False)
        t.that("in the language of the person", re.search("[一-鿿]", chinese.stderr), chinese.stderr)
        t.same("and the first goes on", node.pids(), pids)

        node.process.kill()
        node.process.wait()
        t.comes("killed, the parent takes its children along", lambda: not any(is_alive(p) for p in pids.values()), 2)
        node.start()
        t.comes("and a new one starts at once", node.answers, 20)


def it_ends_in_order(t):
    for number in (signal.SIGTERM, signal.SIGINT):
        with Folder() as folder, Daemon(folder) as node:
            t.comes("it answers", node.answers, 20)
            t.same("its process id is written down", proc_id(node.home), node.process.pid)
            node.process.send_signal(number)
            t.same(f"{number.name}: it ends well", node.process.wait(30), 0)
            t.same("core first, key last", [e["process"] for e in node.events("process.ended")], ["core", "edge", "key"])
            t.same("core had the time it needed", node.events("process.ended", "core")[0].get("code"), 0)
            t.that("its process id is gone", not os.path.exists(f"{node.home}/hansad.pid"))


def proc_id(home):
    with open(f"{home}/hansad.pid", encoding="ascii") as f:
        return int(f.read())


def who_is_beyond_help_ends_all(t):
    with Folder() as folder:
        core = libexec(folder, "bin", core='[ "$1" = --init ] && exit 0; exit 78')
        with Daemon(folder, libexec=core) as node:
            t.same("78 of a child is 78 of all", node.process.wait(20), 78)
            t.same("tried once", len(node.events("process.started", "core")), 1)
            t.same("the others were ended", {e["process"] for e in node.events("process.ended")}, set(ROLES))
    with Folder() as folder:
        right, wrong = f"{folder}/right", f"{folder}/wrong"
        for path in (right, wrong):
            with open(path, "w", encoding="utf-8") as f:
                f.write(path)
        with Daemon(folder, passphrase=right) as node:
            t.comes("with its passphrase it answers", node.answers, 30)
        with Daemon(folder, home=node.home, passphrase=wrong) as node:
            t.same("with another it ends", node.process.wait(30), 78)
            t.that("and says why", [e["status"] for e in node.events("key.unreadable")] == ["DENIED"]
                   or [e["status"] for e in node.events("edge.key_unreadable")] == ["DENIED"], node.events())
        none = subprocess.run([program("hansad"), "--home", f"{folder}/none"], env=environment(LC_ALL="C.UTF-8"),
                              capture_output=True, text=True, timeout=20, check=False)
        t.that("no home is said", none.returncode == 78 and f"{folder}/none" in none.stderr, none)
        for why, words in (("no home named", []), ("a word too much", ["--home", folder, "x"]), ("an unknown option", ["--what"]),
                           ("two homes", ["--home", folder, "--init", folder])):
            done = subprocess.run([program("hansad"), *words], capture_output=True, text=True, timeout=20, check=False)
            t.that(f"{why}: what to write instead", done.returncode == 64 and "hansad --home HOME" in done.stderr, done)


def who_dies_at_once_is_tried_less_often(t):
    with Folder() as folder:
        with Daemon(folder, libexec=libexec(folder, "bin", core="exit 1")) as node:
            poll.wait(lambda: len(node.events("process.started", "core")) >= 7, 20)
            starts = [time.mktime(time.strptime(e["t"][:19], "%Y-%m-%dT%H:%M:%S")) + float(e["t"][19:23])
                      for e in node.events("process.started", "core")]
            gaps = [b - a for a, b in zip(starts, starts[1:])]
            t.that("five times at once", all(gap < 1 for gap in gaps[:5]), gaps)
            t.that("then not before a second", gaps[5] >= 0.95, gaps)
            t.same("key has nothing to do with it", len(node.events("process.started", "key")), 1)
    with Folder() as folder:
        with Daemon(folder, libexec=libexec(folder, "bin", key="trap '' TERM\nwhile :; do read x <&4; done", core="exec tail -f /dev/null")) as node:
            t.comes("all run", lambda: len(node.events("process.started")) >= 3 and len(node.events("sandbox.entered") + node.events("sandbox.sanitized")) >= 1, 20)
            node.process.terminate()
            t.same("who does not want to end is ended", node.process.wait(20), 0)
            t.same("and that is said", [e["process"] for e in node.events("process.killed")], ["key"])
    with Folder() as folder:
        bin_ = libexec(folder, "bin")
        os.remove(f"{bin_}/hansa-core")
        with Daemon(folder, libexec=bin_) as node:
            t.comes("a program that is missing is said", lambda: node.events("process.no_program"), 10)


def a_failed_start_of_a_home_leaves_nothing(t):
    with Folder() as folder:
        home = f"{folder}/acme"
        bad = libexec(folder, "bad", core="echo no database today >&2; exit 74")
        code, said = init(home, env=environment(HANSA_LIBEXEC=bad))
        t.same("what core says is the code", code, 74)
        t.that("and its words are heard", "no database today" in said, said)
        t.same("the keys are taken away again", os.listdir(home), [])
        t.same("so that it can be tried again", init(home)[0], 0)
        t.same("but not on top", init(home)[0], 73)


def in_the_background_it_writes_its_own_log(t):
    with Folder() as folder, Daemon(folder, options=()) as node:
        t.comes("it answers", node.answers, 20)
        log = f"{node.home}/log"
        t.that("events stand in the home's log", node.events("process.started", log=log))
        t.same("which is its owner's alone", stat.S_IMODE(os.stat(log).st_mode), 0o600)
        t.that("nothing is left on the terminal", not os.path.getsize(node.log_path))
        t.that("it has a session of its own", os.getsid(node.process.pid) == node.process.pid)
    with Folder() as folder:
        log = f"{folder}/elsewhere"
        with Daemon(folder, options=("--foreground", "--log", log)) as node:
            t.comes("a log may be named", lambda: os.path.exists(log) and node.events("process.started", log=log), 10)


if __name__ == "__main__":
    children.main(the_family_comes_back, each_has_only_what_it_needs, one_family_per_home, it_ends_in_order,
                  who_is_beyond_help_ends_all, who_dies_at_once_is_tried_less_often,
                  a_failed_start_of_a_home_leaves_nothing, in_the_background_it_writes_its_own_log)

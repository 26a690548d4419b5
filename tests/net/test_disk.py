# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_disk.py - a really full file system under a running node (P12): what takes back still succeeds, on the room
of the ballast; everything else fails clearly, nothing is lost, and all goes on by itself when there is room again.

Needs to mount a small tmpfs; where that is refused it says so, and tests/unit/node/test_disk.c is what is left."""
import os
import subprocess
import threading

from hansa_net import Net, main

START = "2027-05-14 09:00 Europe/Berlin"


class SmallDisk:
    """A tmpfs under a Net's folder, for homes of nodes that are made `within="small"`."""

    def __init__(self, net, mib):
        self.path = os.path.join(net.folder, "small")
        os.mkdir(self.path)
        self._mount("-o", f"size={mib}m,mode=700", "none", self.path)

    def _mount(self, *words):
        subprocess.run(["mount", "-t", "tmpfs", *words], check=True, capture_output=True)

    def resize(self, mib):
        self._mount("-o", f"remount,size={mib}m", "none", self.path)

    def fill(self):
        with open(os.path.join(self.path, "filler"), "ab", buffering=0) as f:
            for size in (1 << 20, 4096):
                try:
                    while f.write(bytes(size)) == size:
                        pass
                except OSError:
                    pass

    def empty(self):
        os.unlink(os.path.join(self.path, "filler"))

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False)


def with_small_disk(t, mib, story):
    with Net() as net:
        try:
            disk = SmallDisk(net, mib)
        except (OSError, subprocess.CalledProcessError) as problem:
            print(f"SKIPPED  no file system can be mounted here: {problem}", flush=True)
            return
        try:
            story(t, net, disk)
        except BaseException:
            print("\n".join(net.nodes[0].log().split("\n")[-25:]))
            raise
        finally:
            for node in net.nodes:
                node.stop()
            disk.close()


def on_small_disk(net, name):
    node = net.node(name, within="small", start=False)
    node.log_path = os.path.join(net.folder, name.lower() + ".log")
    return node.start()


def taken(node, title):
    """An offer with this title is there; accepted."""
    offer = node.wait(lambda: next((o for o in node.items("offer list") if o["title"] == title), None), 20, f"{node.name} is offered {title}")
    node.cli("offer accept", offer["id"])


def has(node, record):
    return any(r["id"] == record for r in node.items("event list"))


def event_of(giver, taker, name):
    """An event that the taker holds; its id and the share's."""
    event = giver.cli("event add", name=name, start=START)["id"]
    share = giver.cli("share create", event, partner=taker.name, fields=["event.name"], purpose="event", until="2099-01-01")["id"]
    taken(taker, name)
    taker.wait(lambda: has(taker, event), 20, f"{taker.name} has {name}")
    return event, share


def full(node):
    return node.cli("node status")["disk_full"]


def taking_back(t, net, disk):
    acme, brio = on_small_disk(net, "Acme"), net.node("Brio")
    net.pair(acme, brio)
    ours, given = event_of(acme, brio, "Our Fair")
    theirs, received = event_of(brio, acme, "Their Fair")
    ada, bela, chen = (acme.cli("contact add", name=n, email=f"{n}@example.com")["id"] for n in ("Ada", "Bela", "Chen"))
    t.same("the ballast is there", acme.cli("node status")["ballast_mib"], 16)
    blocks = os.stat(os.path.join(acme.home, "ballast")).st_blocks * 512
    t.that("and really has its blocks", blocks >= 16 << 20, blocks)

    disk.fill()
    acme.wait(lambda: full(acme), 10, "Acme sees that the disk is full")
    error = acme.refusal("contact add", name="Dora")
    t.refused("adding fails clearly", error, "DISK_FULL", "MiB")
    t.same("with status 507", error.problem.get("status"), 507)
    t.that("and says where, and what still works", acme.home in error.said and "erasing" in error.said, error.said)
    t.refused("an import too", acme.refusal("contact import", acme.file("one.csv", "name,email\n" + "Eve,eve@example.com\n" * 9000), consent="unknown"), "DISK_FULL")
    t.same("and reading works", acme.cli("contact list")["total"], 3)

    waiting = brio.cli("event add", name="Later Fair", start=START)["id"]
    brio.cli("share create", waiting, partner="Acme", fields=["event.name"], purpose="event", until="2099-01-01")
    acme.cli("share stop", given)
    brio.wait(lambda: not has(brio, ours), 20, "what Acme took back is gone at Brio")
    t.that("a share is stopped on a full disk, and its copy goes", True)
    acme.cli("contact erase", ada)
    t.same("a person is erased", acme.cli("contact list")["total"], 2)
    brio.cli("share stop", received)
    acme.wait(lambda: not has(acme, theirs), 20, "what Brio took back is gone at Acme")
    brio.wait(lambda: any(r["state"] == "purged" for r in brio.items("receipt list", share=received)), 20, "Acme says so, signed")
    t.that("a partner's revocation is taken, and its receipt goes out", True)

    acme.kill("core")
    t.that("a core that starts on a full disk says so", full(acme))
    acme.cli("consent withdraw", bela)
    acme.cli("contact remove", chen)
    t.same("withdrawal and removal work then too", acme.cli("contact list")["total"], 1)
    t.that("what was erased stays so", "Ada" not in str(acme.items("contact list")))
    t.that("the audit is right on a full disk", acme.cli("audit verify")["ok"])
    t.that("what is no taking back waits at the partner", not has(acme, waiting))
    t.refused("still", acme.refusal("contact add", name="Dora"), "DISK_FULL")

    disk.empty()
    acme.wait(lambda: not full(acme), 10, "Acme goes on by itself")
    t.same("the ballast is whole again", acme.cli("node status")["ballast_mib"], 16)
    acme.cli("contact add", name="Dora")
    taken(acme, "Later Fair")
    acme.wait(lambda: has(acme, waiting), 20, "what Brio held back comes")
    t.that("nothing was lost", True)
    t.that("and the audit is right", acme.cli("audit verify")["ok"])
    t.same("each time the disk was full was logged once", acme.log().count('"disk.full"'), 2)
    t.same("and its end", acme.log().count('"disk.room"'), 1)


def work_pauses(t, net, disk):
    """Nobody fills the disk but the node itself, in the middle of a commit."""
    acme = on_small_disk(net, "Acme")
    rows = 4000
    note = "x" * 3800
    path = acme.file("many.csv", "name,email,note\n" + "".join(f"Person {i},p{i}@example.com,{note}\n" for i in range(rows)))
    ada = acme.cli("contact add", name="Ada Lovelace", email="ada@example.com")["id"]
    failed = []

    def run():
        failed.append(acme.refusal("contact import", path, consent="unknown"))

    following = threading.Thread(target=run)
    following.start()
    acme.wait(lambda: full(acme) or failed, 60, "the import fills the disk")
    t.that("the import fills the disk", not failed, failed)
    before = acme.items("job list")[0]
    t.same("the import waits", before["state"], "running")
    t.that("in the middle", 0 < before["done"] < rows, before)
    acme.cli("contact erase", ada)
    t.that("meanwhile a person is erased", acme.refusal("contact show", ada) is not None)
    t.that("the import has not gone on", acme.items("job list")[0]["done"] == before["done"])
    disk.resize(300)
    following.join(120)
    t.same("with more room it goes on by itself", failed, [None])
    t.same("and every row is there once", acme.cli("contact list", limit=1)["total"], rows)
    t.that("the audit is right", acme.cli("audit verify")["ok"])


GUESTS = 300


def a_large_share_goes_in_pieces(t, net, disk):
    acme, brio = on_small_disk(net, "Acme"), net.node("Brio")
    net.pair(acme, brio)
    brio.cli("partner waive", "Acme", note="a test")
    people = "".join(f"Person {i},p{i}@example.com\n" for i in range(GUESTS))
    brio.cli("contact import", brio.file("many.csv", "name,email\n" + people), consent="unknown")
    event = brio.cli("event add", name="Large Fair", start=START)["id"]
    brio.cli("guest add", event, all=True)
    share = brio.cli("share create", event, partner="Acme", fields=["event.name", "attendee.name", "attendee.email"], purpose="event",
                     until="2099-01-01")["id"]
    taken(acme, "Large Fair")
    acme.wait(lambda: acme.cli("attendee list", limit=1)["total"] == GUESTS, 30, "all guests are at Acme")
    disk.fill()
    acme.wait(lambda: full(acme), 10, "Acme sees that the disk is full")
    sizes, watching = [], threading.Event()

    def watch():
        while not watching.wait(0.002):
            sizes.append(os.path.getsize(os.path.join(acme.home, "hansa.db-wal")))

    watcher = threading.Thread(target=watch)
    watcher.start()
    brio.cli("share stop", share)
    acme.wait(lambda: acme.cli("attendee list", limit=1)["total"] == 0, 30, "all guests are gone")
    watching.set()
    watcher.join()
    said = brio.wait(lambda: [r for r in brio.items("receipt list", share=share) if r["state"] == "purged"], 20, "Acme says so, signed")
    t.same("and of how many", said[0]["records"], GUESTS + 1)
    t.that("the log stays within the ballast", 0 < max(sizes) < 16 << 20, max(sizes))
    t.same("the audit says that it is in use no more", acme.cli("audit verify")["ok"], True)


def what_takes_back_succeeds_on_a_full_disk(t):
    with_small_disk(t, 64, taking_back)


def work_pauses_and_goes_on(t):
    with_small_disk(t, 44, work_pauses)



def a_large_share_is_taken_back(t):
    with_small_disk(t, 64, a_large_share_goes_in_pieces)


if __name__ == "__main__":
    main(what_takes_back_succeeds_on_a_full_disk, work_pauses_and_goes_on, a_large_share_is_taken_back)

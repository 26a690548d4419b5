# SPDX-License-Identifier: Apache-2.0
"""hansa-edge alone: who gets in, what gets through, what is cut, and what nobody can make it hold."""
import os
import signal
import socket
import struct
import time

import children
import poll
import zmq_peer
from children import MESSAGE_MAX, Folder
from curve_peer import CurvePeer, greeting
from edge_child import (ADMIT, BROKEN, DROP, DROPPED, EPOCH, EPOCH_DONE, GUEST, HELLO, HOST, NOT_ALLOWED, NOT_ENVELOPE,
                        NOT_ONE_FRAME, READY, RECEIVED, SEND, STRANGER, UP, Edge, key_pair, message, message_of, node_id)
from zmq_peer import Peer

BRIO, CEDAR, MADE_UP = node_id(2), node_id(3), node_id(9)


class Known:
    """An edge with one hostile partner, whose keys we have."""

    def __init__(self, folder, name="acme", role=0, **how):
        self.edge = Edge(folder, name, **how)
        self.public, self.secret = key_pair()
        self.edge.admit(BRIO, self.public, role)
        self.edge.settle()

    def peer(self, **how):
        return Peer(self.edge.endpoint, self.edge.key, self.public, self.secret, **how)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.edge.__exit__(*error)


def two_nodes_talk_both_ways(t):
    with Folder() as folder, Edge(folder, "acme") as acme, Edge(folder, "brio") as brio:
        acme.admit(BRIO, brio.key)
        brio.admit(CEDAR, acme.key, endpoint=acme.endpoint)
        t.same("the one who dialled hears that the link is up", brio.expect(UP)["node"], CEDAR)
        brio.send(CEDAR, message(b"one"))
        t.same("what it sends arrives under the name its key has there", acme.expect(RECEIVED),
               {"node": BRIO, "message": message(b"one")})
        acme.send(BRIO, message(b"two"))
        t.same("and the answer goes back over the same link", brio.expect(RECEIVED),
               {"node": CEDAR, "message": message(b"two")})
        for n in range(100):
            brio.send(CEDAR, message(b"%d" % n))
        t.same("in order", [acme.expect(RECEIVED)["message"] for _ in range(100)], [message(b"%d" % n) for n in range(100)])
        acme.send(CEDAR, message(b"nobody"))
        t.same("to a node that is not admitted nothing goes", brio.of_kind(RECEIVED), [])
        brio.admit(CEDAR, acme.key, endpoint=acme.endpoint)
        t.same("the same ADMIT again cuts nothing", [k for k, _ in brio.arrived(0.5)], [])


def listening_says_what_it_does(t):
    with Folder() as folder, Edge(folder, "acme") as acme:
        port = int(acme.endpoint.rsplit(":", 1)[1])
        t.that("it says the port it got", port > 0, acme.ready)
        acme.config("tcp://127.0.0.1:0", life=acme.life ^ 1)
        t.same("a CONFIG for another life is not for it", acme.of_kind(READY), [])
        with Edge(folder, "brio", listen=acme.endpoint) as brio:
            t.same("a port in use is said", brio.ready, {"listening": 0, "text": "EADDRINUSE"})
            for listen in ("tcp://localhost:0", "ipc://x", "tcp://*:0", ""):
                t.same(f"{listen or 'nothing'} is no address to listen on", brio.config(listen)["listening"], 0)
            t.same("but it can still listen", brio.config("tcp://127.0.0.1:0")["listening"], 1)
        with Edge(folder, "cedar", listen="tcp://0.0.0.0:0") as cedar:
            t.same("on every address too", cedar.ready["listening"], 1)


def settings_that_fail_open_are_noticed(t):
    with Folder() as folder, Edge(folder, "acme", program="hansa-edge-open") as edge:
        t.same("an edge whose libzmq never asks does not listen", edge.ready["listening"], 0)
        t.that("and says why", "self-test" in edge.ready["text"], edge.ready)


def strangers_get_silence(t):
    with Folder() as folder, Known(folder) as known:
        edge = known.edge
        public, secret = key_pair()
        with Peer(edge.endpoint, edge.key, public, secret) as stranger:
            stranger.send(message(b"let me in"))
            t.comes("a stranger's connections are closed", lambda: stranger.count(zmq_peer.DISCONNECTED) >= 2, 20)
            t.same("without a word", stranger.count(zmq_peer.FAILED_AUTH), 0)
            t.same("and without a handshake", stranger.count(zmq_peer.SUCCEEDED), 0)
            first = edge.expect(STRANGER)["count"]
            t.that("it is counted", first >= 1, first)
            edge.arrived()
            edge.expect(STRANGER, 20)
            start = time.monotonic()
            for _ in range(100):  # more strangers at once
                with Peer(edge.endpoint, edge.key, *key_pair()) as other:
                    other.send(message())
                    poll.wait(lambda other=other: other.count(zmq_peer.CONNECTED))
            edge.expect(STRANGER, 20)
            t.that("and told at most once a second", time.monotonic() - start > 0.8, time.monotonic() - start)
        with Peer(edge.endpoint) as naked:
            naked.send(message(b"no encryption"))
            t.comes("a peer without encryption is closed too", lambda: naked.count(zmq_peer.DISCONNECTED) >= 1)
        with Peer(edge.endpoint, key_pair()[0], known.public, known.secret) as confused:
            t.comes("and one that takes us for another", lambda: confused.count(zmq_peer.DISCONNECTED) >= 1)
        with CurvePeer(edge.endpoint, edge.key, *key_pair()) as stranger:
            try:
                said = stranger.shake()
            except ConnectionError:
                said = "nothing"
            t.same("after a stranger has shown its key it hears nothing", said, "nothing")
        t.same("nothing of it reached core", edge.of_kind(RECEIVED), [])
        host_public, host_secret = key_pair()
        edge.admit(CEDAR, host_public, HOST, key_pair()[1], "tcp://127.0.0.1:1")
        with Peer(edge.endpoint, edge.key, host_public, host_secret) as host:
            host.send(message(b"hello"))
            t.comes("who invited us may not come in by that", lambda: host.count(zmq_peer.DISCONNECTED) >= 1)


def is_closed(sock):
    """The other side has ended the connection."""
    sock.settimeout(0.05)
    try:
        return sock.recv(4096) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def raw_connections_hold_nothing(t):
    with Folder() as folder, Known(folder) as known:
        edge = known.edge
        address = ("127.0.0.1", int(edge.endpoint.rsplit(":", 1)[1]))
        before, started = edge.resident_kib(), []
        for why, first in (("nothing said", b""), ("half a greeting", greeting()[:20]), ("garbage", b"GET / HTTP/1.1\r\n\r\n" * 20),
                           ("a frame of a terabyte", greeting() + b"\x02" + struct.pack(">Q", 1 << 40)),
                           ("a frame just too big", greeting() + b"\x02" + struct.pack(">Q", MESSAGE_MAX + 34))):
            sock = socket.create_connection(address)
            sock.sendall(first)
            started.append((why, sock))
        for why, sock in started:
            t.comes(f"{why}: the connection is closed", lambda sock=sock: is_closed(sock), 8)
            sock.close()
        crowd = [socket.create_connection(address) for _ in range(300)]
        t.comes("of a silent crowd only so many stay", lambda: sum(is_closed(s) for s in crowd) >= 40, 8)
        for sock in crowd:
            sock.close()
        with known.peer() as peer:
            peer.send(message(b"still here"))
            t.same("and a partner gets through", edge.expect(RECEIVED)["message"], message(b"still here"))
        t.that("none of it cost memory", edge.resident_kib() - before < 20 * 1024, edge.resident_kib() - before)


def sizes_at_the_limit(t):
    with Folder() as folder, Known(folder) as known, known.peer() as peer:
        for size in (36, MESSAGE_MAX - 1, MESSAGE_MAX):
            peer.send(message_of(size))
            t.same(f"a message of {size} bytes arrives", len(known.edge.expect(RECEIVED)["message"]), size)
        cut = peer.count(zmq_peer.DISCONNECTED)
        peer.send(message_of(MESSAGE_MAX + 1))
        t.comes("one of a byte more ends the connection", lambda: peer.count(zmq_peer.DISCONNECTED) > cut)
        t.same("and does not arrive", known.edge.of_kind(RECEIVED), [])
        known.edge.send(BRIO, message_of(MESSAGE_MAX))
        with known.peer() as again:
            again.send(message(b"x"))
            known.edge.expect(RECEIVED)
            known.edge.send(BRIO, message_of(MESSAGE_MAX))
            t.same("the biggest goes out as well", len(again.receive() or b""), MESSAGE_MAX)


def broken_messages_cut_the_link(t):
    rows = [("two frames", [message(b"a"), b""], NOT_ONE_FRAME), ("an empty frame first", [b"", message(b"a")], NOT_ONE_FRAME),
            ("a thousand frames", [message(b"a")] * 1000, NOT_ONE_FRAME), ("nothing", [b""], NOT_ENVELOPE),
            ("less than an envelope", [message()[:35]], NOT_ENVELOPE), ("another magic", [message(magic=b"HNSB")], NOT_ENVELOPE)]
    with Folder() as folder, Known(folder) as known:
        for why, parts, reason in rows:
            with known.peer() as peer:
                peer.send(*parts)
                t.same(f"{why}: told", known.edge.expect(BROKEN), {"node": BRIO, "reason": reason})
                t.comes(f"{why}: cut", lambda peer=peer: peer.count(zmq_peer.DISCONNECTED) >= 1)
                t.same(f"{why}: nothing reaches core", known.edge.of_kind(RECEIVED, 0.1), [])
                peer.send(message(b"good"))
                t.same(f"{why}: the link comes back", known.edge.expect(RECEIVED)["message"], message(b"good"))


def a_guest_may_introduce_itself(t):
    introduce = 3
    with Folder() as folder, Known(folder, role=GUEST) as known:
        rows = [("an Introduce", message_of(100, introduce), None), ("one as big as may be", message_of(4096, introduce), None),
                ("one byte less", message_of(4095, introduce), None), ("one byte more", message_of(4097, introduce), NOT_ALLOWED),
                ("a Hello", message_of(100, 1), NOT_ALLOWED), ("data", message_of(100, 32), NOT_ALLOWED)]
        for why, raw, reason in rows:
            with known.peer() as peer:
                peer.send(raw)
                if reason is None:
                    t.same(f"{why} arrives", known.edge.expect(RECEIVED), {"node": BRIO, "message": raw})
                else:
                    t.same(f"{why} does not", known.edge.expect(BROKEN)["reason"], reason)
                    t.comes(f"{why}: cut", lambda peer=peer: peer.count(zmq_peer.DISCONNECTED) >= 1)
        public, secret = key_pair()
        known.edge.admit(MADE_UP, public, GUEST)
        with Edge(folder, "brio") as brio:
            brio.admit(CEDAR, known.edge.key, HOST, secret, known.edge.endpoint)
            brio.expect(UP)
            brio.send(CEDAR, message(b"me", introduce))
            t.same("an edge dials its host with the invitation's key", known.edge.expect(RECEIVED)["node"], MADE_UP)


def a_drop_is_at_once(t):
    with Folder() as folder, Known(folder) as known, known.peer() as peer:
        edge = known.edge
        peer.send(message(b"before"))
        edge.expect(RECEIVED)
        start = time.monotonic()
        edge.drop(BRIO)
        edge.expect(DROPPED)
        t.that("answered well within a second", time.monotonic() - start < 0.5, time.monotonic() - start)
        t.comes("the link is cut within a second", lambda: peer.count(zmq_peer.DISCONNECTED) >= 1, 1)
        peer.send(message(b"after"))
        t.that("and the key is a stranger's", edge.expect(STRANGER)["count"] >= 1)
        t.same("nothing more arrives", edge.of_kind(RECEIVED), [])
        edge.admit(BRIO, known.public)
        t.same("until it is admitted again", edge.expect(RECEIVED)["message"], message(b"after"))
        edge.drop(CEDAR)
        t.same("a drop of nobody is answered too", edge.expect(DROPPED)["node"], CEDAR)


def a_silent_link_is_dropped_too(t):
    with Folder() as folder, Known(folder) as known, known.peer() as peer:
        t.comes("a link on which nothing was said", lambda: peer.count(zmq_peer.SUCCEEDED) == 1)
        known.edge.drop(BRIO)
        known.edge.expect(DROPPED)
        t.comes("is cut within a second", lambda: peer.count(zmq_peer.DISCONNECTED) >= 1, 1)


def a_dialled_link_is_dropped_too(t):
    with Folder() as folder, Edge(folder, "acme") as acme, Edge(folder, "brio") as brio:
        acme.admit(BRIO, brio.key)
        brio.admit(CEDAR, acme.key, endpoint=acme.endpoint)
        brio.expect(UP)
        brio.send(CEDAR, message(b"one"))
        acme.expect(RECEIVED)
        brio.drop(CEDAR)
        brio.expect(DROPPED)
        brio.send(CEDAR, message(b"two"))
        acme.send(BRIO, message(b"three"))
        t.same("nothing goes out", acme.of_kind(RECEIVED, 1), [])
        t.same("nothing comes in", brio.of_kind(RECEIVED), [])


def an_epoch_forgets_what_waits(t):
    with Folder() as folder, Known(folder) as known, known.peer(receive_mark=1) as peer:
        edge = known.edge
        peer.send(message(b"hello"))
        edge.expect(RECEIVED)
        for n in range(400):  # more than the connection takes while nobody reads
            edge.send(BRIO, message(struct.pack(">I", n) + bytes(60000)))
        edge.tell(EPOCH, BRIO + struct.pack(">Q", 7))
        t.same("answered with its number", edge.expect(EPOCH_DONE), {"node": BRIO, "epoch": 7})
        got = []
        while (raw := peer.receive(1)) is not None:
            got.append(struct.unpack(">I", raw[36:40])[0])
        t.that("what waited was forgotten", len(got) < 400, len(got))
        t.same("what was on its way arrived in order", got, list(range(len(got))))
        peer.send(message(b"again"))
        t.same("the link comes back by itself", edge.expect(RECEIVED)["message"], message(b"again"))
    with Folder() as folder, Edge(folder, "acme") as acme, Edge(folder, "brio") as brio:
        acme.admit(BRIO, brio.key)
        brio.admit(CEDAR, acme.key, endpoint=acme.endpoint)
        brio.expect(UP)
        brio.tell(EPOCH, CEDAR + struct.pack(">Q", 8))
        t.same("so it is for a link that we dialled", brio.expect(EPOCH_DONE)["epoch"], 8)
        t.same("it is dialled again", brio.expect(UP)["node"], CEDAR)


def a_new_key_replaces_the_old(t):
    with Folder() as folder, Known(folder) as known, known.peer() as old:
        old.send(message(b"old"))
        known.edge.expect(RECEIVED)
        public, secret = key_pair()
        known.edge.admit(BRIO, public)
        t.comes("the old key's link is cut", lambda: old.count(zmq_peer.DISCONNECTED) >= 1, 1)
        with Peer(known.edge.endpoint, known.edge.key, public, secret) as new:
            new.send(message(b"new"))
            t.same("the new key is the node", known.edge.expect(RECEIVED), {"node": BRIO, "message": message(b"new")})
        old.send(message(b"old again"))
        t.same("the old one is nobody", known.edge.of_kind(RECEIVED, 0.5), [])


def endless(peer, size):
    """Sends parts of a message that never ends until we are cut; the bytes that went out."""
    sent, wave = 0, 2000
    try:
        while sent < 200 << 20:
            raw = b"".join(peer.part(bytes(size), more=True) for _ in range(wave))
            peer.sock.sendall(raw)
            sent += len(raw)
    except OSError:
        pass
    return sent


def endless_messages_are_bounded(t):
    with Folder() as folder, Known(folder) as known:
        edge, (public, secret) = known.edge, key_pair()
        edge.admit(CEDAR, public)
        edge.settle()
        with Peer(edge.endpoint, edge.key, public, secret) as good:
            good.send(message(b"good"))
            edge.expect(RECEIVED)
            before = edge.resident_kib()
            for why, first in (("from a peer that said nothing else", False), ("from one that was heard before", True)):
                with CurvePeer(edge.endpoint, edge.key, known.public, known.secret) as bad:
                    t.that("a partner by hand gets in", bad.shake())
                    if first:
                        bad.send(message(b"hello"))
                        edge.expect(RECEIVED)
                    sent = endless(bad, 1000)
                    t.that(f"a message without end {why} is cut", sent < 100 << 20, sent)
            with CurvePeer(edge.endpoint, edge.key, known.public, known.secret) as bad:
                bad.shake()
                sent = endless(bad, 1)
                t.that("however small its parts", sent < 100 << 20, sent)
            grown = edge.resident_kib() - before
            sanitized = 6 if edge.events("sandbox.sanitized") else 1
            t.that("it was not held", grown < sanitized * 64 * 1024, f"{grown} KiB")
            t.same("each is in the log", len(edge.events("edge.too_much_held")), 3)
            good.send(message(b"still good"))
            t.same("others do not notice", edge.expect(RECEIVED, node=CEDAR)["message"], message(b"still good"))
            t.same("not even by a cut", good.count(zmq_peer.DISCONNECTED), 0)


def a_core_that_does_not_read_loses_nothing(t):
    count = 1500
    with Folder() as folder, Known(folder) as known, known.peer() as peer:
        before = known.edge.resident_kib()
        for n in range(count):
            peer.send(message(struct.pack(">I", n) + bytes(64000)))
        poll.wait(known.edge.rests(), 20)
        grown = known.edge.resident_kib() - before
        t.that("edge does not hold what core does not take", grown < 64 * 1024, f"{grown} KiB of {count * 64000 // 1024}")
        got = [struct.unpack(">I", known.edge.expect(RECEIVED)["message"][36:40])[0] for _ in range(count)]
        t.same("and every message comes, in order", got, list(range(count)))
        t.same("the link was not cut for it", peer.count(zmq_peer.DISCONNECTED), 0)


def a_drop_overtakes_what_core_has_not_read(t):
    with Folder() as folder, Known(folder) as known, known.peer() as peer:
        for _ in range(1000):
            peer.send(message(bytes(64000)))
        known.edge.drop(BRIO)
        t.comes("the link is cut although core reads nothing", lambda: peer.count(zmq_peer.DISCONNECTED) >= 1, 2)
        kinds = [kind for kind, _ in known.edge.arrived()]
        t.that("the answer comes behind what had been handed over", kinds.count(DROPPED) == 1, kinds.count(DROPPED))
        t.same("and nothing of the node after it", kinds[kinds.index(DROPPED):].count(RECEIVED), 0)


def frames_of_another_life_are_not_its_own(t):
    with Folder() as folder, Edge(folder, "acme") as edge:
        first_life, public = edge.life, key_pair()[0]
        edge.kill()
        edge.admit(BRIO, public)
        edge.config("tcp://127.0.0.1:0", life=first_life)
        edge.start()
        edge.hello(listen=None)
        t.that("a new life has a new number", edge.life != first_life)
        t.same("what was meant for the old one is not answered", edge.of_kind(READY), [])
        t.same("the new one is", edge.config("tcp://127.0.0.1:0")["listening"], 1)
        for raw in (b"", b"\x00", bytes([ADMIT]) + bytes(5), bytes([DROP]) + bytes(33), bytes([HELLO]) + bytes(40), bytes(MESSAGE_MAX + 4096)):
            if raw:
                edge.sock.send(raw)
        edge.drop(BRIO)
        t.same("frames that do not parse do no harm", edge.expect(DROPPED)["node"], BRIO)
        edge.process.send_signal(signal.SIGTERM)
        t.same("asked to end it ends well", edge.process.wait(10), 0)


def it_can_do_little_else(t):
    with Folder() as folder:
        home = f"{folder}/acme"
        children.make_keys(home)
        os.remove(f"{home}/keys/signing.key")
        with Edge(folder, "acme") as edge:
            children.is_sandboxed(t, edge, "edge")
            libraries = edge.libraries()
            t.that("libzmq is there, so the list means something", "libzmq" in libraries, libraries)
            t.that("no SQLite, no HTTP", not libraries & {"libsqlite3", "libmicrohttpd", "libcurl"}, libraries)
            held = {what.split(":")[0] for fd, what in edge.descriptors().items() if fd > 2}
            t.that("no file is open", held <= {"socket", "anon_inode"}, held)
        os.chmod(f"{home}/keys/transport.key", 0o644)
        child = children.Child([children.program("hansa-edge"), "--home", home], 3, f"{folder}/log")
        with child:
            t.same("a key that others can read is not used", child.process.wait(20), 78)
        child = children.Child([children.program("hansa-edge"), "--home", f"{folder}/none"], 3, f"{folder}/log")
        with child:
            t.same("no home is for a person to mend", child.process.wait(20), 78)


if __name__ == "__main__":
    children.main(two_nodes_talk_both_ways, listening_says_what_it_does, settings_that_fail_open_are_noticed,
                  strangers_get_silence, raw_connections_hold_nothing, sizes_at_the_limit, broken_messages_cut_the_link,
                  a_guest_may_introduce_itself, a_drop_is_at_once, a_silent_link_is_dropped_too,
                  a_dialled_link_is_dropped_too, an_epoch_forgets_what_waits, a_new_key_replaces_the_old,
                  endless_messages_are_bounded, a_core_that_does_not_read_loses_nothing,
                  a_drop_overtakes_what_core_has_not_read, frames_of_another_life_are_not_its_own, it_can_do_little_else)

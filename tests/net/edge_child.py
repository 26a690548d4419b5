# SPDX-License-Identifier: Apache-2.0
"""tests/net/edge_child.py - hansa-edge with us as its core."""
import ctypes
import os
import struct

import children
from children import Child, make_keys, sodium

CONFIG, ADMIT, DROP, SEND, EPOCH = 1, 2, 3, 4, 5
HELLO, READY, UP, RECEIVED, DROPPED, EPOCH_DONE, STRANGER, BROKEN = range(65, 73)
PARTNER, GUEST, HOST = 0, 1, 2
NOT_ONE_FRAME, NOT_ALLOWED, NOT_ENVELOPE = 1, 2, 3
LOCAL = "tcp://127.0.0.1:0"


def key_pair():
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    sodium.crypto_box_keypair(public, secret)
    return public.raw, secret.raw


def node_id(n):
    return bytes([n]) * 32


def message(body=b"", kind=16, magic=b"HNSA"):
    return magic + bytes([1, kind, 1, 0]) + bytes(24) + struct.pack(">I", len(body)) + body


def message_of(size, kind=16):
    return message(bytes(size - 36), kind)


def text(value):
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def parse(raw):
    """(op, fields) of a frame from edge."""
    op, rest = raw[0], raw[1:]
    if op == HELLO:
        return op, {"life": struct.unpack(">Q", rest[:8])[0], "key": rest[8:]}
    if op == READY:
        return op, {"listening": rest[0], "text": rest[3:].decode()}
    if op == STRANGER:
        return op, {"count": struct.unpack(">I", rest)[0]}
    fields = {"node": rest[:32]}
    if op == RECEIVED:
        fields["message"] = rest[32:]
    elif op == EPOCH_DONE:
        fields["epoch"] = struct.unpack(">Q", rest[32:])[0]
    elif op == BROKEN:
        fields["reason"] = rest[32]
    return op, fields


class Edge(Child):
    def __init__(self, folder, name, program="hansa-edge", listen=LOCAL, options=()):
        self.home = os.path.join(folder, name)
        if not os.path.exists(self.home):
            assert make_keys(self.home)[0] == 0
        super().__init__([children.program(program), "--home", self.home, *options], 3, os.path.join(folder, name + ".log"))
        self.kept = []
        self.hello(listen)

    def hello(self, listen=LOCAL):
        got = self.expect(HELLO, 20)
        self.life, self.key = got["life"], got["key"]
        self.ready = self.config(listen) if listen else None
        self.endpoint = self.ready["text"] if self.ready and self.ready["listening"] else None

    def tell(self, op, payload=b""):
        self.sock.send(bytes([op]) + payload)

    def config(self, listen, life=None):
        self.tell(CONFIG, struct.pack(">Q", self.life if life is None else life) + text(listen))
        return self.expect(READY) if life is None else None

    def admit(self, node, key, role=PARTNER, secret=bytes(32), endpoint="", former=bytes(32)):
        self.tell(ADMIT, node + bytes([role]) + key + former + secret + bytes([bool(endpoint)]) + text(endpoint))

    def settle(self):
        """Everything told so far has been done: frames are handled in order, and this one is answered."""
        self.config(self.endpoint)

    def drop(self, node):
        self.tell(DROP, node)

    def send(self, node, raw):
        self.tell(SEND, node + raw)

    def next(self, seconds=10.0):
        self.sock.settimeout(seconds)
        return parse(self.sock.recv(1 << 17))

    def expect(self, op, seconds=10.0, node=None):
        """The first frame of this kind (and node); others are kept for later."""
        for i, (kind, fields) in enumerate(self.kept):
            if kind == op and node in (None, fields.get("node")):
                del self.kept[i]
                return fields
        while True:
            kind, fields = self.next(seconds)
            if kind == op and node in (None, fields.get("node")):
                return fields
            self.kept.append((kind, fields))

    def arrived(self, seconds=0.3):
        """Everything that has come, after nothing more came for a while."""
        try:
            while True:
                self.kept.append(self.next(seconds))
        except (TimeoutError, BlockingIOError):
            pass
        got, self.kept = self.kept, []
        return got

    def of_kind(self, op, seconds=0.3):
        return [fields for kind, fields in self.arrived(seconds) if kind == op]

    def rests(self):
        """A condition to wait for: it has used no processor time in twenty looks."""
        seen = []

        def condition():
            seen.append(self.proc("stat").rsplit(")", 1)[1].split()[11:13])
            return len(seen) > 20 and seen[-1] == seen[-20]
        return condition

    def resident_kib(self):
        return int(self.proc("status").split("VmRSS:")[1].split()[0])

# SPDX-License-Identifier: Apache-2.0
"""tests/net/curve_peer.py - ZMTP 3.1 with CURVE (RFC 23, 26) by hand, for what libzmq would never send."""
import ctypes
import os
import socket
import struct

from children import sodium
from edge_child import key_pair


def box(plain, nonce, theirs, ours):
    out = ctypes.create_string_buffer(len(plain) + 16)
    assert len(nonce) == 24 and sodium.crypto_box_easy(out, plain, ctypes.c_ulonglong(len(plain)), nonce, theirs, ours) == 0
    return out.raw


def unbox(sealed, nonce, theirs, ours):
    out = ctypes.create_string_buffer(max(len(sealed) - 16, 1))
    assert sodium.crypto_box_open_easy(out, sealed, ctypes.c_ulonglong(len(sealed)), nonce, theirs, ours) == 0
    return out.raw[:len(sealed) - 16]


def frame(body, command=False):
    kind = 4 if command else 0
    return (bytes([kind, len(body)]) if len(body) < 256 else bytes([kind | 2]) + struct.pack(">Q", len(body))) + body


def greeting(mechanism=b"CURVE"):
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


class CurvePeer:
    """One TCP connection. shake() gives True when the server said READY."""

    def __init__(self, endpoint, server, public, secret):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.sock = socket.create_connection((host, int(port)))
        self.sock.settimeout(10)
        self.server, self.public, self.secret = server, public, secret
        self.short = 0

    def nonce(self):
        self.short += 1
        return struct.pack(">Q", self.short)

    def exactly(self, size):
        raw = b""
        while len(raw) < size:
            part = self.sock.recv(size - len(raw))
            if not part:
                raise ConnectionError("closed")
            raw += part
        return raw

    def command(self):
        flags, size = self.exactly(2)
        if flags & 2:
            size = struct.unpack(">Q", bytes([size]) + self.exactly(7))[0]
        return self.exactly(size)

    def shake(self):
        self.sock.sendall(greeting())
        self.exactly(64)
        brief_public, brief_secret = key_pair()
        nonce = self.nonce()
        hello = box(bytes(64), b"CurveZMQHELLO---" + nonce, self.server, brief_secret)
        self.sock.sendall(frame(b"\x05HELLO\x01\x00" + bytes(72) + brief_public + nonce + hello, True))
        welcome = self.command()
        opened = unbox(welcome[24:], b"WELCOME-" + welcome[8:24], self.server, brief_secret)
        self.brief_server, cookie, self.brief_secret = opened[:32], opened[32:], brief_secret
        vouch_nonce, nonce = os.urandom(16), self.nonce()
        vouch = box(brief_public + self.server, b"VOUCH---" + vouch_nonce, self.brief_server, self.secret)
        metadata = b"\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"
        sealed = box(self.public + vouch_nonce + vouch + metadata, b"CurveZMQINITIATE" + nonce, self.brief_server, brief_secret)
        self.sock.sendall(frame(b"\x08INITIATE" + cookie + nonce + sealed, True))
        return self.command().startswith(b"\x05READY")

    def part(self, payload, more=False):
        """The bytes of one part of a message."""
        nonce = self.nonce()
        sealed = box(bytes([more]) + payload, b"CurveZMQMESSAGEC" + nonce, self.brief_server, self.brief_secret)
        return frame(b"\x07MESSAGE" + nonce + sealed)

    def send(self, payload, more=False):
        self.sock.sendall(self.part(payload, more))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

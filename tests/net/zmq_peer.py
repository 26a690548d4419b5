# SPDX-License-Identifier: Apache-2.0
"""tests/net/zmq_peer.py - a partner that does what no node of ours would: libzmq by hand."""
import ctypes
import itertools
import struct

zmq = ctypes.CDLL("libzmq.so.5", use_errno=True)
zmq.zmq_ctx_new.restype = zmq.zmq_socket.restype = ctypes.c_void_p
for name in ("zmq_socket", "zmq_close", "zmq_setsockopt", "zmq_connect", "zmq_send", "zmq_recv", "zmq_socket_monitor"):
    getattr(zmq, name).argtypes = {
        "zmq_socket": [ctypes.c_void_p, ctypes.c_int],
        "zmq_close": [ctypes.c_void_p],
        "zmq_setsockopt": [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t],
        "zmq_connect": [ctypes.c_void_p, ctypes.c_char_p],
        "zmq_send": [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int],
        "zmq_recv": [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int],
        "zmq_socket_monitor": [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int],
    }[name]

PAIR, DEALER = 0, 5
ROUTING_ID, LINGER, SNDHWM, RCVHWM, RCVTIMEO, SNDTIMEO, RECONNECT_IVL = 5, 17, 23, 24, 27, 28, 18
CURVE_PUBLICKEY, CURVE_SECRETKEY, CURVE_SERVERKEY, HANDSHAKE_IVL = 48, 49, 50, 66
SNDMORE, DONTWAIT = 2, 1
CONNECTED, DISCONNECTED, SUCCEEDED, FAILED_AUTH = 0x1, 0x200, 0x1000, 0x4000
FAILED = 0x800 | 0x2000 | FAILED_AUTH

CONTEXT = zmq.zmq_ctx_new()
numbers = itertools.count()


class Peer:
    """A DEALER; keys are 32 raw bytes, or None for a peer without encryption."""

    def __init__(self, endpoint, server=None, public=None, secret=None, routing_id=None, receive_mark=1000):
        self.socket = zmq.zmq_socket(CONTEXT, DEALER)
        self._int(LINGER, 0)
        self._int(SNDTIMEO, 10000)
        self._int(RECONNECT_IVL, 50)
        self._int(SNDHWM, 0)
        self._int(RCVHWM, receive_mark)
        for option, value in ((CURVE_SERVERKEY, server), (CURVE_PUBLICKEY, public), (CURVE_SECRETKEY, secret),
                              (ROUTING_ID, routing_id)):
            if value is not None:
                assert zmq.zmq_setsockopt(self.socket, option, value, len(value)) == 0
        address = f"inproc://peer-{next(numbers)}".encode()
        assert zmq.zmq_socket_monitor(self.socket, address, CONNECTED | DISCONNECTED | SUCCEEDED | FAILED) == 0
        self.monitor = zmq.zmq_socket(CONTEXT, PAIR)
        zmq.zmq_setsockopt(self.monitor, RCVHWM, bytes(4), 4)
        assert zmq.zmq_connect(self.monitor, address) == 0
        self.seen = []
        assert zmq.zmq_connect(self.socket, endpoint.encode()) == 0

    def _int(self, option, value):
        raw = struct.pack("=i", value)
        assert zmq.zmq_setsockopt(self.socket, option, raw, len(raw)) == 0

    def send(self, *parts, more=False):
        for i, part in enumerate(parts):
            flags = SNDMORE if more or i + 1 < len(parts) else 0
            assert zmq.zmq_send(self.socket, part, len(part), flags) >= 0, ctypes.get_errno()

    def receive(self, seconds=5.0):
        """One part, or None when none comes in time."""
        self._int(RCVTIMEO, int(seconds * 1000))
        buf = ctypes.create_string_buffer(1 << 17)
        n = zmq.zmq_recv(self.socket, buf, len(buf), 0)
        return buf.raw[:n] if n >= 0 else None

    def events(self):
        """All events so far, as a list of numbers."""
        buf = ctypes.create_string_buffer(512)
        while zmq.zmq_recv(self.monitor, buf, len(buf), DONTWAIT) >= 0:
            self.seen.append(struct.unpack("=H", buf.raw[:2])[0])
            zmq.zmq_recv(self.monitor, buf, len(buf), DONTWAIT)
        return self.seen

    def count(self, event):
        return self.events().count(event)

    def close(self):
        zmq.zmq_socket_monitor(self.socket, None, 0)  # else libzmq's thread waits for the reader for ever
        zmq.zmq_close(self.socket)
        zmq.zmq_close(self.monitor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

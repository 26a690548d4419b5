# SPDX-License-Identifier: Apache-2.0
"""tests/net/measure.py - what the benchmarks in tests/bench have in common: a client that costs little, what processes used, and
a file of people."""
import http.client
import json
import os
import socket

TICK = os.sysconf("SC_CLK_TCK")


class Api(http.client.HTTPConnection):
    """The API over the node's unix socket, kept open."""

    def __init__(self, node):
        super().__init__("localhost", timeout=60)
        self.path = node.home + "/api.sock"

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        self.request(method, path, json.dumps(body) if body is not None else None,
                     {"Content-Type": "application/json"} if body is not None else {})
        return json.load(self.getresponse())


def processes(nodes):
    return [pid for node in nodes for pid in node.pids().values()]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def peak_mib(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            total += next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
    return total / 1024


def people(path, count, columns="", values=""):
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"First Name,Last Name,Email,Phone,Company,Job Title{columns}\n")
        for n in range(count):
            f.write(f"Maximiliane{n % 977},Guest-Number-{n},guest.number.{n}@department{n % 97}.customer-company.example.org,"
                    f"+49 40 {n:08d},Customer Company {n % 997} International Trading GmbH & Co. KG,"
                    f"Head of the Department for Purchasing and Logistics no. {n % 31} and deputy managing director{values}\n")

# SPDX-License-Identifier: Apache-2.0
"""protobuf for Hansa: the strict pre-scan, a decoder and an encoder.

Written from docs/protocol/README.md ("Pre-scan") and docs/protocol/messages.md, whose tables are
read from the page itself. Shares no code with the node. Messages are dicts: field name -> int, bool,
bytes, str, dict, or a list of these for a repeated field; absent optional fields are missing keys.
"""
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "protocol"
DEPTH_MAX = 5
FIELDS_MAX = 16384
BODY_MAX = 65500
VALUES_MAX = 32768
SEAL_PAD, SEAL_TAG = 256, 16
LEASE_MS_MAX = 24 * 3600 * 1000
VARINT, LENGTH = 0, 2
SCALARS = {"uint32": 2**32 - 1, "uint64": 2**64 - 1, "bool": 1}


class Refused(Exception):
    """Something that a node must not take. status is a name of the status table."""

    def __init__(self, status, why, link=None):
        super().__init__(f"{status}: {why}")
        self.status, self.why, self.link = status, why, link


def malformed(why):
    return Refused("MALFORMED", why)


class Spec:
    """One row of a table: what a field may hold and how often."""

    def __init__(self, cells):
        self.name, self.type = cells[1], cells[2]
        low, _, high = cells[3].partition("..")
        self.least, self.most = int(low), int(high or low)
        size, _, unit = cells[4].partition(" x ")
        self.unit = int(unit or 1)
        low, dots, high = size.partition("..")
        unlimited = SCALARS.get(self.type, 0)
        self.low = int(low or 0)
        self.high = int(high or (unlimited if dots or not low else low))
        self.rule = cells[5]

    @property
    def is_repeated(self):
        return self.most > 1


def read_tables(text):
    tables, sizes = {}, {}
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        rows = re.findall(r"^\| (\d+) \|(.*)\|$", part, flags=re.M)
        heading = part.split("\n")[0]
        name = re.match(r"\w+", heading)[0]
        size = re.search(r"at most (\d+) bytes", heading)
        sizes[name] = int(size[1]) if size else BODY_MAX
        tables[name] = {
            int(number): Spec([number] + [cell.strip() for cell in rest.split("|")]) for number, rest in rows
        }
    return tables, sizes


TABLES, SIZES = read_tables((DOCS / "messages.md").read_text())


# ---- encoding ------------------------------------------------------------------------------------


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes([n])


def tag(number, wire_type):
    return varint(number << 3 | wire_type)


def encode_one(number, spec, value):
    if spec.type in SCALARS:
        return tag(number, VARINT) + varint(int(value))
    if spec.type == "string":
        value = value.encode()
    elif spec.type != "bytes":
        value = encode(spec.type, value)
    return tag(number, LENGTH) + varint(len(value)) + value


def encode(message, fields):
    """Deterministic bytes. Checks nothing: tests need broken messages too."""
    out = b""
    unknown = set(fields) - {spec.name for spec in TABLES[message].values()}
    assert not unknown, f"{message} has no {unknown}"
    for number, spec in sorted(TABLES[message].items()):
        if spec.name in fields:
            value = fields[spec.name]
            for one in value if spec.is_repeated else [value]:
                out += encode_one(number, spec, one)
    return out


# ---- decoding ------------------------------------------------------------------------------------


class Cursor:
    def __init__(self, raw):
        self.raw, self.pos = raw, 0

    def is_done(self):
        return self.pos == len(self.raw)

    def take(self, count):
        if count > len(self.raw) - self.pos:
            raise malformed("cut short")
        self.pos += count
        return self.raw[self.pos - count : self.pos]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > 63:
                raise malformed("varint of more than ten bytes")
        if (byte == 0 and shift > 0) or value >= 2**64:
            raise malformed("varint not minimal or over 64 bits")
        return value


def check_text(raw):
    try:
        text = raw.decode("utf-8")  # Python's decoder is RFC 3629: no surrogates, no long forms
    except UnicodeDecodeError as error:
        raise malformed("not UTF-8") from error
    if any((c < " " and c not in "\t\n") or c == "\x7f" for c in text):
        raise malformed("control character in a text")
    return text


def check_size(spec, size):
    if size % spec.unit != 0 or not spec.low <= size // spec.unit <= spec.high:
        raise malformed(f"{spec.name}: {size} bytes")


def decode_scalar(spec, value):
    if not (spec.low <= value <= spec.high and value <= SCALARS[spec.type]):
        raise malformed(f"{spec.name}: {value} out of range")
    return bool(value) if spec.type == "bool" else value


def decode_length(spec, raw, depth, budget):
    if spec.type not in ("bytes", "string"):
        return decode_body(spec.type, raw, depth + 1, budget)
    check_size(spec, len(raw))
    return raw if spec.type == "bytes" else check_text(raw)


def decode_field(cursor, message, depth, budget):
    key = cursor.varint()
    if key >= 2**32:
        raise malformed("tag over 32 bits")
    number, wire_type = key >> 3, key & 7
    spec = TABLES[message].get(number)
    if spec is None:
        raise malformed(f"{message} has no field {number}")
    if wire_type != (VARINT if spec.type in SCALARS else LENGTH):
        raise malformed(f"{spec.name}: wire type {wire_type}")
    budget[0] -= 1
    if budget[0] < 0:
        raise malformed("too many fields")
    if wire_type == VARINT:
        return number, spec, decode_scalar(spec, cursor.varint())
    return number, spec, decode_length(spec, cursor.take(cursor.varint()), depth, budget)


def decode_body(message, raw, depth, budget):
    if depth > DEPTH_MAX:
        raise malformed("nested too deep")
    cursor, last, out, counts = Cursor(raw), 0, {}, {}
    while not cursor.is_done():
        number, spec, value = decode_field(cursor, message, depth, budget)
        counts[number] = counts.get(number, 0) + 1
        if number < last or counts[number] > spec.most:
            raise malformed(f"{spec.name}: out of order or too often")
        last = number
        if spec.is_repeated:
            out.setdefault(spec.name, []).append(value)
        else:
            out[spec.name] = value
    for number, spec in TABLES[message].items():
        if counts.get(number, 0) < spec.least:
            raise malformed(f"{message} without {spec.name}")
        if spec.is_repeated:
            out.setdefault(spec.name, [])
        elif spec.least == 0 and spec.name in out and out[spec.name] in (False, b"", ""):
            raise malformed(f"{spec.name}: says its default")
    RULES.get(message, lambda _: None)(out)
    return out


def decode(message, raw):
    """The message, or Refused: every rule of the pre-scan and of messages.md holds."""
    if len(raw) > SIZES[message]:
        raise Refused("TOO_BIG", message)
    return decode_body(message, raw, 1, [FIELDS_MAX])


# ---- the last column: rules that sizes and counts cannot say ----------------------------------------


def check_ascending(name, keys):
    if any(a >= b for a, b in zip(keys, keys[1:])):
        raise malformed(f"{name}: not ascending")


def check_country(code):
    if not re.fullmatch("[A-Z]{2}", code):
        raise malformed("country is not two letters")


def text_key(text):
    return (text or "").encode()


def grant_field_key(f):
    return (text_key(f.get("type_space")), f["type"], text_key(f.get("space")), f["number"])


def field_key(f):
    return (text_key(f.get("space")), f["number"])


def check_descriptor(d):
    check_country(d["country"])
    if any(d["audience"]):
        raise malformed("audience: a descriptor is for anyone")
    if (d["serial"] == 1) != ("previous" not in d):
        raise malformed("previous: absent exactly in serial 1")
    if d["not_after_ms"] <= d["not_before_ms"]:
        raise malformed("validity ends before it starts")
    if d.get("refused_below", 0) > d["serial"]:
        raise malformed("refused_below: its own key")


def check_grant(g):
    for country in g["country"]:
        check_country(country)
    check_ascending("record", g["record"])
    check_ascending("field", [grant_field_key(f) for f in g["field"]])
    check_ascending("purpose", [p.encode() for p in g["purpose"]])
    check_ascending("country", g["country"])
    if bool(g["record"]) + ("tree" in g) + ("segment" in g) != 1:
        raise malformed("not exactly one selector")


def check_terms(t):
    check_ascending("want", [grant_field_key(f) for f in t["want"]])


def check_verdict(v):
    check_ascending("row", [row["record"] for row in v["row"]])
    if any(row["taken"] == bool(row["reason"]) for row in v["row"]):
        raise malformed("a reason exactly when a row is not taken")


def check_ask(a):
    check_ascending("row", [row["record"] for row in a["row"]])
    for row in a["row"]:
        check_ascending("field", [grant_field_key(f) for f in row["field"]])


def check_proposal(p):
    check_ascending("field", [field_key(f) for f in p["field"]])
    if any("salt" in f for f in p["field"]):
        raise malformed("a proposed value has no salt")


def check_sealed(s):
    check_ascending("handle", s["handle"])
    check_ascending("gone", s["gone"])


def check_sealed_body(b):
    if len(b["box"]) % SEAL_PAD != SEAL_TAG:
        raise malformed("box of an odd length")


def check_sealed_receipt(r):
    if r["have"] > r["seen"]:
        raise malformed("has what it has not seen")


def check_receipt(r):
    check_ascending("record", r["record"])
    refused = r["state"] == 4
    if refused != (r["basis"] != "") or (refused and r["reason"] == ""):
        raise malformed("refused without a reason, or a basis for what was not refused")
    if r["state"] < 3 and r["reason"] != "":
        raise malformed("a reason for what was not taken back")
    if r["record"] and r["count"] > len(r["record"]):
        raise malformed("counts more than it names")
def check_light_offer(o):
    check_ascending("column", [grant_field_key(f) for f in o["column"]])


def check_head(h):
    check_ascending("revoked", h["revoked"])
    if any(h["audience"]):
        raise malformed("a head is for anyone")
    if not 0 < h["expires_ms"] - h["issued_ms"] <= LEASE_MS_MAX:
        raise malformed("a lease of no length, or too long")


def check_void(v):
    if v["last"] < v["first"]:
        raise malformed("void range backwards")


def check_disclosure(d):
    check_ascending("field", [field_key(f) for f in d["field"]])
    hashes = d.get("withheld", b"")
    check_ascending("withheld", [hashes[i : i + 32] for i in range(0, len(hashes), 32)])
    if sum(len(f["value"]) for f in d["field"]) > VALUES_MAX:
        raise malformed("values too big together")


def check_scope_range(r):
    if r["prefix"] >= 16 ** r["depth"]:
        raise malformed("a prefix longer than its digits")
    if len(r["part"]) not in (0, 16) or (r.get("listed") and r["part"]) or (r["entry"] and not r.get("listed")):
        raise malformed("neither parts nor a list")
    for entry in r["entry"]:
        if int.from_bytes(entry["record"][:6], "big") >> (4 * (12 - r["depth"])) != r["prefix"]:
            raise malformed("an entry outside its range")
    check_ascending("entry", [entry["record"] for entry in r["entry"]])


RULES = {
    "ScopeRange": check_scope_range,
    "Descriptor": check_descriptor,
    "Grant": check_grant,
    "Terms": check_terms,
    "Verdict": check_verdict,
    "Ask": check_ask,
    "Proposal": check_proposal,
    "Withdrawal": lambda w: check_ascending("row", [row["record"] for row in w["row"]]),
    "Sealed": check_sealed,
    "SealedBody": check_sealed_body,
    "SealedReceipt": check_sealed_receipt,
    "Receipt": check_receipt,
    "Head": check_head,
    "LightOffer": check_light_offer,
    "Answer": lambda a: check_ascending("declined", [d["record"] for d in a["declined"]]),
    "Void": check_void,
    "Disclosure": check_disclosure,
    "Hello": lambda h: check_ascending("stream", [s["stream"] for s in h["stream"]]),
    "Ack": lambda a: check_ascending("stream", [s["stream"] for s in a["stream"]]),
}

# SPDX-License-Identifier: Apache-2.0
"""The worked examples of docs/protocol/vectors.md and sealed.md: text between <!-- NAME --> and <!-- end -->."""
import re

import hansa_ref as ref
import make_sealed
import sealing
from wire_ref import DOCS, LENGTH, TABLES, Cursor, encode
from make_messages import HELLO
from make_sharing import make_batch, make_revision
from world import ACME, BRIO, CEDAR, EVENT, NOW, child_grant, fields_of, root_grant, seal_grant

BYTES_A_LINE = 32


def lines_of(raw, note, indent=0):
    """Hex, 32 bytes a line, the note behind the first."""
    rows = [raw[i : i + BYTES_A_LINE].hex() for i in range(0, len(raw), BYTES_A_LINE)] or [""]
    pad = " " * indent
    first = f"{pad}{rows[0]}  {note}" if note else pad + rows[0]
    return [first.rstrip()] + [pad + row for row in rows[1:]]


def annotated(message, raw, indent=0):
    """Every field on lines of its own: tag and length, then the value."""
    cursor, out = Cursor(raw), []
    while not cursor.is_done():
        start = cursor.pos
        key = cursor.varint()
        spec = TABLES[message][key >> 3]
        size = cursor.varint()
        head = raw[start : cursor.pos]
        if key & 7 != LENGTH:
            out += lines_of(head, f"{spec.name} = {size}", indent)
            continue
        value = cursor.take(size)
        out += lines_of(head, f"{spec.name}, {spec.type}, {size} bytes", indent)
        if spec.type in TABLES:
            out += annotated(spec.type, value, indent + 2)
        else:
            text = ascii(value.decode()) if spec.type == "string" else ""
            out += lines_of(value, text, indent + 2)
    return out


FIELDS = [
    {"number": 1, "value": b"Launch"},
    {"number": 2, "value": (NOW).to_bytes(8, "big") + b"Asia/Shanghai"},
    {"number": 1, "space": ref.base32(ACME.node), "value": b"VIP"},
]
ITEM = make_revision("event", FIELDS)


def example_revision():
    hidden = ITEM["secret"]
    salts = ref.salts(hidden, 8)
    hashes = ref.commitments(hidden, FIELDS)
    run = make_batch([ITEM])(0, 1)
    leaf = ref.leaf(ref.B(ITEM["revision"]))
    out = [f"owner      {ACME.node.hex()}", f"secret     {hidden.hex()}"]
    for i, field in enumerate(FIELDS):
        out.append(
            f"field {i}    space \"{field.get('space', '')}\" number {field['number']} value {field['value'].hex()}"
        )
    for k in range(2):
        out.append(f"S_{k}        {b''.join(salts[4 * k : 4 * k + 4]).hex()}")
    for i, one in enumerate(hashes):
        kind = "field" if i < len(FIELDS) else "pad"
        out.append(f"c_{i}        {one.hex()}  {kind}, salt {salts[i].hex()}")
    out.append(f"root       {ref.root_of(hashes).hex()}  over the eight in ascending order")
    out += ["", f"Revision, {len(ITEM['revision'])} bytes:"] + annotated("Revision", ITEM["revision"])
    out += [
        "",
        f"revision id  {ref.B(ITEM['revision']).hex()}",
        f"record id    {EVENT.hex()}",
        "",
        "alone in a batch:",
        f"leaf = merkle root  {leaf.hex()}",
        f"signed bytes        {ref.signed_bytes('batch', ref.batch_body(ACME.node, 1, leaf)).hex()}",
        f"signing key         {ACME.key.hex()}",
        f"signature           {run['signature'].hex()}",
    ]
    return out


def example_disclosure():
    shown = ref.narrow(ITEM, [False, True, False])
    raw = encode("Disclosure", shown)
    return [f"Disclosure, {len(raw)} bytes:"] + annotated("Disclosure", raw)


def example_chain():
    root = root_grant(field=fields_of((3, 1), (3, 2)), depth=1, purpose=["event"])
    link = child_grant(root, CEDAR, field=fields_of((3, 1)), actions=1)
    out = []
    for name, grant, firm in (("root: Acme to Brio", root, ACME), ("link: Brio to Cedar", link, BRIO)):
        body, signed = encode("Grant", grant), seal_grant(grant)
        out += [f"{name}, Grant, {len(body)} bytes:"] + annotated("Grant", body)
        out += [
            f"grant id     {ref.B(body).hex()}",
            f"signed bytes {ref.signed_bytes('grant', body)[:18].hex()}... (tag and length, then the body)",
            f"signing key  {firm.key.hex()}",
            f"signature    {signed[-64:].hex()}",
            "",
        ]
    companies = {f.node: ref.Company(f.key, f.country) for f in (ACME, BRIO, CEDAR)}
    chain = ref.verify_chain([seal_grant(root), seal_grant(link)], companies, set(), NOW)
    for number, expected in ((1, "NONE"), (2, "FIELD")):
        record = {"id": EVENT, "owner": ACME.node, "type": 3, "segments": []}
        stop, at = ref.decide(chain, CEDAR.node, record, {"number": number}, NOW)
        assert stop == expected
        answer = "yes" if stop == "NONE" else f"no, {stop} of link {at}"
        out.append(f"may Cedar get field {number} of event {EVENT.hex()[:16]}...? {answer}")
    return out


def example_envelope():
    body = encode("Hello", HELLO)
    raw = ref.format_envelope(
        {"kind": 1, "stream": 0, "session": 0, "incarnation": 0, "sequence": 0, "body": body}
    )
    out, at = [], 0
    parts = [
        (4, "magic HNSA"),
        (1, "version 1"),
        (1, "kind 1, Hello"),
        (1, "stream 0, session"),
        (1, "zero"),
        (8, "session, 0 in a Hello"),
        (4, "incarnation"),
        (8, "sequence number"),
        (4, "zero"),
        (4, f"length of the body, {len(body)}"),
    ]
    for size, note in parts:
        out.append(f"{raw[at : at + size].hex():16}  {note}")
        at += size
    return out + ["", "body:"] + annotated("Hello", body)


def example_sealed():
    """Cedar's answer to Acme: every number from the secrets to the body of the message."""
    body = encode("SignedBody", {"object": make_sealed.answer_of(CEDAR, ACME)})
    plain = ref.seal_plain(make_sealed.INNER_ANSWER, body)
    header, box = make_sealed.close(plain, handle=[], gone=[])
    raw = encode("Sealed", header)
    signature = ref.sign("sealed", CEDAR.sign_seed, raw)
    sealed_body = encode("SealedBody", {"header": {"body": raw, "signature": signature}, "box": box})
    public = sealing.public_key(make_sealed.SEALING_SECRET)
    ephemeral = make_sealed.WRAPPED[:32]
    assert ref.seal_open(ref.unwrap(make_sealed.SEALING_SECRET, header["key"]), header, box) == (17, body)
    out = [
        f"sealing secret   {make_sealed.SEALING_SECRET.hex()}  Acme's",
        f"sealing key      {public.hex()}",
        f"content key      {make_sealed.CONTENT_KEY.hex()}",
        f"e                {make_sealed.EPHEMERAL.hex()}",
        f"E                {ephemeral.hex()}",
        f"shared secret    {sealing.x25519(make_sealed.EPHEMERAL, public).hex()}",
        f"k                {sealing.box_key(make_sealed.EPHEMERAL, public).hex()}",
        f"n                {sealing.box_nonce(ephemeral, public).hex()}",
        f"a                {ref.seal_bound(header).hex()}",
        "",
        f"plain, {len(plain)} bytes: kind {plain[0]}, length {len(body)}, a SignedBody, "
        f"{len(plain) - len(body) - ref.SEAL_HEAD} zeros:",
        *lines_of(plain, ""),
        "",
        f"box, {len(box)} bytes, the tag at its end:",
        *lines_of(box, ""),
        "",
        f"Sealed, {len(raw)} bytes:",
        *annotated("Sealed", raw),
        "",
        f"signing key      {CEDAR.key.hex()}",
        f"signature        {signature.hex()}",
        f"SealedBody       {len(sealed_body)} bytes, B of them {ref.B(sealed_body).hex()}",
    ]
    return out


EXAMPLES = {
    "vectors.md": {
        "revision": example_revision,
        "disclosure": example_disclosure,
        "chain": example_chain,
        "envelope": example_envelope,
    },
    "sealed.md": {"sealed": example_sealed},
}


def pages_with_examples():
    """(path, text) of every page that has some."""
    for page, examples in EXAMPLES.items():
        yield DOCS / page, page_with_examples(DOCS / page, examples)


def page_with_examples(path, examples):
    text = path.read_text(encoding="utf-8")
    for name, make in examples.items():
        block = "\n".join(make())
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, count = re.subn(pattern, lambda m: f"{m[1]}```text\n{block}\n```\n{m[2]}", text, flags=re.S)
        assert count == 1, name
    return text

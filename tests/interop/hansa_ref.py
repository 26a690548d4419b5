# SPDX-License-Identifier: Apache-2.0
"""A second implementation of the Hansa protocol, written from docs/protocol/ alone.

It shares no code with the node and is kept small enough to be read beside the documents; sections
below carry the names of their headings. Bytes are `bytes`, messages are dicts (wire_ref.py), and what a
node must not take raises Refused with the name of the status.
"""
import base64
import hashlib
import re
import unicodedata

import dictionary_ref as dictionary
import ed25519
import sealing
from wire_ref import (
    DOCS,
    SEAL_PAD,
    SEAL_TAG,
    Refused,
    check_ascending,
    decode,
    field_key,
    grant_field_key,
    malformed,
)

WORDS = (DOCS.parents[1] / "schema/lang/words.txt").read_text().split()
ALL_ACTIONS, READ, CONTRIBUTE, PASS_ON = 15, 1, 2, 8
DEPTH_MAX, CHAIN_MAX = 3, 4
TOLERANCE_MS = 300_000


def u8(n):
    return n.to_bytes(1, "big")


def u32(n):
    return n.to_bytes(4, "big")


def u64(n):
    return n.to_bytes(8, "big")


# ---- objects.md: hash and domain ---------------------------------------------------------------------


def B(x):
    return hashlib.blake2b(x, digest_size=32).digest()


def H(tag, x):
    return B(u8(len(tag)) + tag.encode() + x)


def record_id(space, type_number, owner, nonce):
    return H("hansa/1/record", u8(len(space)) + space + u32(type_number) + owner + nonce)


def revision_record_id(revision):
    space = revision.get("type_space", "").encode()
    return record_id(space, revision["type"], revision["owner"], revision["nonce"])


def profile_id(text):
    return H("hansa/1/profile", text.encode())


# ---- objects.md: signatures --------------------------------------------------------------------------

TAGS = {
    "descriptor": "hansa/1/descriptor",
    "batch": "hansa/1/batch",
    "grant": "hansa/1/grant",
    "offer": "hansa/1/offer",
    "answer": "hansa/1/answer",
    "passon": "hansa/1/passon",
    "passon_ack": "hansa/1/passon-ack",
    "revocation": "hansa/1/revocation",
    "void": "hansa/1/void",
    "verdict": "hansa/1/verdict",
    "ask": "hansa/1/ask",
    "proposal": "hansa/1/proposal",
    "proposal_answer": "hansa/1/proposal-answer",
    "sealed": "hansa/1/sealed",
    "sealed_receipt": "hansa/1/sealed-receipt",
    "receipt": "hansa/1/receipt",
    "head": "hansa/1/head",
    "withdrawal": "hansa/1/withdrawal",
    "light_offer": "hansa/1/light-offer",
}
MESSAGE_OF = {
    "descriptor": "Descriptor",
    "grant": "Grant",
    "offer": "Offer",
    "answer": "Answer",
    "passon": "PassOn",
    "passon_ack": "PassOnAck",
    "revocation": "Revocation",
    "void": "Void",
    "verdict": "Verdict",
    "ask": "Ask",
    "proposal": "Proposal",
    "proposal_answer": "ProposalAnswer",
    "sealed": "Sealed",
    "sealed_receipt": "SealedReceipt",
    "receipt": "Receipt",
    "head": "Head",
    "withdrawal": "Withdrawal",
    "light_offer": "LightOffer",
}


def signed_bytes(kind, body):
    tag = TAGS[kind].encode()
    return u8(len(tag)) + tag + u32(len(body)) + body


def sign(kind, seed, body):
    return ed25519.sign(seed, signed_bytes(kind, body))


def check_signature(kind, key, body, signature):
    if not ed25519.verify(key, signed_bytes(kind, body), signature):
        raise Refused("BAD_SIGNATURE", f"{kind} does not verify")


def open_signed(kind, key, signed):
    """Signed bytes -> (id, message): verified first, then decoded."""
    outer = decode("Signed", signed)
    check_signature(kind, key, outer["body"], outer["signature"])
    return B(outer["body"]), decode(MESSAGE_OF[kind], outer["body"])


def open_addressed(kind, signed, me, companies):
    """An object with author and audience as it arrives at me."""
    outer = decode("Signed", signed)
    message = decode(MESSAGE_OF[kind], outer["body"])
    if kind != "revocation" and message["audience"] != me:
        raise Refused("WRONG_AUDIENCE", "for somebody else")
    check_signature(kind, find_company(companies, message["author"]).key, outer["body"], outer["signature"])
    return B(outer["body"])


def open_descriptor(signed, now):
    """A descriptor carries its own key, so it is decoded to be verified, and believed only after."""
    outer = decode("Signed", signed)
    descriptor = decode("Descriptor", outer["body"])
    check_signature("descriptor", descriptor["root_key"], outer["body"], outer["signature"])
    if now < descriptor["not_before_ms"] - TOLERANCE_MS:
        raise Refused("NOT_YET", "descriptor")
    if now >= descriptor["not_after_ms"] + TOLERANCE_MS:
        raise Refused("EXPIRED", "descriptor")
    return B(descriptor["root_key"]), descriptor


# ---- objects.md: commitments -------------------------------------------------------------------------


def salts(secret, count):
    blocks = (
        hashlib.blake2b(b"hansa/1/salts" + u32(k), key=secret).digest() for k in range((count + 3) // 4)
    )
    stream = b"".join(blocks)
    return [stream[16 * i : 16 * i + 16] for i in range(count)]


def padded(count):
    return max(8, (count + 7) // 8 * 8)


def commit_field(salt, field):
    space = field.get("space", "").encode()
    number = u32(field["number"])
    return H("hansa/1/field", salt + u8(len(space)) + space + number + field["value"])


def commitments(secret, fields):
    """All N of them, fields first, unsorted."""
    salt = salts(secret, padded(len(fields)))
    out = [commit_field(salt[i], f) for i, f in enumerate(fields)]
    return out + [H("hansa/1/pad", s) for s in salt[len(fields) :]]


def root_of(hashes):
    return H("hansa/1/commitments", b"".join(sorted(hashes)))


def commitment_root(secret, fields):
    return root_of(commitments(secret, fields))


def split(raw):
    return [raw[i : i + 32] for i in range(0, len(raw), 32)]


def open_disclosure(shown, root):
    """Does it open the root? shown: secret?, field[], withheld?"""
    fields, withheld = shown["field"], split(shown.get("withheld", b""))
    check_ascending("field", [field_key(f) for f in fields])
    if len(fields) > 120:
        raise malformed("more than 120 fields")
    if "secret" in shown:
        if withheld or any("salt" in f for f in fields):
            raise malformed("a full disclosure has neither salts nor withheld")
        hashes = commitments(shown["secret"], fields)
    else:
        if any("salt" not in f for f in fields):
            raise malformed("a salt is missing")
        check_ascending("withheld", withheld)
        hashes = [commit_field(f["salt"], f) for f in fields] + withheld
    if len(hashes) % 8 != 0 or not 8 <= len(hashes) <= 128 or len(set(hashes)) != len(hashes):
        raise malformed("wrong total of commitments")
    if root_of(hashes) != root:
        raise Refused("BAD_SIGNATURE", "the commitment root does not follow")


def narrow(shown, keep):
    """Keep field i where keep[i]; everything else goes to withheld."""
    if all(keep):
        return shown
    fields, withheld = shown["field"], split(shown.get("withheld", b""))
    if "secret" in shown:
        salt = salts(shown["secret"], padded(len(fields)))
        fields = [{**f, "salt": s} for f, s in zip(fields, salt)]
        withheld = commitments(shown["secret"], shown["field"])[len(fields) :]
    dropped = [commit_field(f["salt"], f) for f, kept in zip(fields, keep) if not kept]
    out = {k: v for k, v in shown.items() if k != "secret"}
    out["field"] = [f for f, kept in zip(fields, keep) if kept]
    out["withheld"] = b"".join(sorted(withheld + dropped))
    return out


# ---- objects.md: batch -------------------------------------------------------------------------------


def leaf(revision_id):
    return B(b"\0" + revision_id)


def split_at(count):
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def merkle_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split_at(len(leaves))
    return B(b"\1" + merkle_root(leaves[:k]) + merkle_root(leaves[k:]))


def is_run(size, first, count):
    if not (1 <= count and first + count <= size):
        return False
    p = 1
    while p < count:
        p *= 2
    return first % p == 0 and (count == p or first + count == size)


def sides(size, first, count):
    """From the run's subtree up: is the sibling on the left, and which leaves does it cover?"""
    out, low, high = [], 0, size
    while (low, high) != (first, first + count):
        middle = low + split_at(high - low)
        if first < middle:
            out.append((False, middle, high))
            high = middle
        else:
            out.append((True, low, middle))
            low = middle
    return out[::-1]


def merkle_path(leaves, first, count):
    steps = sides(len(leaves), first, count)
    return b"".join(merkle_root(leaves[low:high]) for _, low, high in steps)


def climb(run_leaves, size, first, path):
    if not is_run(size, first, len(run_leaves)):
        raise malformed("not a run")
    steps = sides(size, first, len(run_leaves))
    if len(path) != 32 * len(steps):
        raise malformed("path has the wrong length")
    root = merkle_root(run_leaves)
    for (is_left, _, _), sibling in zip(steps, split(path)):
        root = B(b"\1" + sibling + root) if is_left else B(b"\1" + root + sibling)
    return root


def batch_body(owner, size, root):
    return owner + u32(size) + root


def check_run(run, owner, key):
    """Is the owner's signature over the batch of which this run is a part?"""
    leaves = [leaf(B(item["revision"])) for item in run["item"]]
    root = climb(leaves, run["size"], run["first"], run.get("path", b""))
    check_signature("batch", key, batch_body(owner, run["size"], root), run["signature"])


# ---- grants.md: a grant on its own -------------------------------------------------------------------


def check_grant(grant):
    can_pass = grant["actions"] & PASS_ON != 0
    is_root = "parent" not in grant
    if not grant["field"] or not grant["purpose"]:
        raise malformed("no field or no purpose")
    if grant["actions"] > ALL_ACTIONS or not grant["actions"] & READ:
        raise malformed("actions")
    if grant["depth"] > DEPTH_MAX or can_pass != (grant["depth"] > 0):
        raise malformed("depth")
    if grant["not_after_ms"] <= grant["not_before_ms"]:
        raise malformed("window")
    if grant["issuer"] == grant["audience"]:
        raise malformed("granted to its issuer")
    if is_root and grant["issuer"] != grant["owner"]:
        raise malformed("a root's issuer is not the owner")
    if not is_root and grant["audience"] == grant["owner"]:
        raise malformed("a link's audience is the owner")
    if "terms" in grant and not grant["actions"] & CONTRIBUTE:
        raise malformed("terms without the right to contribute")
    if "cites" in grant and (not is_root or grant["depth"] > 0 or "terms" in grant):
        raise malformed("cites in a link, or with depth, or with terms")


# ---- grants.md: chain --------------------------------------------------------------------------------


def check_follows(parent, parent_id, child):
    if child.get("parent") != parent_id or child["issuer"] != parent["audience"]:
        raise Refused("BROKEN_CHAIN", "does not hang under the link before")
    if child["owner"] != parent["owner"]:
        raise Refused("BROKEN_CHAIN", "another owner")


def are_terms_within(parent, child):
    if "terms" not in parent or not child["actions"] & CONTRIBUTE:
        return "terms" not in child
    outer, inner = parent["terms"], child.get("terms")
    return (
        inner is not None
        and [grant_field_key(f) for f in inner["want"]] == [grant_field_key(f) for f in outer["want"]]
        and ("quota" not in outer or inner.get("quota", 2**32) <= outer["quota"])
        and ("closes_ms" not in outer or inner.get("closes_ms", 2**63) <= outer["closes_ms"])
        and ("chain" in outer or "chain" not in inner)
    )


def is_narrower(parent, child):
    keys = {grant_field_key(f) for f in parent["field"]}
    return (
        parent["actions"] & PASS_ON != 0
        and child["actions"] & ~parent["actions"] == 0
        and child["depth"] < parent["depth"]
        and {grant_field_key(f) for f in child["field"]} <= keys
        and set(child["purpose"]) <= set(parent["purpose"])
        and (not parent["country"] or (child["country"] and set(child["country"]) <= set(parent["country"])))
        and child["not_before_ms"] >= parent["not_before_ms"]
        and child["not_after_ms"] <= parent["not_after_ms"]
        and child["delete_days"] <= parent["delete_days"]
        and (child["receipt"] or not parent["receipt"])
        and are_terms_within(parent, child)
    )


class Company:
    """What a verified descriptor says of a company."""

    def __init__(self, key, country):
        self.key, self.country = key, country


def find_company(companies, node):
    if node not in companies:
        raise Refused("UNKNOWN_KEY", "no descriptor")
    return companies[node]


def check_link(chain, body, signature, companies):
    """One link under the links that already hold."""
    grant = decode("Grant", body)
    if ("parent" in grant) != bool(chain):
        raise Refused("BROKEN_CHAIN", "a root has no parent, a link has one")
    check_grant(grant)
    check_signature("grant", find_company(companies, grant["issuer"]).key, body, signature)
    if chain:
        check_follows(*chain[-1], grant)
    if any(grant["audience"] == above["audience"] for above, _ in chain):
        raise Refused("BROKEN_CHAIN", "audience twice")
    if chain and not is_narrower(chain[-1][0], grant):
        raise Refused("WIDENED", "more than its parent")
    if grant["country"] and find_company(companies, grant["audience"]).country not in grant["country"]:
        raise Refused("NOT_GRANTED", "audience's country")
    return grant


def verify_chain(links, companies, revoked, now):
    """Signed links, root first -> [(grant, id)]. companies: node id -> Company; revoked: (grant id, author) of
    every revocation that came, whether its author may or not."""
    if not 1 <= len(links) <= CHAIN_MAX:
        raise Refused("BROKEN_CHAIN", "1 to 4 links")
    chain = []
    for index, link in enumerate(links):
        try:
            outer = decode("Signed", link)
            grant = check_link(chain, outer["body"], outer["signature"], companies)
            chain.append((grant, B(outer["body"])))
        except Refused as refused:
            refused.link = index
            raise
    leaf_grant = chain[-1][0]
    if now < leaf_grant["not_before_ms"] - TOLERANCE_MS:
        raise Refused("NOT_YET", "window", len(chain) - 1)
    if now >= leaf_grant["not_after_ms"]:
        raise Refused("EXPIRED", "window", len(chain) - 1)
    issuers = [grant["issuer"] for grant, _ in chain]
    for index, (_, grant_id) in enumerate(chain):
        if any((grant_id, issuer) in revoked for issuer in issuers[: index + 1]):
            raise Refused("REVOKED", "taken back", index)
    return chain


# ---- grants.md: the decision -------------------------------------------------------------------------


def matches(grant, record):
    if grant["record"]:
        return record["id"] in grant["record"]
    if "tree" in grant:
        return grant["tree"] in (record["id"], record.get("parent"))
    return grant["segment"] in record["segments"]


def type_key(entry):
    return (entry.get("type_space", ""), entry["type"])


def has_field(grant, record, field):
    wanted = type_key(record) + (field.get("space", ""), field["number"])
    return any(type_key(f) + (f.get("space", ""), f["number"]) == wanted for f in grant["field"])


def fold(text):
    """NFKC_Casefold, then without the marks U+0300 to U+036F."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", bare)


ENTRIES_MAX = 64


def entries(text):
    parts = [re.sub("[\0- ]+", " ", part).strip(" ") for part in re.split("[,;\n\r\u3001]", fold(text))]
    return [part for part in parts if part][:ENTRIES_MAX]


def holds(listed, wanted):
    """The entries of `wanted` stand in a row in `listed`."""
    n = len(wanted)
    return n > 0 and any(listed[i : i + n] == wanted for i in range(len(listed) - n + 1))


def is_personal(type_of, grants, fields):
    for field in fields:
        known = dictionary.find_field(type_of, field)
        is_granted = all(has_field(g, type_record(type_of), field) for g in grants)
        if known and is_granted and known["privacy"] in ("personal", "sensitive"):
            if known["kind"] != "reference" and known["name"] not in dictionary.CONSENT_FIELDS:
                return True
    return False


def type_record(type_of):
    return {"type_space": type_of[0], "type": type_of[1]}


def has_consent(grants, recipient, recipient_name, record):
    """Does what is disclosed of this record name a ground for it, or need none?"""
    type_of, fields, leaf_grant = type_key(record), record.get("fields", []), grants[-1]
    if not is_personal(type_of, grants, fields):
        return True
    ground = {}
    for field in fields:
        known = dictionary.find_field(type_of, field)
        if known and known["name"] in dictionary.CONSENT_FIELDS:
            ground[known["name"]] = field["value"].decode()
    basis = ground.get("consentBasis", "")
    if basis not in dictionary.bases(type_of):
        return False
    purposes, recipients = entries(ground.get("consentPurpose", "")), entries(ground.get("consentRecipients", ""))
    if purposes and not any(holds(purposes, entries(p)) for p in leaf_grant["purpose"]):
        return False
    if not recipients:
        return basis != "consent"
    node = base32(recipient)
    return holds(recipients, entries(recipient_name)) or any(
        len(e) >= 16 and node.startswith(e) for e in recipients
    )


def decide(chain, recipient, record, field, now, recipient_name="", waived=False):
    """('NONE', 0) for yes, else what stops it and the first link that does.

    record: id, owner, type, type_space?, parent?, segments, fields? (what the discloser has of it);
    field: number, space?, or None to ask for the record as such.
    """
    grants = [grant for grant, _ in chain]
    last = len(grants) - 1
    if record["owner"] != grants[0]["owner"]:
        return "OWNER", 0
    if recipient != grants[last]["audience"]:
        return "RECIPIENT", last
    if not grants[last]["actions"] & READ:
        return "ACTION", last
    tests = [
        ("NOT_YET", lambda g: now >= g["not_before_ms"] - TOLERANCE_MS),
        ("ENDED", lambda g: now < g["not_after_ms"]),
        ("SELECTOR", lambda g: matches(g, record)),
        ("TYPE", lambda g: any(type_key(f) == type_key(record) for f in g["field"])),
        ("FIELD", lambda g: field is None or has_field(g, record, field)),
    ]
    for stop, passes in tests:
        for index, grant in enumerate(grants):
            if not passes(grant):
                return stop, index
    if not waived and not has_consent(grants, recipient, recipient_name, record):
        return "CONSENT", last
    return "NONE", 0


# ---- delivery.md: data -------------------------------------------------------------------------------


def check_item(item, chain, recipient, now):
    """One revision of a Records message whose run is signed."""
    revision = decode("Revision", item["revision"])
    if revision["owner"] != chain[0][0]["owner"]:
        raise Refused("FOREIGN_OWNER", "not of the chain's owner")
    open_disclosure(item, revision["commitments"])
    record = {**revision, "id": revision_record_id(revision), "segments": []}
    parent = dictionary.find_parent(type_key(revision), item["field"])
    if parent is not None:
        record["parent"] = parent
    for field in [None] + item["field"]:
        if decide(chain, recipient, record, field, now)[0] != "NONE":
            raise Refused("NOT_GRANTED", "record or field outside the grant")
    dictionary.check_values(type_key(revision), item["field"])


def status_of(check, *arguments):
    try:
        check(*arguments)
    except Refused as refused:
        return refused.status
    return "OK"


def check_records(body, chain, key, recipient, now):
    """Statuses of all revisions in order; Refused when the body itself is broken. Segments are not known here."""
    out = []
    for run in decode("Records", body)["run"]:
        signed = status_of(check_run, run, chain[0][0]["owner"], key)
        for item in run["item"]:
            out.append(signed if signed != "OK" else status_of(check_item, item, chain, recipient, now))
    return out


# ---- sealed.md -----------------------------------------------------------------------------------------

WRAPPED_SIZE, SEAL_HEAD, SEAL_ROOM = 80, 5, 60928


def seal_bound(header):
    handles, gone = header.get("handle", []), header.get("gone", [])
    numbers = u32(header["epoch"]) + u32(header["incarnation"]) + u64(header["number"])
    numbers += u32(len(handles)) + u32(len(gone))
    parties = header["author"] + header["audience"] + header["grant"]
    return H("hansa/1/seal", parties + numbers + b"".join(handles) + b"".join(gone))


def seal_plain(kind, body):
    plain = u8(kind) + u32(len(body)) + body
    return plain + bytes(-len(plain) % SEAL_PAD)


def seal_close(key, header, plain):
    """(the header with the box named in it, the box)."""
    box = sealing.aead_close(key, header["nonce"], plain, seal_bound(header))
    return {**header, "box": B(box)}, box


def seal_open(key, header, box):
    """(kind, body) of what was sealed."""
    if B(box) != header["box"] or len(box) < SEAL_PAD + SEAL_TAG:
        raise Refused("BAD_SIGNATURE", "not the box of the header")
    plain = sealing.aead_open(key, header["nonce"], box, seal_bound(header))
    if plain is None:
        raise Refused("BAD_SIGNATURE", "does not open")
    end = SEAL_HEAD + int.from_bytes(plain[1:SEAL_HEAD], "big")
    if end > len(plain) or len(plain) - end >= SEAL_PAD or any(plain[end:]):
        raise malformed("length or padding")
    return plain[0], plain[SEAL_HEAD:end]


def unwrap(secret, wrapped):
    if len(wrapped) != WRAPPED_SIZE:
        raise malformed("no wrapped key")
    key = sealing.open_box(wrapped, secret)
    if key is None:
        raise Refused("BAD_SIGNATURE", "not wrapped for this key")
    return key


# ---- invitation.md -----------------------------------------------------------------------------------


def base32(raw):
    return base64.b32encode(raw).decode().rstrip("=").lower()


def unbase32(text):
    text = text.lower()
    if any(c not in "abcdefghijklmnopqrstuvwxyz234567" for c in text):
        raise malformed("not base32")
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError as error:
        raise malformed("not base32") from error
    if base32(raw) != text:
        raise malformed("spare bits are not zero")
    return raw


INVITE = "hansa-invite:1:"
BLANKS = "".join(map(chr, range(33)))


def format_invitation(descriptor, token, guest_secret, ends_ms):
    raw = len(descriptor).to_bytes(2, "big") + descriptor + token + guest_secret + u64(ends_ms)
    return INVITE + base32(raw + B(raw)[:4])


def parse_invitation(text, now):
    text = text.strip(BLANKS)
    if len(text) > 16384 or not text.startswith(INVITE):
        raise malformed("not an invitation")
    raw = unbase32(text[len(INVITE) :])
    size = int.from_bytes(raw[:2], "big")
    if len(raw) != 2 + size + 16 + 32 + 8 + 4 or B(raw[:-4])[:4] != raw[-4:]:
        raise malformed("length or checksum")
    rest = raw[2 + size :]
    ends_ms = int.from_bytes(rest[48:56], "big")
    if ends_ms >= 2**63:
        raise malformed("an end that no clock reaches")
    node, descriptor = open_descriptor(raw[2 : 2 + size], now)
    if now >= ends_ms:
        raise Refused("EXPIRED", "the invitation has ended")
    return {
        "node": node,
        "name": descriptor["name"],
        "token": rest[:16],
        "guest_secret": rest[16:48],
        "ends_ms": ends_ms,
    }


def words(a, b):
    digest = H("hansa/1/words", min(a, b) + max(a, b))
    bits = int.from_bytes(digest, "big")
    return [WORDS[bits >> (256 - 11 * (i + 1)) & 2047] for i in range(6)]


# ---- delivery.md: envelope ---------------------------------------------------------------------------

ENVELOPE_SIZE, MESSAGE_MAX = 36, 65536
SESSION_KINDS = {1: "Hello", 2: "Ack", 3: "Introduce", 4: "Scopes", 5: "ScopeIds"}
CONTROL_KINDS = {
    16: "OfferBody",
    17: "SignedBody",
    18: "PassOnBody",
    19: "SignedBody",
    20: "RevocationBody",
    21: "SignedBody",
    22: "SignedBody",
    23: "SignedBody",
    24: "SignedBody",
    25: "SignedBody",
    26: "SignedBody",
    27: "SignedBody",
    28: "SignedBody",
    31: "Records",
}
DATA_KINDS = {21: "SignedBody", 32: "Records", 33: "SealedBody", 34: "Records"}
KINDS = [SESSION_KINDS, CONTROL_KINDS, DATA_KINDS]


def format_envelope(e):
    return (
        b"HNSA"
        + bytes([1, e["kind"], e["stream"], 0])
        + u64(e["session"])
        + u32(e["incarnation"])
        + u64(e["sequence"])
        + u32(0)
        + u32(len(e["body"]))
        + e["body"]
    )


def check_numbers(e):
    """What must be zero on the session stream must not be on the others."""
    if e["stream"] != 0:
        if 0 in (e["session"], e["incarnation"], e["sequence"]):
            raise malformed("zero on a numbered stream")
        return
    if e["incarnation"] != 0 or e["sequence"] != 0:
        raise malformed("numbered on the session stream")
    if e["kind"] not in SESSION_KINDS:
        raise Refused("UNKNOWN_KIND", "no kind of a session")
    if (e["session"] == 0) != (SESSION_KINDS[e["kind"]] in ("Hello", "Introduce")):
        raise malformed("a session where none belongs, or none where one does")


def parse_envelope(raw):
    def number(at, size):
        return int.from_bytes(raw[at : at + size], "big")

    if len(raw) > MESSAGE_MAX:
        raise Refused("TOO_BIG", "message")
    if len(raw) < ENVELOPE_SIZE or raw[:5] != b"HNSA\1":
        raise malformed("not an envelope")
    e = {
        "kind": raw[5],
        "stream": raw[6],
        "session": number(8, 8),
        "incarnation": number(16, 4),
        "sequence": number(20, 8),
        "body": raw[ENVELOPE_SIZE:],
    }
    if raw[7] != 0 or number(28, 4) != 0 or e["stream"] > 2 or number(32, 4) != len(e["body"]):
        raise malformed("a reserved byte, the stream or the length")
    check_numbers(e)
    return {**e, "known": e["kind"] in KINDS[e["stream"]]}

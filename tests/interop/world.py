# SPDX-License-Identifier: Apache-2.0
"""The companies, keys and objects that the vectors are made of. Everything follows from fixed names:
secret(name) = B("hansa vectors " || name), so that a second run gives the same bytes."""
import ed25519
import hansa_ref as ref
from wire_ref import encode

NOW = 1_800_000_000_000  # 2027-01-15, the "now" of most vectors
DAY = 86_400_000
ZERO = bytes(32)


def secret(name):
    return ref.B(b"hansa vectors " + name.encode())


def nonce(name):
    return secret(name)[:16]


class Firm:
    def __init__(self, name, country):
        self.name, self.country = name, country
        self.root_seed, self.sign_seed = secret(name + " root"), secret(name + " sign")
        self.root_key = ed25519.public_key(self.root_seed)
        self.key = ed25519.public_key(self.sign_seed)
        self.node = ref.B(self.root_key)

    def descriptor(self, **changes):
        return {
            "root_key": self.root_key,
            "audience": ZERO,
            "serial": 1,
            "name": self.name,
            "country": self.country,
            "signing_key": self.key,
            "transport_key": secret(self.name + " transport"),
            "sealing_key": secret(self.name + " sealing"),
            "endpoint": [f"tcp://{self.name.lower()}.example:7700"],
            "not_before_ms": NOW - 30 * DAY,
            "not_after_ms": NOW + 365 * DAY,
            **changes,
        }

    def signed_descriptor(self, **changes):
        return seal("descriptor", self.root_seed, encode("Descriptor", self.descriptor(**changes)))


def seal(kind, seed, body):
    return encode("Signed", {"body": body, "signature": ref.sign(kind, seed, body)})


ACME, BRIO, CEDAR, DELTA, EMBER, STRANGER = FIRMS = [
    Firm("Acme", "DE"),
    Firm("Brio", "FR"),
    Firm("Cedar", "CN"),
    Firm("Delta", "DE"),
    Firm("Ember", "US"),
    Firm("Stranger", "DE"),
]
COMPANIES = {f.node: ref.Company(f.key, f.country) for f in FIRMS[:5]}
EVENT_TYPE, ATTENDEE_TYPE = 3, 4
EVENT = ref.record_id(b"", EVENT_TYPE, ACME.node, nonce("event"))
GUEST = ref.record_id(b"", ATTENDEE_TYPE, ACME.node, nonce("guest"))
OTHER = ref.record_id(b"", EVENT_TYPE, ACME.node, nonce("other event"))
SEGMENT = ref.B(b"a revision of a segment")


def fields_of(*entries):
    """(type, number) or (type_space, type, space, number), in the order of the wire."""
    out = []
    for entry in entries:
        if len(entry) == 2:
            entry = ("", entry[0], "", entry[1])
        field = {"type": entry[1], "number": entry[3]}
        if entry[0]:
            field["type_space"] = entry[0]
        if entry[2]:
            field["space"] = entry[2]
        out.append(field)
    return out


def root_grant(**changes):
    """Acme to Brio: its event, six fields, pass-on depth 3."""
    return without_none(
        {
            "issuer": ACME.node,
            "audience": BRIO.node,
            "owner": ACME.node,
            "tree": EVENT,
            "record": [],
            "field": fields_of((3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (4, 7)),
            "actions": 15,
            "depth": 3,
            "not_before_ms": NOW - 10 * DAY,
            "not_after_ms": NOW + 90 * DAY,
            "purpose": ["event", "follow-up"],
            "country": [],
            "delete_days": 30,
            "receipt": False,
            "nonce": nonce("root grant"),
            **changes,
        }
    )


def without_none(message):
    return {k: v for k, v in message.items() if v is not None}


TERMS = {"want": fields_of((4, 2), (4, 5)), "quota": 300, "closes_ms": NOW + 30 * DAY, "chain": True}
CITED = ref.B(b"a grant that is cited")


def child_grant(parent, audience, /, **changes):
    """As wide as it may be: everything of the parent, one step less deep."""
    depth = max(parent["depth"] - 1, 0)
    return without_none(
        {
            **parent,
            "issuer": parent["audience"],
            "audience": audience.node,
            "parent": ref.B(encode("Grant", parent)),
            "depth": depth,
            "actions": parent["actions"] if depth > 0 else parent["actions"] & ~ref.PASS_ON,
            "nonce": nonce("grant to " + audience.name),
            **changes,
        }
    )


SEEDS = {f.node: f.sign_seed for f in FIRMS}


def seal_grant(grant, seed=None):
    return seal("grant", seed or SEEDS[grant["issuer"]], encode("Grant", grant))


def make_chain(length, at=None, **changes):
    """Grants Acme > Brio > Cedar > Delta > Ember; link `at` is changed, later ones follow it."""
    root_changes = changes if at == 0 else {}
    grants = [root_grant(**root_changes)]
    for i in range(1, length):
        grants.append(child_grant(grants[-1], FIRMS[i + 1], **(changes if at == i else {})))
    return grants


def sealed(grants):
    return [seal_grant(g) for g in grants]

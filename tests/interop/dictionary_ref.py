# SPDX-License-Identifier: Apache-2.0
"""The common schema, read from the data files under schema/types/, as far as the protocol needs it:
kinds of values, the parent field, and the text of the profile (docs/protocol/objects.md)."""
import json

from values_ref import check_value
from wire_ref import DOCS


def read_types():
    files = sorted((DOCS.parents[1] / "schema" / "types").glob("*.json"))
    return sorted((json.loads(f.read_text(encoding="utf-8")) for f in files), key=lambda t: t["number"])


TYPES = read_types()
FIELDS = {(t["number"], f["number"]): f for t in TYPES for f in t["fields"]}


def find_field(type_key, field):
    """The common schema's entry, or None: own types and own fields are not known here."""
    space, number = type_key
    return None if space or field.get("space") else FIELDS.get((number, field["number"]))


CONSENT_FIELDS = ("consentBasis", "consentPurpose", "consentRecipients", "consentDate")


def bases(type_key):
    """What a row of the type may give as its ground; "unknown" is none."""
    space, number = type_key
    found = [f for t in TYPES for f in t["fields"] if t["number"] == number and f["name"] == "consentBasis"]
    options = found[0]["options"] if found and not space else []
    return [option["name"] for option in options if option["name"] != "unknown"]


def find_parent(type_key, fields):
    """The parent field's value: a record id."""
    for field in fields:
        known = find_field(type_key, field)
        if known and known.get("parent") and len(field["value"]) == 32:
            return field["value"]
    return None


def check_values(type_key, fields):
    for field in fields:
        known = find_field(type_key, field)
        if known:
            check_value(known["kind"], field["value"])


def profile_text():
    out = ""
    for t in TYPES:
        out += f"type  {t['number']} {t['name']}\n"
        for f in sorted(t["fields"], key=lambda f: f["number"]):
            flags = "i" * f.get("identifies", False) + "c" * f.get("critical", False) or "-"
            out += f"field  {f['number']} {f['name']} {f['kind']} {flags} {f['privacy']}\n"
    return out

# SPDX-License-Identifier: Apache-2.0
"""tests/net/keys.py - what stories of keys have in common: an event that is passed on, guests that come back, and who knows which keys."""
import os

from three import accept

EVENT_FIELDS = "event.name,event.startDate,event.status,attendee.event,attendee.name,attendee.organization"
WANT = "attendee.name,attendee.email,attendee.organization"


def invite(giver, receiver, event, title="Launch", **terms):
    giver.cli("share create", event, partner=receiver.name, fields=EVENT_FIELDS, purpose="event", until="2037-12-31", **terms)
    accept(receiver, title)
    receiver.wait(lambda: [e for e in receiver.items("event list") if e["id"] == event], 30, "the event is there")


def person(node, event, name, **fields):
    given, family = name.split()
    consent = {"consentBasis": "consent", "consentPurpose": "event", "consentRecipients": "Acme"}
    contact = node.cli("contact add", givenName=given, familyName=family, **{**consent, **fields})["id"]
    node.cli("guest add", event, contact)


def names_at(node, event):
    return sorted(g["name"] for g in node.items("guest list", event))


def knows(node):
    return {row["name"]: row["keys"] for row in node.items("key partners")}


def keys(node, what):
    return {row["key"]: row[what] for row in node.items("key list")}


def seeds(node):
    return sorted(os.listdir(os.path.join(node.home, "keys")))


def rename(acme, event, name, *readers):
    acme.cli("event set", event, name=name)
    for reader in readers:
        reader.wait(lambda reader=reader: reader.show("event", event)["fields"]["name"] == name, 30, f"{reader.name} sees {name}")

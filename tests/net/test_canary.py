# SPDX-License-Identifier: Apache-2.0
"""tests/net/test_canary.py - erased is gone (P11): random values are shared between three real nodes, erased, withdrawn and
taken back, and then looked for in every file of every home and in the memory of every process, in every form that bytes take.

`./dev canary` runs it with the programs as they are shipped, and looks for more forms; the gate with the sanitizers' allocator,
which keeps what is freed."""
import base64
import os
import secrets
import time

from hansa_net import Net, main
from three import accept, found_at

LETTERS, DIGITS = "bcdfghjklmnpqrstvwxz", "123456789"


def drawn(alphabet, size):
    return "".join(secrets.choice(alphabet) for _ in range(size))


def forms(text):
    """What stands for these bytes wherever they may begin; in the gate the plain ones."""
    if not os.environ.get("HANSA_CANARY"):
        return {text.encode(), text.lower().encode(), text.encode("utf-16-le")}
    found = set()
    for typed in {text, text.lower(), text.upper()}:
        for raw in (typed.encode(), typed.encode("utf-16-le")):
            found |= {raw, raw.hex().encode(), raw.hex().upper().encode()}
            for shift in range(3):
                inner = base64.b64encode(b"\0" * shift + raw)[(shift * 8 + 5) // 6:]
                found.add(inner.rstrip(b"=")[:-1])
        found.add(typed.encode("utf-16-be"))
    return found


class Person:
    """Values that nobody else has, and all that stands for them."""

    def __init__(self):
        self.word, number = drawn(LETTERS, 10).capitalize(), drawn(DIGITS, 8)
        self.name, self.email, self.mobile = f"Wei {self.word}", f"{self.word}@cedar.example", f"+86138{number}"
        self.note = f"Met {self.word} at the fair; " + "talks of lamps. " * 40 + self.word
        self.words = forms(self.word) | forms(number)

    def row(self):
        return f'{self.name},{self.email},{self.mobile},"{self.note}",{self.word} Works,consent,event; follow-up,Acme\n'


def nowhere(t, why, person, *nodes):
    for node in nodes:
        until = time.monotonic() + 10
        left = found_at(node, person.words, memory=True)
        while left and time.monotonic() < until:
            left = found_at(node, person.words, memory=True)
        t.that(f"{why}: no byte at {node.name}, in files or memory (P11)", not left, sorted(left))


def no_byte_of_who_is_erased_is_left(t):
    one, two, other = Person(), Person(), Person()
    with Net() as net:
        acme, brio, cedar = (net.node(n, c) for n, c in (("Acme", "DE"), ("Brio", "FR"), ("Cedar", "CN")))
        net.pair(acme, brio)
        net.pair(brio, cedar)
        event = acme.cli("event add", name="Launch", startDate="2027-05-20 18:00 Europe/Berlin")["id"]
        fields = "event.name,event.startDate,attendee.event,attendee.name,attendee.organization"
        share = acme.cli("share create", event, partner="Brio", fields=fields, purpose="event,follow-up", until="2027-12-31",
                         want="attendee.name,attendee.email,attendee.organization", depth=1)["id"]
        accept(brio, "Launch")
        brio.cli("share create", event, partner="Cedar", fields=fields, purpose="event,follow-up", until="2027-12-31", contribute=True)
        accept(cedar, "Launch")
        header = "name,email,mobile,note,organization,consentBasis,consentPurpose,consentRecipients\n"
        cedar.cli("contact import", cedar.file("people.csv", header + one.row() + other.row()))
        cedar.cli("guest add", event, all=True)
        cedar.cli("guest contribute", event, purpose="event,follow-up")
        acme.cli("attendee add", event=event, name=two.name, organization=two.word, consentBasis="consent", consentPurpose="event; follow-up",
                 consentRecipients="Brio")
        acme.wait(lambda: len(acme.items("guest list", event)) == 3, 40, "Cedar's guests are on Acme's list")
        brio.wait(lambda: two.word in str(brio.items("guest list", event)), 40, "Acme's own guest is at Brio")
        for person, node in ((one, acme), (one, cedar), (two, acme), (two, brio)):
            t.that(f"the test would see her at {node.name}", found_at(node, person.words), "not even before")
        ids = {c["title"]: c["id"] for c in cedar.items("contact list")}
        cedar.cli("activity add", subject=f"Call {one.word}", contact=ids[one.name], form="call")
        cedar.items("contact list", search=one.word)

        cedar.cli("consent withdraw", ids[one.name])
        acme.wait(lambda: one.word not in str(acme.items("guest list", event)), 40, "she leaves Acme's guest list")
        nowhere(t, "a guest withdraws", one, acme, brio)
        cedar.cli("contact erase", ids[one.name])
        nowhere(t, "a person is erased", one, cedar)

        acme.cli("share stop", share)
        brio.wait(lambda: brio.refusal("guest list", event), 20, "what Acme took back is gone at Brio")
        nowhere(t, "a share is stopped", two, brio, cedar)
        t.that("who was not erased is still there", found_at(cedar, forms(other.word)), "she is gone as well")
        for node in (acme, brio, cedar):
            t.that(f"{node.name}'s audit is right", node.cli("audit verify")["ok"])


if __name__ == "__main__":
    main(no_byte_of_who_is_erased_is_left)

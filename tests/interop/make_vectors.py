#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tests/vectors/*.json and the worked examples in docs/protocol/vectors.md and sealed.md.

    make_vectors.py          write them
    make_vectors.py --check  say which differ from what would be written; exit 1 if any

What each vector must give is said by hand beside it and the reference must agree, else nothing is written.
Random numbers are not used: a second run writes the same bytes.
"""
import sys

import make_examples
import make_grants
import make_messages
import make_returns
import make_sealed
import make_sharing
import make_signed
from judge import judge
from vectors_file import FOLDER, format_file, to_json

FILES = {
    "hashes": ("hashes, ids, salts, profiles", make_messages.hash_vectors),
    "messages": ("bodies that the pre-scan and the decoder take or refuse", make_messages.message_vectors),
    "returns": ("bodies of what comes back and of the sealed way", make_returns.return_vectors),
    "seals": ("the sealed way: boxes opened, content keys unwrapped", make_sealed.seal_vectors),
    "signatures": ("signatures of every type, strict Ed25519", make_signed.signature_vectors),
    "values": ("field values by kind", make_signed.value_vectors),
    "commitments": ("commitment roots, disclosures, narrowing", make_sharing.commitment_vectors),
    "merkle": ("batch trees, runs and paths", make_sharing.merkle_vectors),
    "grants": ("grants on their own", make_grants.grant_vectors),
    "chains": ("chains of grants, revocation", make_grants.chain_vectors),
    "decisions": ("who may see what", make_grants.decision_vectors),
    "records": ("disclosures under a chain", make_sharing.records_vectors),
    "envelopes": ("the 36 bytes before every message", make_signed.envelope_vectors),
    "addressed": ("objects with author and audience as they arrive", make_signed.addressed_vectors),
    "descriptors": ("descriptors under their own root key", make_signed.descriptor_vectors),
    "first-contact": ("invitations and fingerprint words", make_sharing.contact_vectors),
}


def finished(meant, vector):
    """meant: a status, or a dict that `expect` must contain."""
    expect = judge(to_json(vector))
    meant = {"status": meant} if isinstance(meant, str) else meant
    assert meant.items() <= expect.items(), f"{vector['name']}: meant {meant}, reference says {expect}"
    return {**vector, "expect": expect}


def outputs():
    for name, (about, make) in FILES.items():
        vectors = [finished(meant, vector) for meant, vector in make()]
        yield FOLDER / f"{name}.json", format_file(about, vectors)
    yield from make_examples.pages_with_examples()


def main():
    check = "--check" in sys.argv[1:]
    passed = failed = 0
    for path, text in list(outputs()):
        if not check:
            path.write_text(text, encoding="utf-8")
        elif path.exists() and path.read_text(encoding="utf-8") == text:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {path.name}: run tests/interop/make_vectors.py and look at the difference")
    if check:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

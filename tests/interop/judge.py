# SPDX-License-Identifier: Apache-2.0
"""What the reference says of a vector: one function per kind, docs/protocol/vectors.md lists them.
tests/vectors/judge.c is the same table over the node's own code."""
import re

import dictionary_ref
import hansa_ref as ref
from values_ref import check_value
from vectors_file import message_to_json, to_json
from wire_ref import Refused, decode


def raw(vector, name):
    return bytes.fromhex(vector[name])


def fields_in(vector):
    return [
        {k: bytes.fromhex(x) if k in ("value", "salt") else x for k, x in f.items()} for f in vector["field"]
    ]


def shown_in(vector):
    out = {"field": fields_in(vector)}
    for name in ("secret", "withheld"):
        if name in vector:
            out[name] = raw(vector, name)
    return out


def links_in(vector):
    return [bytes.fromhex(link) for link in vector["links"]]


def companies_in(vector):
    return {
        bytes.fromhex(c["node"]): ref.Company(bytes.fromhex(c["key"]), c["country"])
        for c in vector["companies"]
    }


def chain_in(vector):
    revoked = {(bytes.fromhex(r["grant"]), bytes.fromhex(r["author"])) for r in vector.get("revoked", [])}
    return ref.verify_chain(links_in(vector), companies_in(vector), revoked, int(vector["now"]))


def made_up_leaves(count):
    """r_i = B(u32 i) stands for the id of revision i."""
    return [ref.leaf(ref.B(ref.u32(i))) for i in range(count)]


def judge_digest(v):
    return {"digest": ref.H(v["tag"], raw(v, "data")) if "tag" in v else ref.B(raw(v, "data"))}


def judge_record_id(v):
    return {"id": ref.record_id(v["space"].encode(), v["type"], raw(v, "owner"), raw(v, "nonce"))}


def judge_revision(v):
    body = raw(v, "bytes")
    return {"id": ref.B(body), "record": ref.revision_record_id(decode("Revision", body))}


def judge_salts(v):
    return {"salts": ref.salts(raw(v, "secret"), v["count"])}


def judge_commitments(v):
    return {"root": ref.commitment_root(raw(v, "secret"), fields_in(v))}


def judge_disclosure(v):
    ref.open_disclosure(shown_in(v), raw(v, "root"))
    return {}


def judge_narrow(v):
    return ref.narrow(shown_in(v), v["keep"])


def judge_merkle_root(v):
    return {"root": ref.merkle_root(made_up_leaves(v["size"]))}


def judge_merkle_path(v):
    if not ref.is_run(v["size"], v["first"], v["count"]):
        raise Refused("MALFORMED", "not a run")
    return {"path": ref.merkle_path(made_up_leaves(v["size"]), v["first"], v["count"])}


def judge_merkle_climb(v):
    run = made_up_leaves(v["first"] + v["count"])[v["first"] :]
    return {"root": ref.climb(run, v["size"], v["first"], raw(v, "path"))}


def judge_message(v):
    return {"fields": message_to_json(v["message"], decode(v["message"], raw(v, "bytes")))}


def judge_signature(v):
    body = raw(v, "body")
    ref.check_signature(v["type"], raw(v, "key"), body, raw(v, "signature"))
    return {"signed_bytes": ref.signed_bytes(v["type"], body)}


def judge_batch(v):
    return {"body": ref.batch_body(raw(v, "owner"), v["size"], raw(v, "root"))}


def judge_object(v):
    object_id, fields = ref.open_signed(v["type"], raw(v, "key"), raw(v, "signed"))
    return {"id": object_id, "fields": message_to_json(ref.MESSAGE_OF[v["type"]], fields)}


def judge_addressed(v):
    return {"id": ref.open_addressed(v["type"], raw(v, "signed"), raw(v, "me"), companies_in(v))}


def judge_descriptor(v):
    node, fields = ref.open_descriptor(raw(v, "signed"), int(v["now"]))
    return {"node": node, "fields": message_to_json("Descriptor", fields)}


def judge_grant(v):
    ref.check_grant(decode("Grant", raw(v, "body")))
    return {"id": ref.B(raw(v, "body"))}


def judge_chain(v):
    chain = chain_in(v)
    return {
        "owner": chain[0][0]["owner"],
        "leaf": chain[-1][1],
        "ends_ms": str(min(g["not_after_ms"] for g, _ in chain)),
    }


def judge_decision(v):
    record = {
        k: x
        if k in ("type", "type_space")
        else [bytes.fromhex(one) for one in x]
        if k == "segments"
        else bytes.fromhex(x)
        for k, x in v["record"].items()
    }
    record["fields"] = [{**f, "value": bytes.fromhex(f["value"])} for f in v.get("fields", [])]
    name, waived = v.get("recipient_name", ""), v.get("waived", False)
    at = int(v["at"])
    stop, link = ref.decide(chain_in(v), raw(v, "recipient"), record, v.get("field"), at, name, waived)
    return {"stop": stop, "link": link}


def judge_records(v):
    chain, now = chain_in(v), int(v["now"])
    key = companies_in(v)[chain[0][0]["owner"]].key
    return {"items": ref.check_records(raw(v, "body"), chain, key, raw(v, "recipient"), now)}


def judge_value(v):
    check_value(v["of"], raw(v, "value"))
    return {}


def judge_profile(v):
    return {"profile": ref.profile_id(v["text"])}


def judge_common_profile(_):
    return {"profile": ref.profile_id(dictionary_ref.profile_text())}


def judge_words(v):
    return {"words": ref.words(raw(v, "a"), raw(v, "b"))}


def judge_invitation(v):
    out = ref.parse_invitation(v["text"], int(v["now"]))
    return {**out, "ends_ms": str(out["ends_ms"])}


def judge_seal(v):
    header = decode("Sealed", raw(v, "header"))
    kind, body = ref.seal_open(raw(v, "key"), header, raw(v, "box"))
    return {"inner": kind, "body": body}


def judge_unwrap(v):
    return {"key": ref.unwrap(raw(v, "secret"), raw(v, "wrapped"))}


def judge_envelope(v):
    out = ref.parse_envelope(raw(v, "bytes") + bytes(v.get("zeros", 0)))
    length = len(out.pop("body"))
    return {**out, "session": str(out["session"]), "sequence": str(out["sequence"]), "length": length}


KINDS = {name[6:]: f for name, f in globals().items() if re.match("judge_[a-z_]+$", name)}


def judge(vector):
    """The `expect` of a vector, as far as the reference is concerned."""
    try:
        return {"status": "OK", **to_json(KINDS[vector["kind"]](vector))}
    except Refused as refused:
        out = {"status": refused.status}
        if refused.link is not None:
            out["link"] = refused.link
        return out

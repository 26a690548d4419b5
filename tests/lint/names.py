# SPDX-License-Identifier: Apache-2.0
"""The prefix is the file: what a .c exports begins with its name, its module's or its folder's."""
import os
import re

from lintlib import LAYERS, Rule, c_files, code_only, functions, main

# The nouns that a file owns beside its own name. A noun has one owner, or `git grep '^noun_'` is no index.
ALSO = {
    "schema/base/bytes.c": ("reader_", "buffer_", "put_", "get_", "hex_", "base32_", "utf8_"),
    "schema/base/cleanup.c": ("x", "fd_"),
    "schema/dictionary.c": ("kind_", "privacy_", "language_", "type_field_"),
    "acl/chain.c": ("verified_chain_",),
    "acl/decide.c": ("stop_",),
    "acl/signature.c": ("sign_type_",),
    "schema/service.c": ("right_",),
    "schema/wire.c": ("key_", "position_", "grant_field_"),
    "federation/disclose.c": ("record_facts_", "records_pack", "records_verify", "run_verify"),
    "federation/envelope.c": ("message_kind_",),
    "federation/identity.c": ("descriptor_", "object_"),
    "node/audit.c": ("actor_",),
    "node/companies.c": ("company_", "core_on_link_start", "core_listen"),
    "node/exchange.c": ("dead_letter", "control_queue"),
    "node/exchange_control.c": ("offer_", "answer_send", "core_sign"),
    "node/grants.c": ("grant_", "chain_"),
    "node/job.c": ("jobs_",),
    "node/lives.c": ("live_", "grant_fall", "share_add", "share_move", "share_state_"),
    "node/records.c": ("record_match",),
    "node/records_read.c": ("record_now", "copy_get"),
    "node/records_take.c": ("record_take",),
    "node/service.c": ("arg_", "find_", "json_", "reply_", "page_", "id_text"),
    "node/service_evidence.c": ("evidence_",),
    "node/service_guest.c": ("guests_",),
    "node/service_invitation.c": ("invitation_event",),
    "node/service_job.c": ("job_add",),
    "node/service_light.c": ("light_",),
    "node/service_partner.c": ("partner_show",),
    "node/service_node.c": ("type_add_field",),
    "node/service_offer.c": ("grant_fields_json", "share_terms", "share_show", "company_name_of", "find_live"),
    "node/service_followup.c": ("lead_guest_", "lead_show", "lead_changed"),
    "node/service_person.c": ("person_", "claim_"),
    "node/service_record.c": ("draft_", "record_title", "record_page", "record_json", "record_fields_json", "record_check_own", "company_name", "carrier_name", "via_name"),
    "node/service_segment.c": ("segment_",),
    "node/service_terms.c": ("terms_", "moment_read", "grant_field_read"),
    "node/store/store.c": ("stmt_",),
    "node/store/pack.c": ("unpack_",),
}

# Functions of the C library that we replace: the one place where another name and another header are right.
REPLACED = {"schema/base/wipe.c": ("free", "realloc", "reallocarray")}


def prefixes(path):
    folder, stem = os.path.dirname(path), os.path.basename(path)[:-2]
    names = {stem, stem.split("_")[0], os.path.basename(folder), folder.split("/")[0]}
    return tuple(n + "_" for n in names) + ALSO.get(path, ())


def foreign(files):
    for path, text in c_files(files, *LAYERS, suffixes=(".c",)).items():
        for name, line, _, static in functions(text):
            if static or name in ("main", *REPLACED.get(path, ()), os.path.basename(path)[:-2]):
                continue
            if not name.startswith(prefixes(path)):
                yield f"{path}:{line}: {name}"


def undeclared(files):
    """An exported function stands in exactly one header."""
    headers = "\n".join(code_only(t) for t in c_files(files, *LAYERS, suffixes=(".h",)).values())
    declared = re.findall(r"\b(\w+)\(", headers)
    for path, text in c_files(files, *LAYERS, suffixes=(".c",)).items():
        for name, line, _, static in functions(text):
            if not static and name != "main" and name not in REPLACED.get(path, ()) and name not in declared:
                yield f"{path}:{line}: {name} is in no header"


def exceptions(files):
    owners = {}
    for path, nouns in ALSO.items():
        if path not in files:
            yield f"{path} is gone"
        for noun in nouns:
            if owners.setdefault(noun, path) != path:
                yield f"{noun} is {owners[noun]}'s and {path}'s"
            if not re.search(rf"^{noun}\w*\(", files.get(path, noun + "x("), re.M):
                yield f"{path} exports no {noun}"


main([
    Rule("exported functions carry the name of their file or module", foreign,
         [{"acl/chain.c": "int\nverify(void)\n{\n    return 1;\n}\n"}],
         [{"acl/chain.c": "int\nchain_verify(void)\n{\n    return 1;\n}\nstatic int\nother(int a,\n      int b)\n{\n    return 1;\n}\n"}]),
    Rule("exported functions are declared in a header", undeclared,
         [{"acl/chain.c": "int\nchain_verify(void)\n{\n    return 1;\n}\n", "acl/chain.h": "int chain_other(void);\n"}],
         [{"acl/chain.c": "int\nchain_verify(void)\n{\n    return 1;\n}\n", "acl/chain.h": "int chain_verify(void);\n"}]),
    Rule("the table of further nouns is true", exceptions, [{"acl/chain.c": ""}, {p: "" for p in ALSO}]),
])

# SPDX-License-Identifier: Apache-2.0
"""Vector files: bytes as hex, 64-bit numbers as decimal text (JSON numbers lose them), the rest as is."""
import json
import pathlib

from wire_ref import TABLES

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def to_json(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    return value


def message_to_json(message, fields):
    """A decoded message; unlike to_json it knows which integers have 64 bits."""
    out = {}
    for spec in TABLES[message].values():
        if spec.name not in fields:
            continue
        values = [
            one_to_json(spec, v) for v in (fields[spec.name] if spec.is_repeated else [fields[spec.name]])
        ]
        out[spec.name] = values if spec.is_repeated else values[0]
    return out


def one_to_json(spec, value):
    if spec.type in TABLES:
        return message_to_json(spec.type, value)
    return str(value) if spec.type == "uint64" else to_json(value)


def format_file(about, vectors):
    names = [v["name"] for v in vectors]
    assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
    text = json.dumps({"about": about, "vectors": to_json(vectors)}, indent=1, ensure_ascii=False)
    return text + "\n"


def load_all():
    """(file name, vector) of every file, in order."""
    for path in sorted(FOLDER.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            yield path.name, vector

# SPDX-License-Identifier: Apache-2.0
"""Field values, after the table "Field values" of docs/protocol/objects.md."""
import datetime
import re
import unicodedata

from wire_ref import malformed

TEXT_KINDS = "text name email phone url enum country language currency zone".split()


def utf8_of(value):
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed("not UTF-8") from error


def text_of(value):
    text = utf8_of(value)
    if text == "" or unicodedata.normalize("NFC", text) != text:
        raise malformed("empty or not NFC")
    return text


def is_address(value):
    return text_of(value).count("\n") == 6


def is_decimal(value):
    text = text_of(value)
    return text != "-0" and re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text, re.A) is not None


def is_date(value):
    if re.fullmatch(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        return False
    try:
        return datetime.date.fromisoformat(value.decode()) is not None
    except ValueError:
        return False


def is_consent(value):
    lines = utf8_of(value).split("\n")
    keys = [line.partition("=")[0].encode() for line in lines]
    return all(line.find("=") > 0 for line in lines) and all(a < b for a, b in zip(keys, keys[1:]))


RULES = {
    **{kind: lambda v: bool(text_of(v)) for kind in TEXT_KINDS},
    "address": is_address,
    "boolean": lambda v: v in (b"\0", b"\1"),
    "integer": lambda v: len(v) == 8,
    "decimal": is_decimal,
    "money": lambda v: re.fullmatch(rb"(?s:.{8})[A-Z]{3}", v) is not None,
    "date": is_date,
    "datetime": lambda v: re.fullmatch(rb"(?s:.{8})[A-Za-z0-9/_+-]{0,64}", v) is not None,
    "reference": lambda v: len(v) == 32,
    "consent": is_consent,
    "bytes": lambda v: True,
}


def check_value(kind, value):
    if not RULES[kind](value):
        raise malformed(f"not a {kind}")

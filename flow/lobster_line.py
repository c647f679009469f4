"""Says in words what is wrong with one line of a LOBSTER message file."""

from __future__ import annotations

import re

NAMES = ("time", "type", "order id", "size", "price", "direction")

MAX_DIGITS = 18
"""More digits might not fit in 64 bits."""

MAX_TYPE = 7

_TIME = re.compile(rb"\d{1,18}(\.\d{1,27})?")
_INTEGER = re.compile(rb"-?\d{1,18}")


def explain(line: bytes) -> str:
    """What is wrong with a line (without its line end) that did not parse."""
    line = line.removesuffix(b"\r")
    if line.startswith((b"\x1f\x8b", b"\xfd7zXZ")):
        return "the file is compressed; unpack it first"
    if any(byte < 0x20 or byte > 0x7E for byte in line):
        return "the line holds bytes that are not text; is this a LOBSTER message file?"
    fields = line.split(b",")
    if len(fields) != len(NAMES):
        return f"expected 6 numbers between commas, found {len(fields)} in {_quoted(line)}"
    for name, field in zip(NAMES, fields, strict=True):
        pattern = _TIME if name == "time" else _INTEGER
        if not pattern.fullmatch(field):
            return f"{name} is {_quoted(field)}, not a {_kind(name)}"
    return _senseless(fields)


def _senseless(fields: list[bytes]) -> str:
    """What is wrong with six numbers."""
    seconds = int(fields[0].split(b".")[0])
    kind, order, size, price, direction = map(int, fields[1:])
    if seconds >= 86_400:
        return f"time is {seconds} seconds; a day has 86400"
    if not 1 <= kind <= MAX_TYPE:
        return f"type is {kind}; it must be 1 to {MAX_TYPE}"
    if direction not in (1, -1):
        return f"direction is {direction}; it must be 1 or -1"
    for name, value in (("order id", order), ("size", size), ("price", price)):
        if value < 1:
            return f"{name} is {value}; it must be at least 1 in a message of type {kind}"
    raise AssertionError(f"nothing is wrong with {fields!r}")


def _kind(name: str) -> str:
    return "decimal number of seconds" if name == "time" else "whole number"


def _quoted(text: bytes) -> str:
    """The text in quotes, shortened if it is long."""
    shown = text[:60].decode("ascii")
    return f'"{shown}…"' if len(text) > len(shown) else f'"{shown}"'

"""Writes what follows from lmax/schema.py: the C structs, their check and docs/records.md."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from lmax.codes import ENUMS, REASON_TEXT, Reason
from lmax.declarations import render_declared
from lmax.schema import (
    BODIES,
    COMMAND,
    EVENT,
    EVENT_FIELDS,
    HEAD_FIELDS,
    MAX_ACCOUNT,
    MAX_INSTRUMENT,
    MESSAGE,
    MESSAGE_BYTES,
    MESSAGE_FIELDS,
    RECORD_BYTES,
    RECORDS,
    REPORT,
    REPORT_BYTES,
    REPORT_FIELDS,
    SIZES,
    Field,
    offsets,
)

_C = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t", "i64": "int64_t"}


def _c_field(field: Field) -> str:
    return f"char {field.name}[8]" if field.kind == "c8" else f"{_C[field.kind]} {field.name}"


def _c_struct(name: str) -> str:
    """The struct in C: one member of an anonymous union for each run of fields."""
    fields, size = RECORDS[name]
    lines = [f"    typedef union {{ char bytes[{size}];"]
    runs: list[list[str]] = []
    end = -1
    for field, start in zip(fields, offsets(fields), strict=True):
        if start != end:
            runs.append([f"char gap_{len(runs)}[{start}];"] if start else [])
        runs[-1].append(f"{_c_field(field)};")
        end = start + SIZES[field.kind]
    for run in runs:
        lines += ["        struct {", *(f"            {member}" for member in run), "        };"]
    return "\n".join([*lines, f"    }} {name};"])


def _struct(name: str) -> str:
    fields, _ = RECORDS[name]
    members = "\n".join(f"        {_c_field(field)}" for field in fields)
    return f"    ctypedef struct {name}:\n{members}"


def render_pxd() -> str:
    """The text of ``lmax/wire.pxd``."""
    parts = [
        "# Written by `python -m lmax.schema`; edit lmax/schema.py instead.\n"
        "from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t\n"
    ]
    for enum, prefix in ENUMS.items():
        members = "\n".join(f"    {prefix}{m.name} = {m.value}" for m in enum)
        parts.append(f"cdef enum:  # {enum.__name__}\n{members}\n")
    parts.append(
        "cdef enum:\n"
        f"    RECORD_BYTES = {RECORD_BYTES}\n"
        f"    MESSAGE_BYTES = {MESSAGE_BYTES}\n"
        f"    REPORT_BYTES = {REPORT_BYTES}\n"
        f"    MAX_INSTRUMENT = {MAX_INSTRUMENT}\n"
        f"    MAX_ACCOUNT = {MAX_ACCOUNT}\n"
    )
    c_text = "\n".join(_c_struct(name) for name in RECORDS)
    structs = "\n\n".join(_struct(name) for name in RECORDS)
    parts.append(
        "# In C each record is a union, because the bodies of a command share their bytes.\n"
        f'cdef extern from *:\n    """\n    #include <stdint.h>\n{c_text}\n    """\n{structs}\n'
    )
    return "\n".join(parts)


def _layout(name: str) -> str:
    fields, _ = RECORDS[name]
    lines = "\n".join(
        f'        "{f.name}": (\n'
        f"            <char *> &record.{f.name} - base, sizeof(record.{f.name})\n"
        "        ),"
        for f in fields
    )
    return (
        f"\ndef {name.lower()}_layout():\n"
        f"    cdef {name} record\n"
        "    cdef char *base = <char *> &record\n"
        f"    return {{\n{lines}\n    }}\n"
    )


def render_pyx() -> str:
    """The text of ``lmax/_wire.pyx``: the compiler's view of the records, for the tests."""
    names = [prefix + member.name for enum, prefix in ENUMS.items() for member in enum]
    names += ["RECORD_BYTES", "MESSAGE_BYTES", "REPORT_BYTES", "MAX_INSTRUMENT", "MAX_ACCOUNT"]
    sizes = "".join(f'        "{name}": sizeof({name}),\n' for name in RECORDS)
    return "\n".join(
        [
            "# Written by `python -m lmax.schema`; edit lmax/schema.py instead.\n"
            "from lmax cimport wire\n"
            f"from lmax.wire cimport {', '.join(RECORDS)}\n",
            *map(_layout, RECORDS),
            f"\ndef record_sizes():\n    return {{\n{sizes}    }}\n",
            "\ndef enums():\n    return {\n"
            + "".join(f'        "{name}": wire.{name},\n' for name in names)
            + "    }\n",
        ]
    )


def _table(dtype: np.dtype, fields: list[Field]) -> str:
    rows = ["| offset | field | type | meaning |", "|---:|---|---|---|"]
    rows += [
        f"| {dtype.fields[f.name][1]} | `{f.name}` | {f.kind} | {f.meaning} |"  # type: ignore[index]
        for f in fields
    ]
    return "\n".join(rows) + "\n"


def render_docs() -> str:
    """The text of ``docs/records.md``."""
    parts = [
        "# Commands, events, messages and reports\n\n"
        "Written by `python -m lmax.schema` from `lmax/schema.py`. Integers are little-endian.\n"
        "Prices and money are in 10^-4 of the currency unit.\n\n"
        "Commands and events are 128 bytes and belong to the engine. The second half of a command\n"
        "is its body: fields of different bodies share the same bytes. What a command's type does\n"
        "not read is zero. Messages (40 bytes) and reports (48) belong to the bare `OrderBook`.\n",
        "## Command\n\n" + _table(COMMAND, HEAD_FIELDS),
        *(f"### Body: {name}\n\n{_table(COMMAND, fields)}" for name, fields in BODIES.items()),
        "## Event\n\n" + _table(EVENT, EVENT_FIELDS),
        "## Message\n\n" + _table(MESSAGE, MESSAGE_FIELDS),
        "## Report\n\n" + _table(REPORT, REPORT_FIELDS),
        "## Codes\n",
    ]
    for enum in ENUMS:
        if enum is Reason:
            rows = [f"| {m.value} | `{m.name}` | {REASON_TEXT[m]} |" for m in Reason]
            head = "| code | name | when |\n|---:|---|---|\n"
        else:
            rows = [f"| {m.value} | `{m.name}` |" for m in enum]
            head = "| code | name |\n|---:|---|\n"
        parts.append(f"### {enum.__name__}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Write the generated files beside this checkout's sources."""
    root = Path(__file__).resolve().parent.parent
    for path, text in generated().items():
        target = root / path
        if target.exists() and target.read_text() == text:
            continue  # a newer file of the same text would have everything built again
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        print(f"wrote {path}", file=sys.stderr)


def generated() -> dict[str, str]:
    """Path, from the checkout's root, and text of every generated file."""
    return {
        "lmax/wire.pxd": render_pxd(),
        "lmax/_wire.pyx": render_pyx(),
        "lmax/state/declared.pxd": render_declared(),
        "docs/records.md": render_docs(),
    }

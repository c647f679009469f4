"""Writes what follows from the schemas: C structs, the tables of journal.md and snapshots.md."""

from __future__ import annotations

import sys
from pathlib import Path

from journal import schema
from journal.schema import STRUCTS, Field, offset_of, offsets
from journal.snapshot_schema import SNAPSHOT_STRUCTS

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- written by `python -m journal.generate` -->\n"
END = "<!-- until here -->\n"

Structs = dict[str, tuple[list[Field], int]]

PAGES: dict[str, Structs] = {
    "docs/journal.md": STRUCTS,
    "docs/snapshots.md": SNAPSHOT_STRUCTS,
}
"""Which tables stand in which page."""

_C = {"u32": "uint32_t", "u64": "uint64_t", "i64": "int64_t"}

CONSTANTS = {
    "FORMAT": schema.FORMAT,
    "BLOCK_BYTES": schema.BLOCK_BYTES,
    "MAX_BATCH_BYTES": schema.MAX_BATCH_BYTES,
    "MAX_BATCH": schema.MAX_BATCH,
    "HASH_BYTES": schema.HASH_BYTES,
    "SEGMENT_CHECKED_FROM": offset_of("SegmentHeader", "format"),
    "BATCH_CHECKED_FROM": offset_of("BatchHeader", "checksum"),
    "BATCH_HASHED_FROM": offset_of("BatchHeader", "count"),
    "BATCH_HASHED_TO": offset_of("BatchHeader", "hash"),
}


def _member(field: Field) -> str:
    if field.kind in _C:
        return f"{_C[field.kind]} {field.name}"
    return f"uint8_t {field.name}[{field.size}]"


def render_pxd() -> str:
    """The text of ``journal/layout.pxd``."""
    parts = [
        "# Written by `python -m journal.generate`; edit journal/schema.py instead.\n"
        "from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t\n\n\n"
        "cdef enum:\n" + "".join(f"    {name} = {value}\n" for name, value in CONSTANTS.items()),
        'cdef extern from *:\n    """\n'
        f"    #define LMAX_SEGMENT_MAGIC {_magic(schema.SEGMENT_MAGIC)}\n"
        f"    #define LMAX_BATCH_MAGIC {_magic(schema.BATCH_MAGIC)}\n"
        '    """\n'
        '    const uint64_t SEGMENT_MAGIC "LMAX_SEGMENT_MAGIC"\n'
        '    const uint64_t BATCH_MAGIC "LMAX_BATCH_MAGIC"\n',
    ]
    for name, (fields, _) in STRUCTS.items():
        # As an integer the magic is compared in one step.
        members = [
            "uint64_t magic" if field.name == "magic" else _member(field) for field in fields
        ]
        lines = "".join(f"    {member}\n" for member in members)
        parts.append(f"cdef struct {name}:\n{lines}")
    return "\n\n".join(parts)


def render_layouts() -> str:
    """The text of ``journal/_layout.pyx``: what the compiler made of it, for the tests."""
    lines = ["# Written by `python -m journal.generate`; edit journal/schema.py instead."]
    lines += [f"from journal.layout cimport {', '.join(sorted(STRUCTS))}"]
    for name, (fields, _) in STRUCTS.items():
        lines += ["", "", f"def {name.lower()}():", f"    cdef {name} header"]
        lines += ["    cdef char *base = <char *>&header", f"    return sizeof({name}), {{"]
        lines += [
            f'        "{f.name}": (<char *>&header.{f.name} - base, sizeof(header.{f.name})),'
            for f in fields
        ]
        lines += ["    }"]
    return "\n".join([*lines, ""])


def _magic(text: bytes) -> str:
    return f"0x{int.from_bytes(text, 'little'):016x}ULL"


def render_tables(structs: Structs = STRUCTS) -> str:
    """Tables of these headers for a page."""
    parts = []
    for name, (fields, _) in structs.items():
        rows = [
            f"| {at} | {field.size} | `{field.name}` | {field.kind} | {field.meaning} |"
            for at, field in zip(offsets(fields), fields, strict=True)
        ]
        head = "| offset | bytes | field | type | meaning |\n|---:|---:|---|---|---|\n"
        parts.append(f"### {name}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def with_tables(page: str, structs: Structs = STRUCTS) -> str:
    """The page with its tables written anew."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{render_tables(structs)}\n{END}{after}"


def main() -> None:
    """Write what is out of date."""
    for path, text in generated().items():
        target = ROOT / path
        if target.read_text() != text:  # a newer file of the same text would be built again
            target.write_text(text)
            print(f"wrote {path}", file=sys.stderr)


def generated() -> dict[str, str]:
    """Path, from the checkout's root, and text of every file that is written from the schema."""
    pages = {
        name: with_tables((ROOT / name).read_text(), structs) for name, structs in PAGES.items()
    }
    return {
        "journal/layout.pxd": render_pxd(),
        "journal/_layout.pyx": render_layouts(),
        **pages,
    }


if __name__ == "__main__":
    main()

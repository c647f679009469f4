"""docs/journal.md tells the truth about the bytes."""

import re
from pathlib import Path

import pytest

from journal._scan import SIZES, crc
from tests.journal.writing import BLOCK, batch_bytes, segments, written

ROOT = Path(__file__).resolve().parent.parent.parent
SIZE = {"char": 1, "uint32_t": 4, "uint64_t": 8, "int64_t": 8}


def documented(struct: str) -> list[tuple[int, int, str]]:
    """Offset, size and name of the fields in the struct's table."""
    text = (ROOT / "docs/journal.md").read_text()
    section = text.split(f"### {struct}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| `(\w+)` \|", section, re.M)
    return [(int(offset), int(size), name) for offset, size, name in rows]


def declared(struct: str) -> list[tuple[int, int, str]]:
    """The same as a C compiler lays out the declaration in journal/format.pxd."""
    text = (ROOT / "journal/format.pxd").read_text()
    body = re.search(rf"cdef struct {struct}:\n((?:    .*\n)+)", text)
    assert body
    fields, at = [], 0
    for kind, name, count in re.findall(r"^    (\w+) (\w+)(?:\[(\d+)\])?", body[1], re.M):
        at = -(-at // SIZE[kind]) * SIZE[kind]
        size = SIZE[kind] * int(count or 1)
        fields.append((at, size, name))
        at += size
    return fields


@pytest.mark.parametrize("struct", ["SegmentHeader", "BatchHeader"])
def test_the_tables_are_those_of_the_declarations(struct: str) -> None:
    assert documented(struct) == declared(struct)
    offset, size, _ = declared(struct)[-1]
    assert offset + size == 128


def fields_of(struct: str, data: bytes) -> dict[str, bytes]:
    return {name: data[offset : offset + size] for offset, size, name in documented(struct)}


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def test_a_journal_can_be_read_with_the_page_alone(tmp_path: Path, seed: int) -> None:
    commands = written(tmp_path, seed, [10, 40, 450])
    page = (ROOT / "docs/journal.md").read_text()
    assert "1 to 8,191 commands" in page
    assert SIZES == (BLOCK, 1 << 20, 8191)
    read, previous = b"", 0
    for path in segments(tmp_path)[:2]:
        data = path.read_bytes()
        header = fields_of("SegmentHeader", data)
        assert number(header["checksum"]) == crc(data[4:128])
        assert (header["magic"], number(header["format"])) == (b"LMAXSEG1", 1)
        assert number(header["number"]) == int(path.stem)
        assert number(header["first_sequence"]) == len(read) // 128 + 1
        assert number(header["segment_bytes"]) == len(data)
        assert number(header["previous_checksum"]) == previous
        at = BLOCK
        while (batch := fields_of("BatchHeader", data[at:]))["magic"] == b"LBAT":
            count = number(batch["count"])
            assert number(batch["first_sequence"]) == len(read) // 128 + 1
            assert number(batch["previous_checksum"]) == previous
            content = data[at + 8 : at + 128 + 128 * count]
            assert number(batch["checksum"]) == crc(content, previous)
            assert number(batch["epoch"]) == 1
            read += content[120:]
            previous = number(batch["checksum"])
            at += batch_bytes(count)
        assert not any(data[at:])
    assert read == commands.tobytes()

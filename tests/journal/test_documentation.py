"""docs/journal.md tells the truth about the bytes."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from journal import schema
from journal._layout import batchheader, segmentheader
from journal._scan import SIZES, crc
from journal.generate import render_layouts, render_pxd, with_tables
from journal.schema import BATCH, SEGMENT, STRUCTS, offsets
from tests.journal.writing import BLOCK, CLUSTER, batch_bytes, segments, written

LAYOUTS = {"SegmentHeader": segmentheader, "BatchHeader": batchheader}
ROOT = Path(__file__).resolve().parent.parent.parent


def documented(struct: str) -> list[tuple[int, int, str]]:
    """Offset, size and name of the fields in the struct's table."""
    text = (ROOT / "docs/journal.md").read_text()
    section = text.split(f"### {struct}\n")[1].split("\n<!--")[0].split("\n#")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| `(\w+)` \|", section, re.M)
    return [(int(offset), int(size), name) for offset, size, name in rows]


def test_the_written_files_are_those_of_the_table() -> None:
    assert (ROOT / "journal/layout.pxd").read_text() == render_pxd(), "run journal.generate"
    assert (ROOT / "journal/_layout.pyx").read_text() == render_layouts(), "run journal.generate"
    page = (ROOT / "docs/journal.md").read_text()
    assert page == with_tables(page), "run journal.generate"


@pytest.mark.parametrize("struct", STRUCTS)
def test_compiler_table_page_and_numpy_lay_a_header_out_alike(struct: str) -> None:
    fields, size = STRUCTS[struct]
    declared = [(at, f.size, f.name) for at, f in zip(offsets(fields), fields, strict=True)]
    assert documented(struct) == declared
    assert LAYOUTS[struct]() == (size, {name: (at, bytes_) for at, bytes_, name in declared})
    dtype = {"SegmentHeader": SEGMENT, "BatchHeader": BATCH}[struct]
    assert dtype.itemsize == size == declared[-1][0] + declared[-1][1]
    assert dtype.fields is not None
    assert {name: field[1] for name, field in dtype.fields.items()} == {
        name: at for at, _, name in declared
    }


def test_a_header_field_that_is_not_aligned_is_refused() -> None:
    odd = [schema.Field("a", "u32", ""), schema.Field("b", "u64", "")]
    with pytest.raises(ValueError, match="b at 4 is not aligned"):
        offsets(odd)


def test_no_sequence_looks_like_the_beginning_of_a_batch() -> None:
    """A command begins with its sequence, which stays below 2^63."""
    assert int.from_bytes(schema.BATCH_MAGIC, "little") >= 2**63


def fields_of(struct: str, data: bytes) -> dict[str, bytes]:
    return {name: data[offset : offset + size] for offset, size, name in documented(struct)}


def number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def test_a_journal_can_be_read_with_the_page_alone(tmp_path: Path, seed: int) -> None:
    commands = written(tmp_path, seed, [10, 40, 450], cluster=CLUSTER)
    page = (ROOT / "docs/journal.md").read_text()
    assert "1 to 8,191 commands" in page
    assert SIZES == (BLOCK, 1 << 20, 8191)
    read, previous = b"", CLUSTER + bytes(16)
    for path in segments(tmp_path)[:2]:
        data = path.read_bytes()
        header = fields_of("SegmentHeader", data)
        assert number(header["checksum"]) == crc(data[4:256])
        assert (header["magic"], number(header["format"])) == (b"LMAXSEG1", 2)
        assert number(header["number"]) == number(header["generation"]) == int(path.stem)
        assert number(header["first_sequence"]) == len(read) // 128 + 1
        assert number(header["segment_bytes"]) == len(data)
        assert (header["previous"], header["cluster"]) == (previous, CLUSTER)
        at = BLOCK
        while (batch := fields_of("BatchHeader", data[at:]))["magic"] == b"LMAXBAT\xff":
            count = number(batch["count"])
            assert number(batch["first_sequence"]) == len(read) // 128 + 1
            assert number(batch["header_checksum"]) == crc(data[at + 12 : at + 128])
            content = data[at + 128 : at + 128 + 128 * count]
            assert number(batch["checksum"]) == crc(content)
            assert batch["previous"] == previous
            assert batch["generation"] == header["generation"]
            assert batch["hash"] == hashlib.sha256(content + data[at + 16 : at + 64]).digest()
            assert number(batch["epoch"]) == 1
            read += content
            previous = batch["hash"]
            at += batch_bytes(count)
        assert not any(data[at:])
    assert read == commands.tobytes()
    first = np.fromfile(segments(tmp_path)[0], SEGMENT, 1)[0]
    assert (first["format"], first["first_sequence"]) == (2, 1)

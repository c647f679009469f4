"""The ITCH reader: every field of every message, and an exact complaint at the first bad one."""

import gzip
import time

import pytest

from flow.itch_layout import LENGTHS, SKIPPED
from flow.itch_reader import ItchReader
from flow.itch_write import end_of_file, message
from tests.flow.reading import read_all
from tests.flow.venue import itch_day, whole_file

NOON = 43_200_000_000_123

MESSAGES = [
    message("S", time=1, code="O"),
    message("R", time=2, locate=7, symbol="BRK.A"),
    message("H"),
    message("A", time=NOON, locate=7, order=2**40, side="B", shares=300, symbol="BRK.A",
            price=4_200_000_000),
    message("F", time=NOON, locate=7, order=9, side="S", shares=1, price=1, attribution="MM"),
    message("E", time=NOON, locate=7, order=9, shares=5, match=77),
    message("C", time=NOON, locate=7, order=9, shares=5, match=78, code="N", price=123),
    message("X", time=NOON, locate=7, order=9, shares=4),
    message("U", time=NOON, locate=7, order=9, new_order=10, shares=6, price=124),
    message("D", time=NOON, locate=7, order=10),
    message("P", time=NOON, locate=7, side="B", shares=11, symbol="BRK.A", price=125, match=79),
    message("S", time=86_399_999_999_999, code="C"),
]  # fmt: skip

EXPECTED = [
    (b"S", 0, b"O", 0, 1, 0, 0, 0, 0, b""),
    (b"R", 0, 0, 7, 2, 0, 0, 0, 0, b"BRK.A   "),
    (b"H", 0, 0, 0, 0, 0, 0, 0, 0, b""),
    (b"A", b"B", 0, 7, NOON, 2**40, 0, 300, 4_200_000_000, b"BRK.A   "),
    (b"F", b"S", 0, 7, NOON, 9, 0, 1, 1, b""),
    (b"E", 0, 0, 7, NOON, 9, 0, 5, 0, b""),
    (b"C", 0, b"N", 7, NOON, 9, 0, 5, 123, b""),
    (b"X", 0, 0, 7, NOON, 9, 0, 4, 0, b""),
    (b"U", 0, 0, 7, NOON, 9, 10, 6, 124, b""),
    (b"D", 0, 0, 7, NOON, 10, 0, 0, 0, b""),
    (b"P", b"B", 0, 7, NOON, 0, 0, 11, 125, b"BRK.A   "),
    (b"S", 0, b"C", 0, 86_399_999_999_999, 0, 0, 0, 0, b""),
]

STARTS = [sum(map(len, MESSAGES[:k])) for k in range(len(MESSAGES) + 1)]


@pytest.fixture
def written(tmp_path):
    """Writes bytes to a file and returns its path."""

    def write(data):
        path = tmp_path / "day.itch"
        path.write_bytes(data)
        return path

    return write


def _codes(record):
    return tuple(field[0] if isinstance(field, bytes) and k < 3 else field
                 for k, field in enumerate(record))  # fmt: skip


def test_every_field_of_every_message_is_read(written):
    records, error = read_all(ItchReader(written(b"".join(MESSAGES))))
    assert error is None
    assert records == [_codes(record) for record in EXPECTED]


def test_a_message_reads_as_the_specification_writes_it(written):
    """Bytes by hand, so that reader and writer cannot share a mistake."""
    add = bytes.fromhex(
        "0024 41 0007 0000 274a48a7807b 0000010000000000 42 0000012c 42524b2e41202020 fa56ea00"
    )
    assert add == MESSAGES[3]
    replace = bytes.fromhex(
        "0023 55 0007 0000 274a48a7807b 0000000000000009 000000000000000a 00000006 0000007c"
    )
    assert replace == MESSAGES[8]
    records, _ = read_all(ItchReader(written(add + replace)))
    assert records == [_codes(EXPECTED[3]), _codes(EXPECTED[8])]


def test_all_messages_of_the_specification_have_its_lengths():
    """Bytes as in NASDAQ's document, section by section."""
    assert LENGTHS == {
        "S": 12, "R": 39, "H": 25, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21,
        "A": 36, "F": 40, "E": 31, "C": 36, "X": 23, "D": 19, "U": 35, "P": 44, "Q": 40, "B": 19,
        "I": 50, "N": 20, "O": 48,
    }  # fmt: skip


@pytest.mark.parametrize("letter", SKIPPED)
def test_messages_that_are_only_counted_are_stepped_over(written, letter):
    data = MESSAGES[9] + message(letter) + MESSAGES[9]
    records, error = read_all(ItchReader(written(data)))
    assert error is None
    assert [record[0] for record in records] == [ord("D"), ord(letter), ord("D")]


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 37, 1_000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_how_much_is_read_at_once_changes_nothing(written, chunk_bytes, pack):
    data = b"".join(MESSAGES) + end_of_file()
    path = written(pack(data))
    reader = ItchReader(path, chunk_bytes)
    assert read_all(reader) == ([_codes(record) for record in EXPECTED], None)
    assert reader.offset == len(data) - len(end_of_file())
    assert reader.packed_offset == path.stat().st_size


def test_several_gzip_files_in_one_are_read_through(written):
    half = [b"".join(MESSAGES[:5]), b"".join(MESSAGES[5:])]
    for chunk_bytes in (10, 100_000):
        reader = ItchReader(written(b"".join(map(gzip.compress, half))), chunk_bytes)
        assert read_all(reader) == ([_codes(record) for record in EXPECTED], None)


def test_a_file_cut_at_any_byte_gives_what_is_whole_and_names_the_cut_message(written):
    data = b"".join(MESSAGES)
    for size in range(1, len(data)):
        whole = sum(start <= size for start in STARTS[1:])
        records, error = read_all(ItchReader(written(data[:size])))
        assert records == [_codes(record) for record in EXPECTED[:whole]], size
        if size in STARTS:
            assert error is None
        else:
            assert error.offset == STARTS[whole], size
            assert "cut" in error.what


def test_a_gzip_file_cut_at_any_byte_gives_a_prefix_and_says_that_it_is_cut(written):
    packed = gzip.compress(b"".join(MESSAGES))
    everything = [_codes(record) for record in EXPECTED]
    seen = set()
    for size in range(2, len(packed)):
        records, error = read_all(ItchReader(written(packed[:size])))
        assert records == everything[: len(records)], size
        assert "cut" in error.what, size
        seen.add(len(records))
    assert len(everything) in seen, "only the checksum was missing"


def test_a_damaged_gzip_file_gives_all_that_came_before_the_damage(written):
    messages, _, _ = itch_day(1, 3_000)
    data = b"".join(messages)
    packed = bytearray(gzip.compress(data))
    everything, _ = read_all(ItchReader(written(data)))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    records, error = read_all(ItchReader(written(bytes(packed))))
    assert error is not None
    assert len(records) > len(everything) // 3
    good = sum(a == b for a, b in zip(records, everything, strict=False))
    assert good > len(everything) // 3
    assert error.offset <= len(data)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (b"\x00\x25" + MESSAGES[3][2:] + b"x", "a A message has 36 bytes, its length says 37"),
        (b"\x00\x01A", "a A message has 36 bytes, its length says 1"),
        (b"\x00\x05zabcd", "message type 'z' (length 5) is not one of ITCH 5.0"),
        (b"34200.5,1,11,50,1000900,1\n", "is not one of ITCH 5.0; is this an ITCH file?"),
        (b"\xff\xffA" + bytes(70_000), "a A message has 36 bytes, its length says 65535"),
        (end_of_file(), "length 0, which ends a file, is followed by more"),
        (message("S", code="Z"), "system event is 'Z'"),
        (message("R", locate=0, symbol="X"), "locate 0 and symbol"),
        (message("R", locate=1, symbol=""), "name no stock"),
        (message("R", locate=1, symbol="A B"), "name no stock"),
        (message("A", order=0, side="B", shares=1, price=1), "order of the A message is 0"),
        (message("A", order=1, side="B", shares=0, price=1), "shares of the A message is 0"),
        (message("A", order=1, side="B", shares=1, price=0), "price of the A message is 0"),
        (message("F", order=1, side="x", shares=1, price=1), "side of the F message is 'x'"),
        (message("E", order=1, shares=0), "shares of the E message is 0"),
        (message("D", order=0), "order of the D message is 0"),
        (message("U", order=1, shares=1, price=1), "new_order of the U message is 0"),
        (message("U", order=1, new_order=2, shares=1), "price of the U message is 0"),
        (message("X", time=86_400 * 10**9, order=1, shares=1), "a day has 86400000000000"),
    ],
)
def test_a_bad_message_is_explained(written, bad, what):
    good = MESSAGES[9]
    for chunk_bytes in (5, 1 << 18):
        reader = ItchReader(written(good + bad + good), chunk_bytes)
        records, error = read_all(reader)
        assert records == [_codes(EXPECTED[9])]
        assert what in error.what
        assert (error.offset, error.line) == (len(good), None)


def test_any_changed_byte_leaves_what_came_before_as_it_was(written):
    """Nothing but a FlowError may come out of a damaged file, and nothing before it may change."""
    data = b"".join(MESSAGES)
    everything = [_codes(record) for record in EXPECTED]
    for at in range(len(data)):
        before = sum(start <= at for start in STARTS[1:])
        for mask in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[at] ^= mask
            records, error = read_all(ItchReader(written(bytes(damaged))))
            assert records[:before] == everything[:before], at
            assert error is None or error.offset >= STARTS[before], at


def test_speed_is_printed(written):
    """A number for the reader: messages read in a second of processor time."""
    messages, _, _ = itch_day(2, 20_000)
    path = written(whole_file(messages * 10))
    started = time.process_time()
    count = sum(map(len, ItchReader(path)))
    print(f"{count / (time.process_time() - started) / 1e6:.2f} million messages/s")
    assert count == 10 * len(messages)

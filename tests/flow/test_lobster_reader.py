"""The LOBSTER reader: exact numbers, and an exact complaint at the first bad line."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow import FlowError
from flow.lobster_reader import LobsterReader
from tests.flow.reading import DATA, read_all

SAMPLE = DATA / "HAND_message_2.csv"
GOOD = b"34200.5,1,11,50,1000900,1\n"


@pytest.fixture
def written(tmp_path):
    """Writes bytes to a file and returns its path."""

    def write(text):
        path = tmp_path / "message.csv"
        path.write_bytes(text)
        return path

    return write


def test_the_sample_is_read_to_the_nanosecond_through_its_byte_order_mark():
    records, error = read_all(LobsterReader(SAMPLE))
    assert error is None
    assert len(records) == 16
    assert records[0] == (34_200_000_000_001, 1, 11, 50, 1_000_900, 1)
    assert records[3] == (34_201_000_000_000, 2, 11, 20, 1_000_900, 1)
    assert records[11] == (34_205_000_000_000, 7, 0, 0, -1, -1)


@pytest.mark.parametrize(
    ("seconds", "nanoseconds"),
    [
        ("0", 0),
        ("34200", 34_200_000_000_000),
        ("34200.1", 34_200_100_000_000),
        ("34200.000000001", 34_200_000_000_001),
        ("86399.999999999", 86_399_999_999_999),
        ("35821.088778456004", 35_821_088_778_456),
        ("35821.0887784559", 35_821_088_778_456),
        ("35821.9999999996", 35_822_000_000_000),
    ],
)
def test_seconds_become_nanoseconds_rounded_half_up(written, seconds, nanoseconds):
    path = written(f"{seconds},1,11,50,1000900,1\n".encode())
    assert read_all(LobsterReader(path))[0][0][0] == nanoseconds


def test_line_ends_of_either_kind_and_a_missing_last_one_are_understood(written):
    lines = [GOOD.strip()] * 3
    for text in (b"\n".join(lines), b"\r\n".join(lines), b"\r\n".join(lines) + b"\r\n"):
        records, error = read_all(LobsterReader(written(text)))
        assert (len(records), error) == (3, None)


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 33, 64, 1_000])
def test_how_much_is_read_at_once_changes_nothing(chunk_bytes):
    expected = read_all(LobsterReader(SAMPLE))
    reader = LobsterReader(SAMPLE, chunk_bytes)
    assert read_all(reader) == expected
    assert reader.offset == SAMPLE.stat().st_size


def test_a_file_cut_at_any_byte_gives_what_is_whole_and_names_the_cut_line(written):
    text = SAMPLE.read_bytes()
    whole, _ = read_all(LobsterReader(SAMPLE))
    for size in range(4, len(text)):
        start = text.rfind(b"\n", 0, size) + 1 or 3
        lines_before = text.count(b"\n", 0, size)
        line_is_whole = text[size : size + 1] == b"\n"
        records, error = read_all(LobsterReader(written(text[:size])))
        if size == start or line_is_whole:
            assert (records, error) == (whole[: lines_before + line_is_whole], None), size
            continue
        assert records == whole[:lines_before], size
        assert (error.offset, error.line) == (start, lines_before + 1), size


def test_a_letter_at_any_byte_stops_the_reading_at_its_line(written):
    text = SAMPLE.read_bytes()
    whole, _ = read_all(LobsterReader(SAMPLE))
    for at in range(3, len(text)):
        damaged = text[:at] + b"x" + text[at + 1 :]
        lines_before = text.count(b"\n", 0, at)
        for chunk_bytes in (50, 10_000):
            records, error = read_all(LobsterReader(written(damaged), chunk_bytes))
            assert records == whole[:lines_before], at
            assert error.line == lines_before + 1, at
            assert error.offset == (text.rfind(b"\n", 0, at) + 1 or 3), at


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"34200.5,1,11,50,1000900", "expected 6 numbers between commas, found 5"),
        (b"34200.5,1,11,50,1000900,1,7", "expected 6 numbers between commas, found 7"),
        (b"", "expected 6 numbers between commas, found 1"),
        (b"34200.,1,11,50,1000900,1", 'time is "34200.", not a decimal number'),
        (b"-1,1,11,50,1000900,1", 'time is "-1", not a decimal number'),
        (b"3.4.2,1,11,50,1000900,1", 'time is "3.4.2", not a decimal number'),
        (b",1,11,50,1000900,1", 'time is "", not a decimal number'),
        (b"86400,1,11,50,1000900,1", "time is 86400 seconds; a day has 86400"),
        (b"34200.5,1,1.5,50,1000900,1", 'order id is "1.5", not a whole number'),
        (b"34200.5,1,,50,1000900,1", 'order id is "", not a whole number'),
        (b"34200.5,1,11,50,1000900,--1", 'direction is "--1", not a whole number'),
        (b"34200.5,1,11,50,1234567890123456789,1", 'price is "1234567890123456789"'),
        (b"34200.5,0,11,50,1000900,1", "type is 0; it must be 1 to 7"),
        (b"34200.5,8,11,50,1000900,1", "type is 8; it must be 1 to 7"),
        (b"34200.5,1,0,50,1000900,1", "order id is 0; it must be at least 1"),
        (b"34200.5,4,11,0,1000900,1", "size is 0; it must be at least 1"),
        (b"34200.5,3,11,50,-5,1", "price is -5; it must be at least 1"),
        (b"34200.5,1,11,50,1000900,0", "direction is 0; it must be 1 or -1"),
        (b"\x00\x24A\x00", "bytes that are not text"),
        (b"x" * 300, "found 1 in"),
    ],
)
def test_a_bad_line_is_explained(written, line, what):
    path = written(GOOD + line + b"\n" + GOOD)
    records, error = read_all(LobsterReader(path))
    assert len(records) == 1
    assert what in error.what
    assert (error.offset, error.line, error.path) == (len(GOOD), 2, path)
    assert str(error).startswith(f"{path}: line 2, byte {len(GOOD)}: ")


def test_an_endless_line_is_refused_before_it_is_all_read(written):
    reader = LobsterReader(written(b"1" * 100_000), chunk_bytes=1_000)
    with pytest.raises(FlowError, match="expected 6 numbers"):
        next(iter(reader))


def test_a_file_of_nothing_but_a_byte_order_mark_holds_no_message(written):
    with pytest.raises(FlowError, match="holds no message"):
        list(LobsterReader(written(b"\xef\xbb\xbf")))


MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 86_400 * 10**9 - 1),
        st.integers(1, 5),
        st.integers(1, 10**17),
        st.integers(1, 10**9),
        st.integers(1, 10**12),
        st.sampled_from([1, -1]),
    ),
    min_size=1,
)


@given(messages=MESSAGES, chunk_bytes=st.integers(1, 200))
def test_what_is_written_is_what_is_read(tmp_path_factory, messages, chunk_bytes):
    path = tmp_path_factory.mktemp("written") / "message.csv"
    lines = [
        f"{ns // 10**9}.{ns % 10**9:09d}".rstrip("0").rstrip(".")
        if ns % 10**9
        else f"{ns // 10**9}"
        for ns, *_ in messages
    ]
    rest = [",".join(map(str, fields)) for _, *fields in messages]
    path.write_text("".join(f"{a},{b}\n" for a, b in zip(lines, rest, strict=True)))
    assert read_all(LobsterReader(path, chunk_bytes)) == (messages, None)


def test_speed_is_printed(written):
    """A number for the reader: messages parsed in a second of processor time."""
    path = written(
        SAMPLE.read_bytes() * 1 + b"".join(SAMPLE.read_bytes()[3:] for _ in range(5_000))
    )
    started = time.process_time()
    messages = sum(map(len, LobsterReader(path)))
    print(f"{messages / (time.process_time() - started) / 1e6:.2f} million messages/s")
    assert messages == 16 * 5_001

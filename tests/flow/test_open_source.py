"""Files that are not what they are said to be get an answer that helps."""

import lzma

import pytest

from flow import FORMATS, FlowError, open_source
from flow.itch_write import message
from tests.flow.reading import DATA, read_all

SAMPLE = DATA / "HAND_message_2.csv"


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_file_a_folder_and_an_empty_file_are_refused_at_once(tmp_path, format_name):
    empty = tmp_path / "empty"
    empty.touch()
    for path, what in (
        (tmp_path / "none", "cannot be opened: No such file or directory"),
        (tmp_path, "is a folder; name a file"),
        (empty, "is empty"),
    ):
        with pytest.raises(FlowError, match=what) as refused:
            open_source(path, format_name)
        assert refused.value.path == path
        assert str(refused.value).startswith(f"{path}: byte 0: ")


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="format is 'fix'; it must be one of lobster, itch"):
        open_source(SAMPLE, "fix")


def test_a_lobster_file_read_as_itch_is_not_an_itch_file():
    records, error = read_all(open_source(SAMPLE, "itch").batches())
    assert records == []
    assert "is this an ITCH file?" in error.what
    assert error.offset == 0


def test_an_itch_file_read_as_lobster_is_not_a_lobster_file(tmp_path):
    path = tmp_path / "day"
    path.write_bytes(message("S", code="O") + message("R", locate=1, symbol="ACME"))
    records, error = read_all(open_source(path, "lobster").batches())
    assert records == []
    assert "is this a LOBSTER message file?" in error.what
    assert (error.offset, error.line) == (0, 1)


def test_a_compressed_lobster_file_is_to_be_unpacked_first(tmp_path):
    path = tmp_path / "message.csv.xz"
    path.write_bytes(lzma.compress(SAMPLE.read_bytes()))
    _, error = read_all(open_source(path, "lobster").batches())
    assert error.what == "the file is compressed; unpack it first"

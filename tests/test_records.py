"""Commands and events are one declaration: every form of it says the same."""

from pathlib import Path

import numpy as np
import pytest

from lmax import _wire, generate, schema

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("path", generate.generated())
def test_a_generated_file_is_what_the_schema_writes(path):
    """Run ``make generate`` and commit if this fails."""
    assert (ROOT / path).read_text() == generate.generated()[path]


def test_a_command_fits_two_cache_lines():
    assert schema.COMMAND.itemsize <= 128


@pytest.mark.parametrize(
    ("name", "dtype", "layout"),
    [
        ("Command", schema.COMMAND, _wire.command_layout()),
        ("Event", schema.EVENT, _wire.event_layout()),
        ("Message", schema.MESSAGE, _wire.message_layout()),
        ("Report", schema.REPORT, _wire.report_layout()),
    ],
)
def test_the_compiler_lays_a_record_out_as_numpy_does(name, dtype: np.dtype, layout):
    assert dtype.fields is not None
    numpy_layout = {
        field: (offset, field_type.itemsize)
        for field, (field_type, offset, *_) in dtype.fields.items()
    }
    assert layout == numpy_layout
    assert _wire.record_sizes()[name] == dtype.itemsize


@pytest.mark.parametrize("name", schema.RECORDS)
def test_every_byte_of_a_record_up_to_its_end_has_a_field_on_its_natural_boundary(name: str):
    fields, size = schema.RECORDS[name]
    covered = set()
    for field, start in zip(fields, schema.offsets(fields), strict=True):
        assert start % min(schema.SIZES[field.kind], 8) == 0, f"{field.name} is not aligned"
        covered |= set(range(start, start + schema.SIZES[field.kind]))
    assert covered == set(range(size))


def test_only_fields_of_different_bodies_share_bytes():
    for body in [schema.HEAD_FIELDS, *schema.BODIES.values()]:
        taken: set[int] = set()
        for field, start in zip(body, schema.offsets(body), strict=True):
            own = set(range(start, start + schema.SIZES[field.kind]))
            assert not own & taken, f"{field.name} overlaps its neighbour"
            taken |= own


def test_the_compiler_knows_every_code_by_the_number_python_gives_it():
    expected = {
        prefix + member.name: member.value
        for enum, prefix in schema.ENUMS.items()
        for member in enum
    }
    expected |= {
        "RECORD_BYTES": schema.RECORD_BYTES,
        "MESSAGE_BYTES": schema.MESSAGE_BYTES,
        "REPORT_BYTES": schema.REPORT_BYTES,
        "MAX_INSTRUMENT": schema.MAX_INSTRUMENT,
        "MAX_ACCOUNT": schema.MAX_ACCOUNT,
    }
    assert _wire.enums() == expected


def test_every_reason_is_explained():
    assert set(schema.REASON_TEXT) == set(schema.Reason)
    assert all(schema.REASON_TEXT.values())


def test_every_code_fits_its_byte():
    values = [member.value for enum in schema.ENUMS for member in enum]
    assert min(values) >= 0
    assert max(values) <= 255


def test_values_written_through_numpy_keep_their_bytes_little_endian():
    command = np.zeros(1, schema.COMMAND)
    command["price"] = -2
    command["symbol"] = b"AAPL"
    offset = _wire.command_layout()["price"][0]
    raw = command.tobytes()
    assert raw[offset : offset + 8] == (-2).to_bytes(8, "little", signed=True)
    offset = _wire.command_layout()["symbol"][0]
    assert raw[offset : offset + 8] == b"AAPL\0\0\0\0"

"""`lmax journal` and `lmax ledger` on folders good and bad."""

import itertools
import json
import shutil
from pathlib import Path

import psycopg
import pytest

from journal.cutting import cut_behind
from journal.folder import RealFolder
from journal.reader import BLOCK_BYTES, Reader
from tests.cli.driving import SMALL, inside, lmax


@pytest.fixture
def copy(traded: tuple, tmp_path: Path) -> Path:
    """A journal of one's own to damage."""
    return Path(shutil.copytree(traded[0] / "journal", tmp_path / "journal"))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in folder.iterdir()}


def test_ls_counts_every_command_once(traded: tuple, outcome: dict):
    listed = inside("journal", "ls", traded[0], "--json").json
    segments = listed["segments"]
    assert listed["commands"] == outcome["commands"]
    assert sum(segment["batches"] for segment in segments) == outcome["batches"]
    assert len(segments) > 1
    for before, after in itertools.pairwise(segments):
        assert after["first"] == before["last"] + 1
    assert segments[-1]["last"] == outcome["last_sequence"]
    text = inside("journal", "ls", traded[0]).output
    assert segments[0]["name"] in text
    assert f"{outcome['commands']:,} commands" in text


def test_a_data_folder_and_its_journal_folder_mean_the_same(traded: tuple):
    assert (
        inside("journal", "verify", traded[0]).output
        == inside("journal", "verify", traded[0] / "journal").output
    )


def test_verify_finds_a_clean_journal_clean(traded: tuple, outcome: dict):
    verified = inside("journal", "verify", traded[0], "--json")
    assert verified.code == 0
    assert verified.json["state"] == "clean"
    assert verified.json["last_sequence"] == outcome["last_sequence"]


def test_verify_names_the_byte_of_damage_and_fails(copy: Path):
    first = copy / "00000001.segment"
    data = bytearray(first.read_bytes())
    data[BLOCK_BYTES + 300] ^= 1
    first.write_bytes(data)
    verified = inside("journal", "verify", copy, "--json")
    assert verified.code == 3
    assert verified.json["state"] == "corrupt"
    assert (verified.json["segment"], verified.json["offset"]) == (first.name, BLOCK_BYTES)
    assert verified.json["last_sequence"] == 0
    run = lmax("run", "--dir", copy.parent, "--for", "1", "--json")
    assert run.code == 3
    assert "byte 4096" in run.json["error"]


def test_verify_tells_a_torn_tail_which_is_no_damage(copy: Path, outcome: dict):
    listed = inside("journal", "ls", copy, "--json").json["segments"]
    last = copy / listed[-1]["name"]
    with last.open("r+b") as file:
        file.seek(listed[-1]["bytes"])
        file.write(b"LBAT" + b"\xff" * 200)
    before = contents(copy)
    verified = inside("journal", "verify", copy, "--json")
    assert verified.code == 0
    assert verified.json["state"] == "torn"
    assert verified.json["offset"] == listed[-1]["bytes"]
    assert verified.json["last_sequence"] == outcome["last_sequence"]
    assert contents(copy) == before


def test_looking_changes_nothing(copy: Path):
    before = contents(copy)
    for verb in ("ls", "verify", "dump", "replay"):
        assert inside("journal", verb, copy).code == 0
    assert contents(copy) == before


def test_dump_prints_the_commands_asked_for(traded: tuple):
    text = inside("journal", "dump", traded[0], "--from", "3", "--to", "4").output.splitlines()
    assert len(text) == 2
    assert text[0].split()[0] == "3"
    assert "define instrument" in text[0]
    assert "NVDA" in text[0]
    assert "open account" in text[1]
    lines = inside("journal", "dump", traded[0], "--from", "105", "--to", "204", "--json").output
    *commands, summary = map(json.loads, lines.splitlines())
    assert [command["sequence"] for command in commands] == list(range(105, 205))
    assert summary == {"commands": 100, "from": 105, "to": 204}
    assert {command["type"] for command in commands} >= {"NEW_ORDER"}


def test_ledger_check_tells_every_difference_in_a_line(tmp_path: Path, postgres: str):
    options = ["--dir", tmp_path, "--dsn", postgres]
    assert lmax("run", *options, "--for", "0.5", "--rate", "1000", *SMALL).code == 0
    with psycopg.connect(postgres) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE lmax.balances SET cash = cash + 7 WHERE account = 5")
    check = inside("ledger", "check", tmp_path, "--dsn", postgres)
    assert check.code == 1
    assert any("cash: account 5: expected" in line for line in check.output.splitlines())
    told = inside("ledger", "check", tmp_path, "--dsn", postgres, "--json")
    assert told.code == 1
    assert told.json["discrepancies"] == len(told.json["differences"]) > 0


def test_dump_prints_what_was_cut_off_a_journal(copy: Path):
    folder = RealFolder(copy)
    with Reader(copy) as reader:
        at = int(reader.read(1)["sequence"][-1])
    whole = inside("journal", "dump", copy).output
    tail = cut_behind(folder, at, snapshots=None).tail
    assert (
        inside("journal", "dump", copy).output + inside("journal", "dump", copy / tail).output
        == whole
    )
    told = inside("journal", "dump", copy / "00000001.segment")
    assert told.code == 3
    assert "is no tail of a journal" in told.errors


@pytest.mark.parametrize("verb", ["ls", "verify", "dump", "replay"])
def test_a_folder_without_a_journal_is_told(tmp_path: Path, verb: str):
    done = inside("journal", verb, tmp_path, "--json")
    assert done.code == 3
    assert str(tmp_path) in done.json["error"]
    assert list(tmp_path.iterdir()) == []


def test_a_check_without_a_database_is_told(copy: Path):
    done = inside("ledger", "check", copy.parent)
    assert done.code == 4
    assert "--dsn" in done.errors

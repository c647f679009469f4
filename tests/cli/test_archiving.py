"""`lmax journal archive`, `restore`, `export` and their neighbours, as a person runs them."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from journal.archive.signing import make_key
from tests.cli.driving import inside, lmax, running


@pytest.fixture
def venue(traded: tuple, tmp_path: Path) -> Path:
    """A data folder of one's own, with a snapshot and a key beside it."""
    data = tmp_path / "data"
    shutil.copytree(traded[0] / "journal", data / "journal")
    assert inside("snapshot", data).code == 0
    assert inside("journal", "archive-key", tmp_path / "key").code == 0
    return data


def archived(venue: Path) -> dict:
    done = inside(
        *("journal", "archive", venue, "--to", venue.parent / "archive"),
        *("--key", venue.parent / "key", "--tail", "--json"),
    )
    assert done.code == 0, done.errors
    return json.loads(done.output.splitlines()[-1])


def test_f25_archive_and_restore_give_the_same_state(venue: Path, outcome: dict):
    where, public = venue.parent / "archive", venue.parent / "key.pub"
    done = archived(venue)
    assert done["last_sequence"] == outcome["last_sequence"]
    assert any(name.endswith(".snapshot.zst") for name in done["archived"])
    checked = inside(
        *("journal", "verify-archive", where, "--public-key", public),
        *("--checkpoint", done["checkpoint"], "--json"),
    )
    assert (checked.code, checked.json["state"]) == (0, "good")
    new = venue.parent / "new"
    restored = inside("journal", "restore", new, "--from", where, "--public-key", public, "--json")
    assert restored.code == 0, restored.errors
    replayed = inside("journal", "replay", new, "--json").json
    assert replayed["state_hash"] == outcome["state_hash"]


def test_f39_a_cut_manifest_has_an_exit_code_of_its_own(venue: Path):
    where, public = venue.parent / "archive", venue.parent / "key.pub"
    checkpoint = archived(venue)["checkpoint"]
    sorted((where / "manifest").iterdir())[-1].unlink()
    checked = inside(
        *("journal", "verify-archive", where, "--public-key", public),
        *("--checkpoint", checkpoint, "--quick", "--json"),
    )
    assert checked.code == 8
    assert "the manifest was cut" in checked.errors


def test_prune_deletes_what_is_safe_and_verify_replay_and_export_go_on(venue: Path, outcome: dict):
    archived(venue)
    options = ("--archive", venue.parent / "archive", "--key", venue.parent / "key")
    kept = inside("journal", "prune", venue, *options, "--json").json
    assert kept["deleted"] == [], "archived a moment ago"
    done = inside(
        *("journal", "prune", venue, *options),
        *("--older-than", 0, "--snapshots", 1, "--json"),
    ).json
    assert done["deleted"][0] == "00000001.segment"
    assert inside("journal", "verify", venue).code == 0
    replayed = inside("journal", "replay", venue, "--json").json
    assert replayed["state_hash"] == outcome["state_hash"]
    early = inside(
        *("journal", "export", venue, "--from-sequence", 1, "--to-sequence", 9),
        *("--out", venue / "early.npy"),
    )
    assert early.code == 3
    assert not (venue / "early.npy").exists()
    out = venue / "early.jsonl"
    assert (
        inside(
            *("journal", "export", venue.parent / "archive"),
            *("--from-sequence", 1, "--to-sequence", 9, "--out", out),
        ).code
        == 0
    )
    assert json.loads(out.read_text().splitlines()[0])["sequence"] == 1


def test_a_run_goes_on_in_a_folder_that_was_pruned(venue: Path, postgres: str):
    """It begins with a snapshot, and does not ask for the commands that made the market."""
    on = ("run", "--dir", venue, "--for", 0.2, "--rate", 2000, "--dsn", postgres, "--plain")
    assert lmax(*on, "--json").json["discrepancies"] == 0
    assert inside("snapshot", venue).code == 0
    archived(venue)
    options = ("--archive", venue.parent / "archive", "--key", venue.parent / "key")
    pruned = inside("journal", "prune", venue, *options, "--older-than", 0, "--json").json
    assert "00000001.segment" in pruned["deleted"]
    gone_on = lmax(*on, "--json")
    assert (gone_on.code, gone_on.json["discrepancies"]) == (0, 0), gone_on.errors
    assert gone_on.json["commands"] > 0
    other = lmax(*on, "--accounts", 7)
    assert (other.code, "is not the beginning of the market asked for" in other.errors) == (2, True)


def test_export_writes_a_range_for_numpy_and_as_lines(venue: Path):
    numbers, lines = venue / "events.npy", venue / "events.jsonl"
    for out in (numbers, lines):
        done = inside(
            *("journal", "export", venue, "--from-sequence", 100, "--to-sequence", 200),
            *("--out", out, "--json"),
        ).json
        assert (done["first_sequence"], done["last_sequence"]) == (100, 200)
    events = np.load(numbers)
    objects = [json.loads(line) for line in lines.read_text().splitlines()]
    assert len(events) == len(objects) == done["events"]
    for name in ("sequence", "timestamp", "account"):
        assert [o.get(name, 0) for o in objects] == events[name].tolist()
    again = inside("journal", "export", venue, "--out", numbers)
    assert again.code == 2
    assert "it is there already" in again.errors


def test_export_of_a_day_has_all_of_it_and_the_day_after_nothing(venue: Path, outcome: dict):
    dump = inside("journal", "dump", venue, "--from", 1, "--to", 1).output
    day = date.fromisoformat(dump.split()[1][:10])
    counts = []
    for number in (-1, 0, 1):
        other = day + timedelta(days=number)
        done = inside("journal", "export", venue, "--day", other, "--out", venue / f"{number}.npy")
        assert done.code == 0, done.errors
        counts.append(len(np.load(venue / f"{number}.npy")))
    assert sum(counts) >= outcome["commands"]
    assert counts[0] == 0


def test_repair_takes_a_segment_from_a_machine_that_serves(venue: Path, tmp_path: Path):
    copy = Path(shutil.copytree(venue, tmp_path / "copy"))
    first = copy / "journal" / "00000001.segment"
    data = bytearray(first.read_bytes())
    data[5000] ^= 1
    first.write_bytes(data)
    with running(tmp_path / "out", "journal", "serve", venue, "--listen", "127.0.0.1:0") as serving:
        serving.until(lambda errors: "serving" in errors)
        url = serving.errors.split()[-1]
        done = inside("journal", "repair", copy, "--from", url, "--json")
    assert done.code == 0, done.errors
    assert done.json["segments"] == ["00000001.segment"]
    assert inside("journal", "verify", copy).code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("archive", "DIR", "--to", "TMP/a", "--key", "TMP/none"), "archive-key"),
        (("restore", "TMP/n", "--from", "TMP/none", "--public-key", "TMP/key.pub"), "is not there"),
        (("restore", "TMP/n", "--from", "DIR", "--public-key", "TMP/key.pub"), "holds no archive"),
        (("archive", "DIR", "--to", "s3://a:b@c/d", "--key", "TMP/key"), "without credentials"),
        (("repair", "DIR", "--from", "ftp://x"), "name DIR, s3://"),
        (("export", "DIR", "--out", "TMP/x.csv"), ".npy or .jsonl"),
        (("serve", "DIR", "--listen", "0.0.0.0:0"), "name a token"),
    ],
)
def test_what_cannot_be_done_is_told(traded: tuple, tmp_path: Path, arguments: tuple, words: str):
    make_key(tmp_path / "key")
    names = {"DIR": str(traded[0]), "TMP": str(tmp_path)}
    given = [names.get(a, a.replace("TMP", names["TMP"])) for a in arguments]
    done = inside("journal", *given)
    assert done.code in (2, 3, 8)
    assert words in done.errors.replace("\n", " ")

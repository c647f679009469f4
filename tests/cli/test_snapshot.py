"""`lmax snapshot`, and `lmax run` with snapshots: a run, a look, another run behind one."""

import signal
from pathlib import Path

from journal.keys import Keys
from journal.reader import segment_name
from journal.snapshots import SnapshotStore
from node.cli.trading import wipe
from node.core import Core
from node.snapshots import take_one
from tests.cli.driving import SMALL, inside, lmax, running
from tests.node.playing import market


def test_a_run_takes_snapshots_the_next_begins_with_one_and_the_ledger_agrees(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    run = ["run", "--dir", folder, "--rate", "8000", *SMALL, "--plain", "--json"]
    with running(tmp_path, *run, "--for", "0", "--snapshot-every", "3000") as trading:
        trading.until(lambda _: SnapshotStore.of(folder / "journal").names())
        trading.signal(signal.SIGINT)
        first = trading.ended()
    assert first.code == 0, first.errors
    told = first.json["snapshots"]
    assert (told["began_with"], told["problem"]) == (0, "")
    assert told["taken"] >= 1
    assert 0 < told["newest"] <= first.json["last_sequence"]

    taken = lmax("snapshot", folder, "--json")
    assert taken.code == 0, taken.errors
    assert taken.json["began_with"] == told["newest"]
    assert told["newest"] <= taken.json["sequence"] < first.json["last_sequence"]

    listed = inside("snapshot", folder, "--list", "--json")
    assert listed.code == 0
    rows = listed.json["snapshots"]
    assert [row["good"] for row in rows] == [True, True][: len(rows)]
    assert rows[0]["sequence"] == taken.json["sequence"]
    assert rows[0]["state_hash"] == taken.json["state_hash"]
    assert taken.json["state_hash"] in lmax("snapshot", folder, "--list").output

    newest = folder / "snapshots" / rows[0]["name"]
    newest.write_bytes(newest.read_bytes()[:-1])
    second = lmax(*run, "--for", "1", "--snapshot-every", "0")
    assert second.code == 0, second.errors
    assert second.json["discrepancies"] == 0
    assert second.json["recovered"] == first.json["last_sequence"]
    assert second.json["snapshots"]["began_with"] in [0, *(row["sequence"] for row in rows[1:])]
    assert second.json["snapshots"]["passed_over"][0].startswith(rows[0]["name"])
    assert "a snapshot is passed over" in second.errors

    replay = lmax("journal", "replay", folder, "--json")
    assert replay.json["state_hash"] == second.json["state_hash"], "without any snapshot"


def test_a_fresh_run_deletes_the_snapshots_with_their_journal(tmp_path: Path) -> None:
    """With them the next start would say that the journal has lost what they hold."""
    with Core(tmp_path / "journal") as core:
        for seed in range(2):
            core.wait_applied(core.submit(market(seed, 500)))
    store = SnapshotStore.of(tmp_path / "journal")
    assert take_one(tmp_path / "journal", Keys())["snapshot"] in store.names()
    wipe(tmp_path)
    assert store.names() == []
    with Core(tmp_path / "journal") as core:
        assert core.recovered == 0


def test_a_folder_without_a_journal_has_no_snapshot_to_take(tmp_path: Path) -> None:
    done = inside("snapshot", tmp_path, "--json")
    assert done.code == 3
    assert "is not a folder" in done.json["error"]
    assert inside("snapshot", tmp_path, "--list", "--json").code == 3


def test_where_no_snapshot_is_good_the_list_says_so_with_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / segment_name(1)).write_bytes(bytes(8192))
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "00000000000000000007.snapshot").write_bytes(b"nothing")
    listed = inside("snapshot", tmp_path, "--list")
    assert listed.code == 3
    assert "a file that ends within its header" in listed.output


def test_how_often_is_checked_before_anything_is_done(tmp_path: Path) -> None:
    done = inside("run", "--dir", tmp_path / "data", "--snapshot-every", "often")
    assert done.code == 2
    assert "'often' is neither a number of commands" in done.errors
    assert not (tmp_path / "data").exists()

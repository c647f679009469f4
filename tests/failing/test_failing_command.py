"""F29: a command that makes the logic fail stops the node loudly, at every start, until an
operator journals that it is left out.

A checkpoint with another state hash is such a command, and the only one that is known.
"""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from journal.history import History
from journal.keys import Keys
from journal.reader import Reader
from journal.replay import play, replayed
from lmax._engine import Engine
from lmax.schema import COMMAND, CommandType, EventType, Reason
from node.cli import errors
from node.cli.exits import Exit
from node.core import Core
from node.refusals import CoreFailed, LogicFailed
from node.stopping_place import DIED, stopping_place, stops_at
from tests.cli.driving import SMALL, inside, lmax
from tests.node.playing import SEGMENT, journaled, market

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")


def checkpoint(state_sequence: int = 0, state_hash: int = 0) -> np.ndarray:
    command = np.zeros(1, COMMAND)
    command["type"] = CommandType.CHECKPOINT
    command["state_sequence"] = state_sequence
    command["state_hash"] = state_hash
    return command


def poisoned(folder: Path, seed: int, layout: str = "shared") -> tuple[int, int]:
    """A journal with a false checkpoint in it; its sequence, and that of the last command."""
    core = Core(folder, layout=layout, segment_bytes=SEGMENT).start()
    core.wait_applied(core.submit(market(seed, 300)))
    true = core.submit(checkpoint())
    core.wait_applied(true)
    false = core.submit(checkpoint(true, 7))
    with pytest.raises(LogicFailed) as caught:
        core.wait_applied(false)
    assert caught.value.sequence == false
    assert f"`lmax journal skip` leaves command {false} out." in str(caught.value)
    assert core.business.applied == true
    with pytest.raises(CoreFailed):
        core.submit(checkpoint())
    core.stop()
    return false, replayed_to_the_end(folder)


def replayed_to_the_end(folder: Path) -> int:
    return int(journaled(folder)[-1]["sequence"])


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_f29_every_start_stops_at_the_same_command_and_changes_nothing(
    tmp_path: Path, seed: int, layout: str
) -> None:
    poison, last = poisoned(tmp_path, seed, layout)
    before = [path.read_bytes() for path in sorted(tmp_path.glob("*.segment"))]
    for _ in range(3):
        with pytest.raises(LogicFailed) as caught:
            Core(tmp_path, segment_bytes=SEGMENT)
        assert caught.value.sequence == poison
        assert errors.explain(caught.value)[0] == Exit.LOGIC
    after = [path.read_bytes() for path in sorted(tmp_path.glob("*.segment"))]
    assert before == after[: len(before)]
    assert stopping_place(tmp_path, Keys()) == poison <= last


def test_f29_a_journaled_skip_lets_the_node_go_on_and_the_ledger_agrees(
    tmp_path: Path, seed: int, postgres: str
) -> None:
    data = tmp_path / "data"
    poison, last = poisoned(data / "journal", seed)
    options = ["--dir", data, "--dsn", postgres, "--for", "0.3", "--rate", "2000", *SMALL]
    stopped = lmax("run", *options, "--json")
    assert stopped.code == stopped.json["exit_code"] == 7
    assert f"leaves command {poison} out" in stopped.json["error"]
    wrong = lmax("journal", "skip", data, "--sequence", poison - 1, "--reason", "no")
    assert (wrong.code, f"stops at command {poison}, not at" in wrong.errors) == (3, True)
    done = lmax("journal", "skip", data, "--sequence", poison, "--reason", "ticket 17", "--json")
    assert done.json == {"skipped": poison, "sequence": last + 1, "reason": "ticket 17"}
    run = lmax("run", *options, "--json")
    assert (run.code, run.json["discrepancies"]) == (0, 0), run.errors
    assert run.json["recovered"] == last + 1
    assert replayed(data / "journal").state_hash == int(run.json["state_hash"], 16)
    assert inside("journal", "verify", data, "--json").json["state"] == "clean"
    history = History(data / "journal")
    refused = history.events_after(poison - 1, poison)
    history.close()
    assert (refused[0]["type"], refused[0]["reason"]) == (
        EventType.REJECTED,
        Reason.UNKNOWN_COMMAND,
    )
    again = lmax("journal", "skip", data, "--sequence", poison, "--reason", "twice")
    assert (again.code, "comes to the end of the journal" in again.errors) == (3, True)


def test_f29_a_logic_that_dies_is_found_out_by_another_process(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No message can tell where it was, so the command before and this one are tried."""
    poison, _ = poisoned(tmp_path, seed)

    def dies(engine: Engine, reader: Reader, last: int) -> None:
        play(engine, reader, min(last, poison - 1))
        if last >= poison:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("node.stopping_place.play", dies)
    assert stopping_place(tmp_path, Keys()) == DIED
    assert [n for n in range(poison - 2, poison + 2) if stops_at(tmp_path, Keys(), n)[0]] == [
        poison
    ]

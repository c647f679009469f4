"""Any range of any day is replayed to its events, wherever the segments are."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from flow.generator import MarketGenerator
from journal.archive.reading import ArchiveFolder
from journal.archive.snapshots import snapshots_of
from journal.errors import JournalError
from journal.export import Range, events_in
from lmax._engine import Engine
from lmax.records import joined
from lmax.schema import EVENT
from tests.archive.keeping import Kept, traded
from tests.journal.writing import Scribe, read_all


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> tuple[Kept, np.ndarray]:
    """A journal of real orders at ns 1, 2, 3, …, a snapshot on its way, and all its events."""
    kept = Kept(tmp_path_factory.mktemp("export"), 7)
    shutil.rmtree(kept.journal)
    traded(kept.journal, 7)
    kept.archive(tail=True, snapshots=lambda cluster: snapshots_of(kept.journal, cluster))
    return kept, Engine().apply(read_all(kept.journal)).copy()


def exported(source: object, wanted: Range) -> np.ndarray:
    found = [events.copy() for events in events_in(source, wanted)]  # type: ignore[arg-type]
    return joined([np.empty(0, EVENT), *found])


def test_any_range_by_sequence_gives_the_events_that_were_sent(
    venue: tuple[Kept, np.ndarray], seed: int
) -> None:
    kept, events = venue
    end = int(events[-1]["sequence"])
    random = np.random.default_rng(seed)
    ranges = [(1, 1), (1, end), (end, end), *np.sort(random.integers(1, end + 1, (12, 2)))]
    for first, last in ranges:
        chosen = (events["sequence"] >= first) & (events["sequence"] <= last)
        got = exported(kept.journal, Range(int(first), int(last)))
        assert got.tobytes() == events[chosen].tobytes(), (first, last)


def test_any_range_by_time_gives_the_events_of_that_time(
    venue: tuple[Kept, np.ndarray], seed: int
) -> None:
    kept, events = venue
    end = int(events[-1]["timestamp"])
    random = np.random.default_rng(seed)
    for start, stop in [(0, end + 1), (end, end + 9), *np.sort(random.integers(1, end, (12, 2)))]:
        chosen = (events["timestamp"] >= start) & (events["timestamp"] < stop)
        got = exported(kept.journal, Range(start=int(start), end=int(stop)))
        assert got.tobytes() == events[chosen].tobytes(), (start, stop)


def test_a_clock_that_was_set_back_moves_no_command_to_another_day(
    tmp_path: Path, seed: int
) -> None:
    """Business time is meant, as the events tell it: it goes on although the journal's does not."""
    random = np.random.default_rng(seed)
    commands = joined([(market := MarketGenerator(seed, 20, 3)).setup(), market.next_batch(2_000)])
    commands["sequence"] = np.arange(1, len(commands) + 1)
    commands["timestamp"] = commands["sequence"] * 100 + random.integers(
        -5_000, 5_000, len(commands)
    )
    commands["timestamp"] = np.maximum(commands["timestamp"], 1)
    with Scribe(tmp_path) as scribe:
        for start in range(0, len(commands), 300):
            scribe.write(commands[start : start + 300])
    events = Engine().apply(commands).copy()
    for start, stop in np.sort(random.integers(1, int(events[-1]["timestamp"]), (12, 2))):
        chosen = (events["timestamp"] >= start) & (events["timestamp"] < stop)
        got = exported(tmp_path, Range(start=int(start), end=int(stop)))
        assert got.tobytes() == events[chosen].tobytes(), (start, stop)


def test_an_archive_gives_the_same_events(venue: tuple[Kept, np.ndarray]) -> None:
    kept, events = venue
    end = int(events[-1]["sequence"])
    with ArchiveFolder(kept.manifest()) as archive:
        for first in (1, end // 2, end - 1):
            got = exported(archive, Range(first, end))
            assert got.tobytes() == events[events["sequence"] >= first].tobytes()


def test_a_range_that_the_journal_does_not_reach_is_told(venue: tuple[Kept, np.ndarray]) -> None:
    kept, events = venue
    end = int(events[-1]["sequence"])
    with pytest.raises(JournalError, match=f"ends with command {end}, before {end + 1}"):
        exported(kept.journal, Range(1, end + 1))


def test_what_was_deleted_is_told_and_not_left_out(
    venue: tuple[Kept, np.ndarray], tmp_path: Path
) -> None:
    kept, _ = venue
    part = Path(shutil.copytree(kept.journal, tmp_path / "journal"))
    (part / "00000001.segment").unlink()
    with pytest.raises(JournalError, match="begins with segment 2, and no snapshot is there"):
        exported(part, Range(5, 10))

"""F15: a number is raised when what it stands for changes; journals of before are read as ever."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lmax._engine import Diverged
from lmax.rules import RULES
from lmax.schema import RECORD_FORMAT, CommandType, EventType, Reason
from tests.golden import making, records

FOLDERS = sorted(making.HERE.glob("rules-*"))
CURRENT = making.folder_of(RULES)

UNREACHED = {Reason.CAPACITY, Reason.INVALID_SIDE, Reason.WAITING_LIMIT}

RAISE_IT = (
    "if that is meant, raise RULES in lmax/rules/__init__.py, say so in CHANGELOG.md, and write"
    " down what the new rules do: python -m tests.golden"
)


def expected(folder: Path) -> dict[str, Any]:
    return json.loads((folder / making.EXPECTED).read_text())


def test_f15_the_golden_journal_gives_the_same_events_and_state_or_the_rules_have_a_new_number():
    assert CURRENT in FOLDERS, f"the rules {RULES} have no golden journal: python -m tests.golden"
    wanted = expected(CURRENT)["parts"]
    commands, _ = making.read(CURRENT)
    try:
        found, _ = making.parts_of(commands)
    except Diverged as diverged:
        pytest.fail(f"{diverged} {RAISE_IT}")
    for one, other in zip(wanted, found, strict=True):
        assert other == one, f"the logic does something else up to {one['until']}: {RAISE_IT}"


def test_the_golden_journal_has_every_command_event_and_nearly_every_reason() -> None:
    """What is not in it could change without anybody seeing it here."""
    commands, _ = making.read(CURRENT)
    _, events = making.parts_of(commands)
    assert set(CommandType) <= set(commands["type"].tolist())
    done = np.unique(events["command"][events["type"] != EventType.REJECTED])
    assert {kind.name for kind in CommandType if kind not in done} == set()
    assert set(events["type"].tolist()) == set(EventType)
    reasons = set(events["reason"].tolist())
    assert {reason.name for reason in set(Reason) - UNREACHED - reasons} == set()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_f15_journals_of_all_rules_are_read_as_ever(folder: Path) -> None:
    """Those of older rules too: what they hold is no matter of rules."""
    commands, chain = making.read(folder)
    wanted = expected(folder)
    assert wanted["rules"] == int(folder.name.removeprefix("rules-"))
    assert (chain, len(commands)) == (wanted["chain"], wanted["parts"][-1]["until"])


def test_f15_records_are_declared_as_ever_or_have_a_new_number() -> None:
    """No code is used again for something else, no field lies elsewhere."""
    file = records.file_of(RECORD_FORMAT)
    assert file.exists(), f"records {RECORD_FORMAT} are not written down: python -m tests.golden"
    was, now = json.loads(file.read_text()), records.declared()
    for what in ("command", "event"):
        assert now[what] == was[what]
    for name, codes in was["codes"].items():
        found = {code: now["codes"].get(name, {}).get(code) for code in codes}
        assert found == codes, f"{name}: raise RECORD_FORMAT in lmax/schema.py"


def test_what_is_written_down_of_a_number_is_not_written_again() -> None:
    for make in (making.make, records.make):
        with pytest.raises(FileExistsError):
            make()

"""Every scenario file holds on the twin and on the engine."""

import re
from pathlib import Path

import pytest

from lmax.schema import Reason, TimeInForce
from tests.engine.systems import SYSTEMS
from tests.scenarios.runner import Runner

FILES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_scenario_holds(path: Path, system: str) -> None:
    Runner(SYSTEMS[system]()).run(path.read_text())


def test_the_scenarios_tell_of_every_reason_and_every_command() -> None:
    """CAPACITY excepted: it would take 33,554,431 open orders; the twin's tests have it.

    The end of the day and an extension are told in words of their own.
    """
    told = "\n".join(path.read_text() for path in FILES)
    words = set(re.findall(r"\w+", told))
    unsaid = {"CAPACITY", "END_OF_DAY", "EXTENDED"}
    assert {r.name for r in Reason} - words - {"NONE"} == unsaid
    assert {t.name for t in TimeInForce} <= words
    verbs = {"instrument", "account", "deposits", "withdraws", "buys", "sells", "cancels"}
    assert verbs | {"reduces", "replaces", "day", "market", "expired"} <= words

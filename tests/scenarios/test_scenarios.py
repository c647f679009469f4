"""Every scenario file holds on the twin and on the engine."""

from pathlib import Path

import pytest

from tests.engine.systems import SYSTEMS
from tests.scenarios.runner import Runner

FILES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_scenario_holds(path: Path, system: str) -> None:
    Runner(SYSTEMS[system]()).run(path.read_text())

"""Fixtures of the command line's tests."""

import json
from pathlib import Path

import pytest

from tests.cli.driving import SMALL, Finished, lmax
from tests.fix_postgres import postgres as postgres
from tests.fix_postgres import postgres_server as postgres_server


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A data folder with an embedded database, and the run that filled it. Only look at it."""
    folder = tmp_path_factory.mktemp("traded") / "data"
    done = lmax("run", "--dir", folder, "--for", "2", "--rate", "5000", *SMALL, "--json")
    assert done.code == 0, done.errors
    return folder, done


@pytest.fixture(scope="session")
def outcome(traded: tuple[Path, Finished]) -> dict:
    """The JSON object of that run."""
    return json.loads(traded[1].output.splitlines()[-1])

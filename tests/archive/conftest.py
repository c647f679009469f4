"""Fixtures of the archive's tests."""

from pathlib import Path

import pytest

from tests.archive.keeping import Kept


@pytest.fixture
def kept(tmp_path: Path, seed: int) -> Kept:
    return Kept(tmp_path, seed)

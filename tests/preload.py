"""A library that makes the disk's calls fail: tests/journal/shim.c.txt says how."""

import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent / "journal/shim.c.txt"


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it was built; preload it."""
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", str(library), "-x", "c", str(SOURCE), "-ldl"], check=True
    )
    return library

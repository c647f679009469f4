"""Fixtures of the failing nodes."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fix_postgres import postgres as postgres
from tests.fix_postgres import postgres_server as postgres_server
from tests.preload import shim as shim


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A real file system of 3 MiB."""
    folder = Path(tempfile.mkdtemp(prefix="lmax-small-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()

"""The engine and the bare book under AddressSanitizer and UndefinedBehaviorSanitizer.

Their modules are compiled anew with both; then the scenarios, the seeded comparison with the twin
and the tests of the bare book run on them. Pool items that were given back are poisoned in such
a build (lmax/base/memory.pxd), so touching one is reported although the memory is the pool's own.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import sanitizing
from tests.sanitizing import ADDRESS, REPORT_EXIT, ROOT

pytestmark = [pytest.mark.timeout(580), pytest.mark.xdist_group("sanitized_book")]

SUITES = {
    "the scenarios and the bare book": ["tests/scenarios", "tests/orderbook"],
    "comparisons with the twin": ["tests/engine"],
}
LEFT_ALONE = [
    # AddressSanitizer keeps memory that was given back; this test counts what is resident.
    "--deselect=tests/orderbook/test_results.py::test_kept_arrays_take_no_more_than_their_reports",
    # About the traffic, not about who takes it.
    "--deselect=tests/engine/test_seeded.py"
    "::test_the_traffic_reaches_every_command_event_and_reason",
]
COMMANDS = os.environ.get("LMAX_SANITIZED_COMMANDS", "4000")

OVERSTEP = """
from lmax.base.memory cimport Pool, pool_at, pool_close, pool_give, pool_open, pool_take

def use_after_return():
    cdef Pool pool
    pool_open(&pool, 64, 1024)
    index = pool_take(&pool)
    (<char *>pool_at(&pool, index))[40] = 1
    pool_give(&pool, index)
    (<volatile char *>pool_at(&pool, index))[40] = 2
    pool_close(&pool)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages `lmax` and `tests`; all of lmax's modules with the sanitizers in them."""
    path = tmp_path_factory.mktemp("sanitized")
    sanitizing.copy_python(path, "lmax")
    (path / "tests").symlink_to(ROOT / "tests")
    for room in ("flow", "journal", "ledger", "marketdata", "node"):
        (path / room).symlink_to(ROOT / room)
    modules = sorted(p.relative_to(ROOT) for p in (ROOT / "lmax").rglob("*.pyx"))
    sanitizing.build(ADDRESS, path, modules)
    return path


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = ADDRESS.environment(
        folder, LMAX_TWIN_COMMANDS=COMMANDS, LMAX_STATEFUL_COMMANDS=COMMANDS
    )
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_modules_under_test_are_those_with_sanitizers(folder):
    made = python(folder, "-c", "import lmax._orderbook; print(lmax._orderbook.__file__)")
    assert made.stdout.startswith(str(folder)), made.stdout + made.stderr


@pytest.mark.parametrize("name", SUITES)
def test_the_book_suite_touches_no_memory_but_its_own(folder, name):
    """-s: what a sanitizer says as the process ends goes through."""
    options = ["-q", "-x", "-s", "-n", "0", "-p", "no:cacheprovider", *LEFT_ALONE]
    result = python(folder, "-m", "pytest", *options, *SUITES[name])
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    assert "runtime error" not in result.stdout + result.stderr


def test_an_order_used_after_it_was_given_back_is_reported(folder):
    """The alarm rings."""
    (folder / "overstep.pyx").write_text(OVERSTEP)
    sanitizing.call(
        [sys.executable, "-m", "cython", "-3", "-I", str(ROOT), str(folder / "overstep.pyx")]
    )
    suffix = next((folder / "lmax").glob("_book.*.so")).name.removeprefix("_book")
    sanitizing.compile_c(ADDRESS, folder / "overstep.c", folder / f"overstep{suffix}")
    result = python(folder, "-c", "import overstep; overstep.use_after_return()")
    assert result.returncode == REPORT_EXIT, result.stdout + result.stderr
    assert "use-after-poison" in result.stderr

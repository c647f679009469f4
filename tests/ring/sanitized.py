"""The ring and its test traffic under ThreadSanitizer, in a folder of their own."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests import sanitizing
from tests.sanitizing import REPORT_EXIT, ROOT, THREAD

__all__ = ["REPORT_EXIT", "TRAFFIC", "build", "build_module", "run"]

TRAFFIC = Path("tests/ring/_traffic.pyx")
MODULES = sorted(
    [*(p.relative_to(ROOT) for p in (ROOT / "lmax" / "ringbuffer").glob("*.pyx")), TRAFFIC]
)


def build(folder: Path) -> None:
    """Translates and compiles into `folder`, as packages."""
    for package in ("lmax", "lmax/ringbuffer", "tests", "tests/ring"):
        (folder / package).mkdir()
        shutil.copy(ROOT / package / "__init__.py", folder / package)
    # Only the ring is there: the package's own façade would want the rest of it.
    (folder / "lmax" / "__init__.py").write_text("")
    (folder / "tests" / "__init__.py").write_text("")
    sanitizing.build(THREAD, folder, MODULES)


def build_module(folder: Path, module: Path, *defines: str) -> None:
    """One module, with definitions for the C compiler."""
    sanitizing.build_module(THREAD, folder, module, *defines)


def run(folder: Path, scenario: str) -> subprocess.CompletedProcess[str]:
    """Runs `tests/ring/scenarios.py` with the modules of `folder`; reports are in stderr."""
    return subprocess.run(
        [sys.executable, "-P", str(ROOT / "tests/ring/scenarios.py"), scenario],
        cwd=folder,
        env=THREAD.environment(folder),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

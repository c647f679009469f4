"""Builds the ring under ThreadSanitizer into a folder of its own, and runs a scenario there."""

import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES = sorted(
    [
        *(p.relative_to(ROOT) for p in (ROOT / "lmax" / "ringbuffer").glob("*.pyx")),
        Path("tests/ring/_traffic.pyx"),
    ]
)
TRAFFIC = Path("tests/ring/_traffic.pyx")
FLAGS = ["-Og", "-g1", "-fPIC", "-shared", "-fsanitize=thread", "-fno-strict-aliasing", "-Wno-tsan"]
MISSING = (
    "ThreadSanitizer's runtime is missing ({}): install gcc and its libtsan"
    " (Debian: apt-get install gcc libtsan2)"
)
REPORT_EXIT = 66


def runtime() -> str:
    """Path of the compiler's libtsan. Raises RuntimeError saying what to install."""
    try:
        found = subprocess.run(
            ["gcc", "-print-file-name=libtsan.so"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError(MISSING.format(error)) from error
    if not os.path.isabs(found):
        raise RuntimeError(MISSING.format("gcc names no libtsan.so"))
    return os.path.realpath(found)


def build(folder: Path) -> None:
    """Translates and compiles the ring and its test traffic into `folder`, as packages."""
    for package in ("lmax", "lmax/ringbuffer", "tests", "tests/ring"):
        (folder / package).mkdir()
        shutil.copy(ROOT / package / "__init__.py", folder / package)
    # Only the ring is there: the package's own façade would want the rest of it.
    (folder / "lmax" / "__init__.py").write_text("")
    (folder / "tests" / "__init__.py").write_text("")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda module: build_module(folder, module), MODULES))


def build_module(folder: Path, module: Path, *defines: str) -> None:
    """One module, as a shared object in its package under `folder`."""
    source = translated(folder, module)
    target = folder / module.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
    include = f"-I{sysconfig.get_path('include')}"
    call(["gcc", *FLAGS, *defines, include, str(source), "-o", str(target)])


def translated(folder: Path, module: Path) -> Path:
    """The module's C: what the build made, if it is newer than every source, else made here."""
    sources = [*(ROOT / "lmax" / "ringbuffer").glob("*.p[yx][xd]"), ROOT / TRAFFIC]
    newest = max(source.stat().st_mtime for source in sources)
    target = folder / module.with_suffix(".c")
    for found in (ROOT / "build" / "cython" / module.with_suffix(".c"), target):
        if found.exists() and found.stat().st_mtime > newest:
            return found
    name = ".".join(module.with_suffix("").parts)
    cython = [sys.executable, "-m", "cython", "-3", "--module-name", name]
    call([*cython, "-o", str(target), str(module)])
    return target


def call(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def run(folder: Path, scenario: str) -> subprocess.CompletedProcess[str]:
    """Runs `tests/ring/scenarios.py` with the modules of `folder`; reports are in stderr."""
    options = [
        f"exitcode={REPORT_EXIT}",
        # The interpreter is not built with ThreadSanitizer. Suppressing it by name would hide
        # ours too, for its frames are below every one of ours.
        "ignore_noninstrumented_modules=1",
    ]
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "TSAN_", "LD_PRELOAD"))
    } | {"LD_PRELOAD": runtime(), "TSAN_OPTIONS": ":".join(options), "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-P", str(ROOT / "tests/ring/scenarios.py"), scenario],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

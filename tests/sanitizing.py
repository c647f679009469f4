"""Compiles modules of this checkout under one of the compiler's sanitizers, into a folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLAGS = ["-g1", "-fPIC", "-shared", "-fno-strict-aliasing"]
MISSING = (
    "{}'s runtime is missing ({}): install gcc and its sanitizer libraries"
    " (Debian: apt-get install gcc libtsan2 libasan8 libubsan1)"
)
REPORT_EXIT = 66
"""Exit code of a process in which a sanitizer had something to report."""


@dataclass(frozen=True)
class Sanitizer:
    """Which one, its runtime library, flags for the compiler and options for the process."""

    name: str
    library: str
    flags: tuple[str, ...]
    options: dict[str, str]

    def runtime(self) -> str:
        """Path of its library. Raises RuntimeError saying what to install."""
        try:
            found = subprocess.run(
                ["gcc", f"-print-file-name={self.library}"],
                capture_output=True,
                text=True,
                check=True,
            ).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            raise RuntimeError(MISSING.format(self.name, error)) from error
        if not os.path.isabs(found):
            raise RuntimeError(MISSING.format(self.name, f"gcc names no {self.library}"))
        return os.path.realpath(found)

    def environment(self, folder: Path, **more: str) -> dict[str, str]:
        """Of a process that takes its packages from that folder."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "TSAN_", "ASAN_", "UBSAN_", "LD_PRELOAD"))
        }
        return (
            kept
            | self.options
            | {
                "LD_PRELOAD": self.runtime(),
                "PYTHONPATH": str(folder),
                **more,
            }
        )


THREAD = Sanitizer(
    "ThreadSanitizer",
    "libtsan.so",
    ("-Og", "-fsanitize=thread", "-Wno-tsan"),
    {
        # The interpreter is not built with ThreadSanitizer. Suppressing it by name would hide
        # ours too, for its frames are below every one of ours.
        "TSAN_OPTIONS": f"exitcode={REPORT_EXIT}:ignore_noninstrumented_modules=1",
    },
)

ADDRESS = Sanitizer(
    "AddressSanitizer",
    "libasan.so",
    ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
    {
        # The interpreter keeps memory till its end; what matters here is where it is touched.
        "ASAN_OPTIONS": f"exitcode={REPORT_EXIT}:detect_leaks=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    },
)


def build(sanitizer: Sanitizer, folder: Path, modules: Iterable[Path]) -> None:
    """Modules (paths of .pyx files from the checkout's root) as shared objects under `folder`."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda module: build_module(sanitizer, folder, module), modules))


def build_module(sanitizer: Sanitizer, folder: Path, module: Path, *defines: str) -> None:
    """One module, as a shared object in its package under `folder`."""
    source = translated(folder, module)
    target = folder / module.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
    target.parent.mkdir(parents=True, exist_ok=True)
    compile_c(sanitizer, source, target, *defines)


def compile_c(sanitizer: Sanitizer, source: Path, target: Path, *defines: str) -> None:
    """A C file that Cython made, as a shared object."""
    include = [f"-I{sysconfig.get_path('include')}", f"-I{ROOT}"]
    call(["gcc", *FLAGS, *sanitizer.flags, *defines, *include, str(source), "-o", str(target)])


def translated(folder: Path, module: Path) -> Path:
    """The module's C: what the build made, if it is newer than every source, else made here."""
    target = folder / module.with_suffix(".c")
    target.parent.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in [ROOT / module, *ROOT.glob("lmax/**/*.pxd")])
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


def copy_python(folder: Path, package: str) -> None:
    """A package's Python files, without what was built in it."""
    ignored = shutil.ignore_patterns("*.so", "*.c", "*.html", "__pycache__")
    shutil.copytree(ROOT / package, folder / package, ignore=ignored)

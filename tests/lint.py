"""``python -m tests.lint``: every check of style; tests/test_style.py runs the same ones.

A check returns its complaints as text, or nothing.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from journal import generate as journal_generate
from lmax import generate
from tests import house_rules

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ["lmax", "journal", "replicator", "ledger", "marketdata", "flow", "gateway", "node"]
FOLDERS = [folder for folder in [*ROOMS, "bench", "tests"] if (ROOT / folder).is_dir()]


def files(*suffixes: str) -> list[str]:
    """Paths from the root of all files in the rooms with one of these endings."""
    return sorted(
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes
    )


def tool(name: str, *arguments: str) -> str:
    """Output of a linter of this environment that complained; empty if it did not."""
    scripts = Path(sys.executable).parent
    result = subprocess.run(
        [scripts / name, *arguments],
        cwd=ROOT,
        # cython-lint in turn calls pycodestyle by name
        env=os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return ""
    return result.stdout.strip() or f"{name} ended with exit code {result.returncode}"


def ruff() -> str:
    return tool("ruff", "check", "--quiet", "setup.py", *FOLDERS)


def ruff_format() -> str:
    return tool("ruff", "format", "--check", "--quiet", "--diff", "setup.py", *FOLDERS)


def cython_lint() -> str:
    return tool("cython-lint", *files(".pyx", ".pxd"))


def mypy() -> str:
    return tool("mypy", "--no-error-summary", *FOLDERS)


def generated_files() -> str:
    written = generate.generated() | journal_generate.generated()
    stale = [path for path, text in written.items() if (ROOT / path).read_text() != text]
    return f"{', '.join(stale)}: out of date; run `make generate`" if stale else ""


def own_rules() -> str:
    written = files(".py", ".pyx", ".pxd", ".pyi", ".sql")
    texts = {
        path: (ROOT / path).read_text() for path in written if path not in generate.generated()
    }
    return "\n".join(house_rules.complaints(texts))


CHECKS: dict[str, Callable[[], str]] = {
    "ruff check": ruff,
    "ruff format": ruff_format,
    "cython-lint": cython_lint,
    "mypy": mypy,
    "generated files": generated_files,
    "house rules": own_rules,
}


def main() -> int:
    """Run all checks; 1 if any complains."""
    failed = 0
    for name, check in CHECKS.items():
        complaint = check()
        print(f"{name:16} {'ok' if not complaint else 'complains:'}", flush=True)
        if complaint:
            print(complaint, flush=True)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())

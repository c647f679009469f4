"""A harness of `bench` run as its users run it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def run(name: str, *options: str) -> dict[str, Any]:
    """``python -m bench.NAME --json``: what it tells; AssertionError with its words if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--json", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])

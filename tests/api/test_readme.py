"""The Python on the front page and in docs/embedding.md runs, and prints what it is said to."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
PAGES = ["README.md", "docs/embedding.md"]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text()
    return [code for found, code in BLOCK.findall(text) if found == language]


def run(code: list[str], folder: Path) -> str:
    """What a process prints that runs the blocks one after the other, in that folder."""
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(code)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return child.stdout


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_a_page_runs(page, tmp_path):
    code = blocks(page, "python")
    assert code, f"{page} shows no Python"
    run(code, tmp_path)


def test_the_examples_print_what_is_said(tmp_path):
    page = "docs/embedding.md"
    printed = run(blocks(page, "python"), tmp_path)
    assert printed.startswith(blocks(page, "text")[0])
    for said in blocks(page, "text"):
        assert said in printed
        printed = printed[printed.index(said) + len(said) :]


def test_the_front_page_shows_the_first_example():
    assert blocks("docs/embedding.md", "python")[0] in blocks("README.md", "python")

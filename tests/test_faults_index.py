"""Every fault that the system has to survive has a test that is named after it."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
DOCS = TESTS.parent / "docs"

SURVIVED = [*range(1, 26), 27, 29, 39]
"""Numbers of those that this version survives; who adds what survives another adds its number."""

NAMED = re.compile(r"(?<![a-z0-9])[fF]([0-9]{2})(?![0-9])")


def faults_in(words: str) -> set[int]:
    """What `test_f12_f13_…` is about, or a document that says F08 to F11."""
    spans = re.sub(r"F(\d\d) to F(\d\d)", _spelled_out, words)
    return {int(number) for number in NAMED.findall(spans.replace("_", " "))}


def _spelled_out(found: re.Match[str]) -> str:
    first, last = map(int, found.groups())
    return " ".join(f"F{number:02}" for number in range(first, last + 1))


def named_after_faults() -> dict[int, list[str]]:
    """Names of test functions by the faults they are named after."""
    tests: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for fault in faults_in(node.name):
                    tests.setdefault(fault, []).append(f"{path.name}::{node.name}")
    return tests


FOUND = named_after_faults()
TOLD = faults_in("\n".join(path.read_text() for path in DOCS.glob("*.md")))


@pytest.mark.parametrize("fault", SURVIVED, ids="F{:02}".format)
def test_a_fault_has_a_test_and_a_place_in_the_documents(fault: int) -> None:
    assert FOUND.get(fault), f"no test's name has f{fault:02} in it"
    assert fault in TOLD, f"no document tells where F{fault:02} is shown"


def test_faults_are_found_in_names_and_in_spans() -> None:
    assert faults_in("test_f12_f13_after_one_error") == {12, 13}
    assert faults_in("(F08 to F11), F39; 0f12, F1, F123") == {8, 9, 10, 11, 39}

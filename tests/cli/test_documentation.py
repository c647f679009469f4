"""docs/command-line.md says what the program does."""

from pathlib import Path

from node.cli.exits import MEANING, Exit

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "command-line.md"


def test_every_exit_code_is_documented_with_its_meaning() -> None:
    text = PAGE.read_text()
    for code in Exit:
        assert f"| {int(code)} | {MEANING[code]} |" in text

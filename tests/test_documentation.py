"""What the pages of the project point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere_and_nothing_is_left_to_fill_in(page: Path) -> None:
    text = page.read_text()
    missing = [target for target in LINK.findall(text) if not (page.parent / target).exists()]
    assert missing == []
    assert "@@" not in text


def test_the_first_code_block_of_the_readme_is_the_two_commands() -> None:
    block = re.search(r"\n\n((?:    .+\n)+)", (ROOT / "README.md").read_text())
    assert block is not None
    commands = [line.split("#")[0].strip() for line in block[1].splitlines()]
    assert commands == ["make run", "make test"]

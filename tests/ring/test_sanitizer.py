"""The ring under ThreadSanitizer, and the proof that ThreadSanitizer would have spoken."""

import shutil
from pathlib import Path

import pytest

from tests.ring import sanitized

# One group: the folder is built once, by whichever process runs both.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("sanitizer")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sanitized")
    sanitized.build(path)
    return path


def test_no_data_race_in_any_hand_over(folder):
    result = sanitized.run(folder, "all")
    assert result.returncode == 0, result.stderr
    assert "ThreadSanitizer" not in result.stderr, result.stderr


def test_a_publication_without_release_is_reported(folder, tmp_path):
    """The same scenario with one plain store in place of the release: the alarm rings."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    sanitized.build_module(broken, sanitized.TRAFFIC, "-DLMAX_TEST_PLAIN_STORE")
    result = sanitized.run(broken, "short")
    assert result.returncode == sanitized.REPORT_EXIT, result.stderr
    assert "data race" in result.stderr
    assert "_traffic" in result.stderr

"""Keys from files, credentials and variables: what is taken, refused, and never told."""

import os
import stat
import threading
from pathlib import Path

import pytest

from journal.errors import JournalKeyError
from journal.key_sources import VARIABLE, load_keys, source_of
from journal.keys import Keys

CANARY = "c0ffee" * 10 + "cafe"
LINE = f"7 {CANARY}\n"


def key_file(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return f"file:{path}"


def test_keys_come_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    source = key_file(tmp_path / "keys", f"# old\n1 {'00' * 31}01\n\n2 {'00' * 31}02\n")
    keys = load_keys(source, tmp_path)
    assert (keys.current, sorted(keys.by_number), keys.origin) == (2, [1, 2], source)
    assert "02" not in repr(keys)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o644, 0o666])
def test_a_key_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    source = key_file(tmp_path / "keys", LINE, mode)
    with pytest.raises(JournalKeyError, match="can be read by others: chmod 600"):
        load_keys(source, tmp_path)


def test_a_key_file_that_is_none_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(JournalKeyError, match="No such file or directory"):
        load_keys(f"file:{tmp_path}/nowhere", tmp_path)
    with pytest.raises(JournalKeyError, match="cannot be read: Is a directory"):
        load_keys(f"file:{tmp_path}", tmp_path)


def test_the_service_managers_credentials_are_read_whatever_their_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file(tmp_path / "journal", LINE, 0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert load_keys("credential:journal", tmp_path).current == 7
    with pytest.raises(JournalKeyError, match=r"No such file or directory in \$CRED"):
        load_keys("credential:other", tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(JournalKeyError, match=r"in /run/secrets, for \$CRED"):
        load_keys("credential:lmax-test-other", tmp_path)


@pytest.mark.parametrize("name", ["../journal", "/etc/passwd", "..", "a/b"])
def test_a_credential_is_not_looked_for_elsewhere(name: str, tmp_path: Path) -> None:
    with pytest.raises(JournalKeyError, match="named by its name alone"):
        load_keys(f"credential:{name}", tmp_path)


def test_keys_from_a_variable_are_not_left_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEYS", LINE)
    assert load_keys("env:MY_KEYS", tmp_path).current == 7
    assert "MY_KEYS" not in os.environ
    assert load_keys("env:MY_KEYS", tmp_path).current == 7, "a second engine in this process"
    monkeypatch.setenv("MY_KEYS", LINE.replace("7", "8", 1))
    assert load_keys("env:MY_KEYS", tmp_path).current == 8
    with pytest.raises(JournalKeyError, match="MY_OTHER_KEYS is not set"):
        load_keys("env:MY_OTHER_KEYS", tmp_path)


def test_who_names_no_source_gets_the_environments_and_none_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert load_keys(None, tmp_path) == Keys()
    monkeypatch.setenv(VARIABLE, key_file(tmp_path / "keys", LINE))
    assert load_keys(None, tmp_path).current == 7
    assert load_keys("none", tmp_path) == Keys()
    assert load_keys(Keys({1: bytes(32)}, 1), tmp_path).current == 1


@pytest.mark.parametrize(
    "text",
    [CANARY, LINE, f"{CANARY}:x", f"hex:{CANARY}", "file:", "env:", "none:x", "credential:", ":"],
)
def test_what_is_no_source_is_refused_and_not_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(JournalKeyError, match="a journal's key is named as file:PATH") as caught:
        load_keys(text, tmp_path)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [f"7 {CANARY}ee", f"7 {CANARY[:-2]}", f"{CANARY} 7", f"7 {CANARY}\n7 {CANARY}", f"0 {CANARY}"],
)
def test_a_source_of_odd_keys_is_refused_without_showing_them(text: str, tmp_path: Path) -> None:
    with pytest.raises(JournalKeyError) as caught:
        load_keys(key_file(tmp_path / "keys", text), tmp_path)
    assert CANARY[:16] not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_file_is_made_and_grows_and_stays_private(tmp_path: Path) -> None:
    source = source_of(f"file:{tmp_path}/keys")
    first = source.first(tmp_path)
    second = source.add(tmp_path)
    assert second.by_number[1] == first.by_number[1] != second.by_number[2]
    assert source.load(tmp_path) == second
    assert (second.current, stat.S_IMODE((tmp_path / "keys").stat().st_mode)) == (2, 0o600)
    with pytest.raises(JournalKeyError, match="is there already"):
        source.first(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_a_key_file_behind_a_link_grows_where_it_is_and_keeps_its_notes(tmp_path: Path) -> None:
    key_file(tmp_path / "real", f"# made in 2026\n{LINE}")
    (tmp_path / "link").symlink_to("real")
    source_of(f"file:{tmp_path}/link").add(tmp_path)
    assert (tmp_path / "link").is_symlink()
    text = (tmp_path / "real").read_text()
    assert text.startswith(f"# made in 2026\n{LINE}8 ")


def test_keys_added_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    source = source_of(f"file:{tmp_path}/keys")
    source.first(tmp_path)
    workers = [threading.Thread(target=source.add, args=(tmp_path,)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(source.load(tmp_path).by_number) == list(range(1, 10))


@pytest.mark.parametrize("place", ["env:X", "credential:x"])
def test_a_store_that_others_fill_is_not_written(place: str, tmp_path: Path) -> None:
    for change in (source_of(place).first, source_of(place).add):
        with pytest.raises(JournalKeyError, match="is filled by its own tools"):
            change(tmp_path)
    with pytest.raises(JournalKeyError, match="say where keys are to be"):
        source_of("none").first(tmp_path)


def test_a_file_in_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalKeyError, match="cannot be used: No such file"):
        source_of(f"file:{tmp_path}/a/keys").first(tmp_path)

"""F39: an archive's manifest that was edited, deleted, inserted, reordered or cut."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from journal.archive.entry import KEY, Entry
from journal.archive.errors import ArchiveError, ManifestError
from journal.archive.manifest import change_key, checkpoint_of, load
from journal.archive.signing import make_key, private_key, public_key
from tests.archive.keeping import Kept, overwrite


@pytest.fixture
def archived(kept: Kept) -> Kept:
    """Five entries: the beginning, three segments and a tail."""
    kept.archive(tail=True)
    assert len(kept.entries) == 5
    return kept


def first_bad(kept: Kept, match: str) -> int:
    with pytest.raises(ManifestError, match=match) as caught:
        kept.manifest()
    return caught.value.number


def test_f39_every_edited_byte_of_an_entry_is_found_and_the_entry_is_named(
    archived: Kept, seed: int
) -> None:
    random = Random(seed)
    for number, path in enumerate(archived.entries, 1):
        good = path.read_bytes()
        for at in [0, len(good) - 1, *random.sample(range(len(good)), 12)]:
            overwrite(path, good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            found = first_bad(archived, "was edited|use a newer version")
            assert found == number, f"byte {at}"
        overwrite(path, good)
    assert len(archived.manifest().entries) == 5


def test_f39_a_date_that_was_edited_is_found(archived: Kept) -> None:
    path = archived.entries[2]
    body, signature = path.read_bytes().splitlines()
    values = json.loads(body) | {"retain_until": "2026-11-23T00:00:00Z"}
    overwrite(path, json.dumps(values, sort_keys=True).encode() + b"\n" + signature + b"\n")
    assert first_bad(archived, "its signature does not fit") == 3


def test_f39_a_deleted_entry_is_named(archived: Kept) -> None:
    archived.entries[2].unlink()
    assert first_bad(archived, "entry 3 is missing: it was deleted") == 3


def test_f39_a_deleted_entry_whose_successors_moved_up_is_named(archived: Kept) -> None:
    paths = archived.entries
    paths[2].unlink()
    paths[3].rename(paths[2])
    paths[4].rename(paths[3])
    assert first_bad(archived, "entry 3 holds entry 4") == 3


def test_f39_an_inserted_entry_is_named(archived: Kept) -> None:
    paths = archived.entries
    shutil.copy(paths[4], paths[4].with_name("00000006.json"))
    assert first_bad(archived, "entry 6 holds entry 5") == 6
    (paths[4].with_name("00000006.json")).rename(paths[4].with_name("00000003b.json"))
    assert first_bad(archived, r"was inserted: manifest/00000003b.json is no entry") == 0


def test_f39_an_entry_written_with_another_key_is_named(archived: Kept, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(ManifestError, match="entry 1 was not written by this key"):
        archived.archive(signer=stranger)
    with pytest.raises(ManifestError, match="entry 1 was not written by this key"):
        load(archived.store, stranger.public)


def test_f39_reordered_entries_are_named(archived: Kept) -> None:
    second, third = archived.entries[1], archived.entries[2]
    held = second.read_bytes()
    overwrite(second, third.read_bytes())
    overwrite(third, held)
    assert first_bad(archived, "entry 2 holds entry 3: entries were inserted or reordered") == 2


def test_f39_a_cut_tail_is_found_by_a_checkpoint_kept_elsewhere(archived: Kept) -> None:
    checkpoint = archived.manifest().checkpoint
    archived.entries[-1].unlink()
    assert len(archived.manifest().entries) == 4, "by itself it looks like a younger archive"
    with pytest.raises(ManifestError, match="entry 5 is missing: the manifest was cut"):
        archived.manifest(kept=checkpoint_of(str(checkpoint)))
    with pytest.raises(ManifestError, match="the manifest was cut"):
        archived.archive()  # the journal's own folder remembers


def test_f39_an_archive_that_was_written_again_is_not_the_one_of_the_checkpoint(
    archived: Kept,
) -> None:
    checkpoint = archived.manifest().checkpoint
    shutil.rmtree(archived.folder / "archive")
    (archived.journal / "archive.checkpoints").unlink()
    archived.archive(tail=True, retention=timedelta(days=1))
    with pytest.raises(ManifestError, match="has another hash than the checkpoint"):
        archived.manifest(kept=checkpoint)


def test_the_public_key_alone_checks_and_a_key_can_be_followed_by_another(
    archived: Kept, tmp_path: Path
) -> None:
    public = public_key(tmp_path / "key.pub")
    new = make_key(tmp_path / "new")
    change_key(archived.manifest(), archived.signer, new, "2033-01-01T00:00:00Z")
    with pytest.raises(ArchiveError, match="signed with another key"):
        archived.manifest().add(archived.manifest().entries[1], archived.signer)
    manifest = load(archived.store, public)
    assert manifest.signing == [public, new.public]
    manifest.add(manifest.entries[1], new)
    assert len(load(archived.store, public).entries) == 7
    assert len(load(archived.store, new.public).entries) == 7


def test_f39_a_past_that_a_key_did_not_vouch_for_is_not_believed(
    archived: Kept, tmp_path: Path
) -> None:
    """An intruder writes another past with a key of his own and names ours as the next."""
    trusted, intruder = archived.signer, make_key(tmp_path / "intruder")
    shutil.rmtree(archived.folder / "archive")
    (archived.journal / "archive.checkpoints").unlink()
    archived.archive(signer=intruder)
    forged = load(archived.store, intruder.public)
    entry = Entry(0, KEY, "", "", "", retain_until="2033-01-01T00:00:00Z")
    forged.add(replace(entry, key=trusted.public.hex(), reason="00" * 64), intruder)
    with pytest.raises(ManifestError, match="entry 5 names a key that does not vouch"):
        archived.manifest()


def test_a_key_that_others_may_read_is_refused_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ArchiveError, match="is there already"):
        make_key(path)
    path.chmod(0o640)
    with pytest.raises(ArchiveError, match="can be read by others: chmod 600"):
        private_key(path)
    path.chmod(0o600)
    path.write_text("no key")
    with pytest.raises(ArchiveError, match="holds no Ed25519 key"):
        private_key(path)
    with pytest.raises(ArchiveError, match=r"name the \.pub file"):
        public_key(path)

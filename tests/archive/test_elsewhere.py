"""A journal is mended from another machine and from an archive, and only by what proves right."""

import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from journal.archive.reading import ArchiveFolder
from journal.errors import JournalError
from journal.remote import RemoteFolder
from journal.repair import repair
from journal.serve import SegmentServer
from journal.verify import verify
from tests.archive.keeping import SIZES, Kept
from tests.journal.test_damage import flip, zero
from tests.journal.writing import BLOCK, CLUSTER, read_all, same, segments, written


@contextmanager
def served(directory: Path, token: str = "") -> Iterator[str]:
    with SegmentServer(directory, token=token) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def copy(kept: Kept, tmp_path: Path) -> Path:
    """The same journal on another machine."""
    return Path(shutil.copytree(kept.journal, tmp_path / "copy"))


def test_f10_segments_are_taken_from_another_machine(kept: Kept, copy: Path) -> None:
    flip(segments(kept.journal)[1], BLOCK + 500, 1)
    zero(segments(kept.journal)[2], 0, BLOCK)
    with served(copy) as url:
        done = repair(kept.journal, RemoteFolder(url))
    assert done is not None
    assert done.segments == ["00000002.segment", "00000003.segment"]
    assert verify(kept.journal).state == "clean"
    assert same(read_all(kept.journal), kept.commands)


def test_f10_segments_are_taken_from_an_archive(kept: Kept) -> None:
    kept.archive(tail=True)
    flip(segments(kept.journal)[0], BLOCK + 500, 1)
    with ArchiveFolder(kept.manifest()) as archive:
        done = repair(kept.journal, archive)
    assert done is not None
    assert same(read_all(kept.journal), kept.commands)


def test_another_history_of_another_machine_is_not_taken(
    kept: Kept, tmp_path: Path, seed: int
) -> None:
    written(tmp_path / "other", seed + 1, SIZES, cluster=CLUSTER)
    flip(segments(kept.journal)[1], BLOCK + 500, 1)
    with (
        served(tmp_path / "other") as url,
        pytest.raises(JournalError, match="does not follow command 400 of this journal"),
    ):
        repair(kept.journal, RemoteFolder(url))


def test_a_token_is_asked_for_and_never_shown(copy: Path) -> None:
    with served(copy, token="canary-token") as url:
        assert "00000001.segment" in RemoteFolder(url, token="canary-token").names()
        for wrong in ("", "canary-other"):
            with pytest.raises(JournalError, match="401 Unauthorized") as caught:
                RemoteFolder(url, token=wrong)
            assert "canary" not in str(caught.value)


def test_without_a_token_only_this_machine_is_listened_to(copy: Path) -> None:
    with pytest.raises(JournalError, match="name a token, or listen on 127"):
        SegmentServer(copy, "0.0.0.0")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/segments/lock",
        "/segments/../lock",
        "/segments/00000001.segment/../lock",
        "/segments/%2e%2e/lock",
        "/segments/00000009.segment",
        "//etc/passwd",
    ],
)
def test_nothing_but_segments_is_served(copy: Path, path: str) -> None:
    with served(copy) as url, pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url + path, timeout=10)
    assert caught.value.code == 404
    caught.value.close()


def test_a_range_that_is_not_there_and_a_machine_that_is_not_there_are_told(copy: Path) -> None:
    with served(copy) as url:
        asked = urllib.request.Request(
            f"{url}/segments/00000001.segment", headers={"Range": "bytes=999999999-9999999999"}
        )
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(asked, timeout=10)
        assert caught.value.code == 416
        caught.value.close()
    with pytest.raises(JournalError, match="is `lmax journal serve` running there"):
        RemoteFolder(url)
    for text in ("ftp://host:1", "http://name:secret@host:1", "http://"):
        with pytest.raises(JournalError, match="is named http://HOST:PORT"):
            RemoteFolder(text)

"""An archive in a real S3-compatible server with object lock: VersityGW, built for the tests."""

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from journal.archive.checking import check
from journal.archive.entry import DELETED, SEGMENT, TAIL
from journal.archive.errors import AlreadyThere, ArchiveError, ManifestError
from journal.archive.manifest import load
from journal.archive.policy import expire
from journal.archive.restore import restore
from journal.archive.s3 import S3Store, client
from journal.archive.snapshots import snapshots_of
from journal.archive.store import now
from journal.replay import state_at
from journal.snapshots import snapshot_folder
from tests.archive.keeping import Kept, traded
from tests.journal.writing import read_all, same
from tests.servers import S3, free_port, needed, running

pytestmark = [pytest.mark.timeout(1500), pytest.mark.xdist_group("s3")]

ACCESS, SECRET = "lmax-tests", "canary-secret-0123456789"
DAY = timedelta(days=1)


class Server:
    """A gateway over a folder, that can be killed and started again at the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ("objects", "versions"):
            (folder / name).mkdir(parents=True)

    @contextmanager
    def up(self) -> Iterator[Any]:
        command = [str(needed(S3)), "--port", f"127.0.0.1:{self.port}", "posix"]
        command += ["--versioning-dir", str(self.folder / "versions"), str(self.folder / "objects")]
        secrets = {"ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
        with running(command, self.port, self.folder / "log", secrets) as process:
            yield process


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As a person gives them: in the environment, and in no profile."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("s3"))
    with server.up():
        yield server


def bucket(server: Server, name: str, *, lock: bool = True) -> str:
    client(server.url).create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    return name


def in_s3(tmp_path: Path, seed: int, server: Server, name: str, **options: Any) -> Kept:
    store = S3Store(bucket(server, name), "venue", endpoint=server.url, **options)
    return Kept(tmp_path, seed, store)


def test_f25_a_journal_comes_back_from_s3_onto_a_new_machine(
    tmp_path: Path, seed: int, server: Server
) -> None:
    kept = in_s3(tmp_path, seed, server, "restored")
    done = kept.archive(tail=True)
    assert len(done.added) == 4
    assert check(kept.manifest()).bad == []
    restore(kept.manifest(), tmp_path / "new")
    assert same(read_all(tmp_path / "new"), kept.commands)


def test_nothing_can_be_overwritten_or_deleted_before_its_date(
    tmp_path: Path, seed: int, server: Server
) -> None:
    kept = in_s3(tmp_path, seed, server, "locked")
    kept.archive(retention=DAY)
    source = tmp_path / "other"
    source.write_bytes(b"other")
    for entry in kept.manifest().objects():
        with pytest.raises(AlreadyThere):
            kept.store.put(entry.name, source, now() + DAY)
        with pytest.raises(ArchiveError, match="held by its object lock"):
            kept.store.delete(entry.name, entry.version)
    for name, held in kept.store.list("manifest/").items():
        with pytest.raises(ArchiveError, match="held by its object lock"):
            kept.store.delete(name, held.version)
    raw = client(server.url)
    for key in ("venue/" + kept.manifest().objects()[0].name, "venue/manifest/00000001.json"):
        found = raw.get_object_retention(Bucket="locked", Key=key)["Retention"]
        assert found["Mode"] == "COMPLIANCE"
        assert found["RetainUntilDate"] > now() + DAY - timedelta(minutes=5)
    assert check(kept.manifest()).bad == []


def test_what_an_intruder_writes_or_deletes_over_an_object_does_not_count_and_is_reported(
    tmp_path: Path, seed: int, server: Server
) -> None:
    kept = in_s3(tmp_path, seed, server, "intruded")
    kept.archive()
    raw = client(server.url)
    raw.put_object(Bucket="intruded", Key="venue/manifest/00000002.json", Body=b"{}")
    raw.put_object(Bucket="intruded", Key="venue/objects/00000001.segment.zst", Body=b"other")
    raw.delete_object(Bucket="intruded", Key="venue/objects/00000002.segment.zst")
    report = check(kept.manifest())
    assert report.bad == []
    assert [line.split(":")[0] for line in report.covered] == [
        "manifest/00000002.json",
        "objects/00000001.segment.zst",
        "objects/00000002.segment.zst",
    ]
    restore(kept.manifest(), tmp_path / "new")
    assert kept.commands.tobytes().startswith(read_all(tmp_path / "new").tobytes())


def test_past_its_date_what_the_policy_allows_is_deleted_and_recorded(
    tmp_path: Path, seed: int, server: Server
) -> None:
    kept = in_s3(tmp_path, seed, server, "expired")
    shutil.rmtree(kept.journal)
    state_hash = traded(kept.journal, seed)
    kept.archive(tail=True, retention=timedelta(seconds=3))
    assert expire(kept.manifest(), kept.signer) == [], "nothing before its date"
    kept.archive(retention=DAY, snapshots=lambda cluster: snapshots_of(kept.journal, cluster))
    manifest = kept.manifest()
    first = manifest.objects()[0]
    last = max(entry.until for entry in manifest.objects(SEGMENT, TAIL))
    time.sleep(max(0.0, (last - now()).total_seconds()) + 1.5)
    names = expire(kept.manifest(), kept.signer)
    assert names[0] == first.name
    assert first.name not in kept.store.list("")
    assert [e.name for e in kept.manifest().entries if e.kind == DELETED] == names
    report = check(kept.manifest())
    assert (report.bad, report.unlisted) == ([], [])
    new = tmp_path / "new" / "journal"
    done = restore(kept.manifest(), new, snapshots=snapshot_folder(new))
    assert done.first > 1
    assert f"{state_at(new, done.last).state_hash:016x}" == state_hash
    newest = manifest.objects()[-1]
    with pytest.raises(ArchiveError, match="held by its object lock"):
        kept.store.delete(newest.name, newest.version)


def test_large_objects_go_in_parts(tmp_path: Path, seed: int, server: Server) -> None:
    kept = in_s3(tmp_path, seed, server, "parts", part_bytes=5 << 20)
    source = tmp_path / "large"
    source.write_bytes(os.urandom(11 << 20))
    held = kept.store.put("objects/large", source, now() + DAY)
    with pytest.raises(AlreadyThere):
        kept.store.put("objects/large", source, now() + DAY)
    with (tmp_path / "back").open("wb") as into:
        kept.store.get("objects/large", held.version, into)
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    with pytest.raises(ArchiveError, match="held by its object lock"):
        kept.store.delete("objects/large", held.version)


def test_a_server_killed_at_any_moment_of_an_upload_is_taken_up_by_the_next_run(
    tmp_path: Path, seed: int
) -> None:
    server = Server(tmp_path / "s3")
    data = tmp_path / "data" / "journal"
    with server.up():
        kept = Kept(tmp_path, seed)
        kept.store = S3Store(bucket(server, "killed"), "venue", endpoint=server.url)
    traded(tmp_path / "more" / "journal", seed)
    kept.journal = tmp_path / "more" / "journal"
    assert data.exists()
    told: list[str] = []
    for delay in (0.05, 0.12, 0.2, 0.3):
        with server.up() as process:
            timer = threading.Timer(delay, process.send_signal, [signal.SIGKILL])
            timer.start()
            try:
                kept.archive()
            except ArchiveError as error:
                told.append(str(error))
            timer.join()
            process.wait()
    with server.up():
        kept.archive(tail=True)
        report = check(kept.manifest())
        assert report.bad == []
        restore(kept.manifest(), tmp_path / "new")
    assert same(read_all(tmp_path / "new"), read_all(kept.journal))
    assert told, "no kill ever hit a run: make the delays shorter"
    assert all("run it again, and it goes on where it stopped" in text for text in told), told


def refused(store: S3Store, match: str) -> str:
    with pytest.raises(ArchiveError, match=match) as caught:
        store.check()
    return str(caught.value)


def test_wrong_credentials_are_told_and_never_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bucket(server, "secret")
    caplog.set_level(logging.INFO)
    told = []
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-wrong-secret")
    told.append(refused(S3Store("secret", endpoint=server.url), "the secret key is wrong"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-nobody")
    told.append(refused(S3Store("secret", endpoint=server.url), "access key is not known"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told.append(refused(S3Store("secret", endpoint=server.url), "no credentials; set AWS_ACCESS"))
    assert "canary" not in "\n".join(told) + caplog.text


def test_a_bucket_that_is_missing_or_has_no_lock_is_refused_before_anything_is_written(
    tmp_path: Path, seed: int, server: Server
) -> None:
    refused(S3Store("nowhere", endpoint=server.url), "the bucket does not exist; make it with")
    kept = Kept(tmp_path, seed, S3Store(bucket(server, "open", lock=False), endpoint=server.url))
    with pytest.raises(ArchiveError, match="has no object lock, so nothing in it is safe"):
        kept.archive()
    assert kept.store.list("") == {}


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    refused(S3Store("any", endpoint=url), "cannot be reached or broke off")


def test_f39_a_manifest_of_another_key_is_refused_in_s3_too(
    tmp_path: Path, seed: int, server: Server
) -> None:
    kept = in_s3(tmp_path, seed, server, "signed")
    kept.archive()
    with pytest.raises(ManifestError, match="entry 1 was not written by this key"):
        load(kept.store, bytes(32))

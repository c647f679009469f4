"""The server as root and as a normal user, from places the other cannot enter."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from ledger import binaries
from ledger.account import server_user
from ledger.errors import ServerError
from ledger.home import remembered_home
from ledger.server import EmbeddedPostgres
from tests.fix_postgres import FAST

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")

NORMAL_USER = """
import os, sys
from ledger.server import EmbeddedPostgres
import psycopg
directory, uid, gid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, sys.argv[4])
os.setgroups([]); os.setgid(gid); os.setuid(uid); os.chdir("/")
with EmbeddedPostgres(directory) as server:
    with psycopg.connect(server.dsn) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0])
    print(os.stat(f"/proc/{server.postmaster_pid}").st_uid)
server.destroy()
print(os.listdir(directory))
"""


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for copies of the programs that everybody can enter."""
    folder = Path(f"/var/tmp/lmax-test-{os.getpid()}")
    folder.mkdir(mode=0o755, exist_ok=True)
    monkeypatch.setattr(binaries, "CACHE_PARENT", folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def hidden_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheel's files in a directory that only we can enter, first on the import path."""
    site = binaries.site_packages()
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (binaries.PACKAGE, f"{binaries.PACKAGE}.libs"):
        shutil.copytree(site / name, hidden / name)
    monkeypatch.syspath_prepend(hidden)
    # The tests damage what they find: never let that be the environment's own files.
    assert binaries.site_packages() == hidden
    return hidden


@as_root
def test_root_runs_it_as_another_user_from_hidden_places(
    hidden_wheel: Path, cache: Path, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path / "pg", settings=FAST)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        owner = os.stat(f"/proc/{server.postmaster_pid}").st_uid
        program = os.readlink(f"/proc/{server.postmaster_pid}/exe")
        home = remembered_home(tmp_path / "pg")
        assert owner == server_user().uid != 0
        assert program.startswith(str(cache))
        assert home is not None
        assert home.root.parent == Path("/var/tmp")
        assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
        assert home.root.stat().st_uid == owner
        server.stop()
        assert server.start()
        assert remembered_home(tmp_path / "pg") == home
    finally:
        server.destroy()
    assert not home.root.exists()


@as_root
def test_processes_that_copy_the_programs_at_once_make_one_copy(
    hidden_wheel: Path, cache: Path
) -> None:
    with ThreadPoolExecutor(3) as pool:
        found = set(pool.map(lambda _: binaries.programs(server_user()), range(3)))
    assert len(found) == 1
    assert len(list(cache.iterdir())) == 1


@as_root
def test_a_copy_with_a_missing_file_is_made_again(hidden_wheel: Path, cache: Path) -> None:
    programs = binaries.programs(server_user())
    assert cache in programs.parents
    (programs / "initdb").unlink()
    assert binaries.programs(server_user()) == programs
    assert (programs / "initdb").exists()


@as_root
def test_programs_that_others_may_write_are_not_run(hidden_wheel: Path, cache: Path) -> None:
    programs = binaries.programs(server_user())
    next(cache.iterdir()).chmod(0o777)
    with pytest.raises(ServerError, match="not trusted: remove it"):
        binaries.programs(server_user())
    assert programs.exists()


@as_root
def test_another_user_cannot_connect(postgres_server: EmbeddedPostgres) -> None:
    """``daemon`` is neither root nor the server's user: the socket's directory is closed."""
    home = remembered_home(postgres_server.directory)
    assert home is not None
    daemon = pwd.getpwnam("daemon")
    done = subprocess.run(
        ["/bin/ls", home.sockets], user=daemon.pw_uid, group=daemon.pw_gid, extra_groups=[],
        cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Permission denied" in done.stderr


@as_root
def test_root_is_refused_as_the_servers_user() -> None:
    with pytest.raises(ServerError, match="refuses to run as root"):
        server_user("root")
    with pytest.raises(ServerError, match="there is no user nobody-of-that-name"):
        server_user("nobody-of-that-name")


@as_root
def test_a_normal_user_runs_it_as_itself(hidden_wheel: Path, cache: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    binaries.programs(server_user("nobody"))
    site = next(cache.iterdir())
    directory = cache / "of nobody"
    directory.mkdir(mode=0o700)
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    arguments = [directory, nobody.pw_uid, nobody.pw_gid, site]
    command = [sys.executable, "-c", NORMAL_USER, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:3] == ["lmax", str(nobody.pw_uid), "[]"], done.stderr

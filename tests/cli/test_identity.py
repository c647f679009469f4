"""`lmax identity` as people use it, and what is never told."""

import stat
from pathlib import Path

from replicator.identity import load_identity, parse_public
from tests.cli.driving import inside


def test_an_identity_is_made_shown_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "identity.pem"
    made = inside("identity", "new", file)
    assert (made.code, made.errors) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    again = inside("identity", "new", file)
    assert (again.code, again.output) == (9, "")
    assert "is there already" in again.errors
    assert file.read_bytes() == before
    shown = inside("identity", "show", file)
    assert (shown.code, shown.output) == (0, made.output)
    assert parse_public(shown.output.strip()) == load_identity(file).public
    told = inside("identity", "show", file, "--json")
    assert told.json == {"public": made.output.strip(), "file": str(file)}
    secret = before.splitlines()[1].decode()
    everything = [made, again, shown, told]
    assert [one for one in everything if secret in one.output + one.errors] == []


def test_what_is_wrong_with_an_identity_is_told_with_exit_code_9(tmp_path: Path) -> None:
    file, other = tmp_path / "identity.pem", tmp_path / "other.pem"
    assert inside("identity", "new", file).code == 0
    file.chmod(0o640)
    other.write_text("canary")
    other.chmod(0o600)
    for path, told in (
        (file, f"chmod 600 {file}"),
        (other, "holds no Ed25519 key"),
        (tmp_path / "nowhere", "No such file"),
    ):
        done = inside("identity", "show", path, "--json")
        assert (done.code, done.json["exit_code"]) == (9, 9)
        assert told in done.json["error"]
        assert "canary" not in done.output + done.errors
    assert inside("identity", "new", tmp_path / "no" / "folder").code == 9
    assert inside("identity", "show", tmp_path).code == 2

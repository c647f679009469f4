"""`--journal-key` and `lmax journal keys` as people use them, and what is never told."""

import json
import shutil
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType

from journal.key_sources import load_keys
from journal.key_wrapped import NAME
from journal.reader import Reader
from tests.cli.driving import SMALL, Finished, inside, lmax
from tests.journal.softhsm import LABEL, PIN, Token
from tests.servers import SOFTHSM, needed


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Token:
    """A token with the keys `journal` and `other`."""
    needed(SOFTHSM)
    token = Token(tmp_path / "hsm")
    token.make()
    monkeypatch.setenv("SOFTHSM2_CONF", token.environment["SOFTHSM2_CONF"])
    driver = pkcs11.lib(str(token.driver))
    driver.reinitialize()  # it may be that of another test still
    with next(driver.get_tokens(token_label=LABEL)).open(rw=True, user_pin=PIN) as session:
        for label in ("journal", "other"):
            fixed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
            session.generate_key(KeyType.AES, 256, label=label, store=True, template=fixed)
    driver.finalize()
    return token


Environment = dict[str, str]


def call(variables: Environment, *arguments: object) -> Finished:
    """`lmax` in a process of its own, with these variables."""
    return lmax(*arguments, timeout=60.0, **variables)


def ran(
    data: Path, postgres: str, key: str, *more: object, variables: Environment | None = None
) -> Finished:
    arguments = ["run", "--dir", data, "--dsn", postgres, "--for", "0.3", "--rate", "2000", *SMALL]
    return call(variables or {}, *arguments, "--json", "--journal-key", key, *more)


@pytest.mark.timeout(300)
def test_a_market_whose_journal_is_encrypted_by_a_tokens_key(
    tmp_path: Path, postgres: str, token: Token
) -> None:
    """Two runs with a new key between them; every reading verb; nothing secret is told."""
    data, key = tmp_path / "data", token.uri()
    with_token = dict(token.environment, LMAX_DEBUG="1")
    done = [ran(data, postgres, key, "--journal-mode", "buffered", variables=with_token)]
    named = dict(with_token, LMAX_JOURNAL_KEY=key)
    done.append(call(named, "journal", "keys", "rotate", data))
    done.append(ran(data, postgres, key, variables=with_token))
    for verb in ("verify", "replay", "dump", "keys ls"):
        done.append(call(named, "journal", *verb.split(), data, "--json"))
    done.append(call(named, "ledger", "check", data, "--dsn", postgres, "--json"))
    assert [(one.code, one.errors[-300:]) for one in done if one.code] == []
    first, _, second, verified, replayed, dumped, listed, checked = done
    assert (first.json["journal_mode"], first.json["journal_key"]) == ("buffered", 1)
    assert (second.json["journal_key"], second.json["discrepancies"]) == (2, 0)
    assert second.json["journal_mode"] in second.json["journal_probe"]
    assert f"mode {second.json['journal_probe']}; encrypted with key 2 of pkcs11" in second.errors
    assert verified.json["state"] == "clean"
    assert replayed.json["state_hash"] == second.json["state_hash"]
    assert json.loads(dumped.output.splitlines()[-1])["commands"] == second.json["last_sequence"]
    assert (listed.json["held"], listed.json["missing"]) == ([1, 2], [])
    assert checked.json["discrepancies"] == 0
    token.tell_pin("canary-wrong")
    done.append(call(named, "journal", "verify", data))
    token.tell_pin(PIN)
    done.append(call(with_token, "journal", "verify", data, "--journal-key", "none"))
    done.append(call(named | {"LMAX_JOURNAL_KEY": token.uri("id=9")}, "journal", "verify", data))
    assert [one.code for one in done[-3:]] == [3, 3, 3]
    no_secret_is_told(done, data, token)


def no_secret_is_told(done: list[Finished], data: Path, token: Token) -> None:
    """Neither PINs nor keys, as bytes or in hex, in any output, nor in any file of the journal."""
    source = token.uri().replace("?", f"?module-path={token.driver}&")
    keys = load_keys(source, data / "journal")
    secrets = [PIN.encode(), b"canary-wrong"]
    for key in keys.by_number.values():
        secrets += [key, key.hex().encode()]
    texts = [(one.output + one.errors).encode() for one in done]
    texts += [path.read_bytes() for path in (data / "journal").iterdir()]
    assert [n for n, secret in enumerate(secrets) if any(secret in text for text in texts)] == []
    assert len(keys.by_number) == 2


def test_a_key_file_from_its_making_to_its_move_into_a_token(
    tmp_path: Path, postgres: str, token: Token
) -> None:
    data, key = tmp_path / "data", f"file:{tmp_path / 'keys'}"
    environment = {"LMAX_JOURNAL_KEY": key, **token.environment}
    made = call(environment, "journal", "keys", "new", data)
    assert (made.code, made.output) == (0, f"key 1 of {key} encrypts from the next start on\n")
    assert ran(data, postgres, key).code == 0
    again = inside("journal", "keys", "new", data, "--journal-key", f"file:{tmp_path}/more")
    assert (again.code, "segments need key 1" in again.errors) == (3, True)
    target = token.uri("object=other")
    moved = call(environment, "journal", "keys", "rewrap", data, "--to", target)
    assert moved.code == 0, moved.errors
    assert (data / "journal" / NAME).exists()
    (tmp_path / "keys").unlink()
    there = dict(environment, LMAX_JOURNAL_KEY=token.uri("object=other"))
    assert call(there, "journal", "verify", data).code == 0


def test_what_is_wrong_with_a_key_is_told_with_the_exit_code(tmp_path: Path, postgres: str) -> None:
    data, key = tmp_path / "data", f"file:{tmp_path / 'keys'}"
    assert inside("journal", "keys", "new", data, "--journal-key", key).code == 0
    assert ran(data, postgres, key).code == 0
    other = f"file:{tmp_path / 'other'}"
    assert inside("journal", "keys", "new", tmp_path / "else", "--journal-key", other).code == 0
    (tmp_path / "lax").write_text((tmp_path / "keys").read_text())
    (tmp_path / "lax").chmod(0o644)
    (tmp_path / "later").write_text((tmp_path / "keys").read_text().replace("1 ", "2 ", 1))
    (tmp_path / "later").chmod(0o600)
    for source, code, told in (
        ("none", 3, "encrypted with key 1, and no key was given"),
        (other, 3, "another key 1 than that of file:"),
        (f"file:{tmp_path / 'lax'}", 3, "chmod 600"),
        (f"file:{tmp_path / 'later'}", 3, "holds only 2"),
        (f"file:{tmp_path / 'nowhere'}", 3, "No such file"),
        ("env:LMAX_TEST_NO_SUCH", 3, "is not set"),
        ("canary", 2, "a journal's key is named as file:PATH"),
    ):
        for verb in (["verify", data], ["dump", data], ["repair", data, "--from", data]):
            done = inside("journal", *verb, "--journal-key", source)
            assert (done.code, told in done.errors, "canary" in done.errors) == (code, True, False)
    listed = inside("journal", "keys", "ls", data, "--journal-key", f"file:{tmp_path / 'later'}")
    assert (listed.code, "lacks key 1" in listed.errors) == (3, True)
    assert inside("journal", "ls", data).code == 0, "the list needs no key"
    assert ran(data, postgres, other).code == 3
    assert ran(data, postgres, key).json["discrepancies"] == 0


def test_an_encrypted_copy_repairs_an_encrypted_journal(tmp_path: Path, postgres: str) -> None:
    data, key = tmp_path / "data", f"file:{tmp_path / 'keys'}"
    assert inside("journal", "keys", "new", data, "--journal-key", key).code == 0
    assert ran(data, postgres, key).code == 0
    shutil.copytree(data, tmp_path / "copy")
    path = data / "journal" / "00000001.segment"
    damaged = bytearray(path.read_bytes())
    damaged[4096 + 1000] ^= 1
    path.write_bytes(damaged)
    assert inside("journal", "verify", data, "--journal-key", key).code == 3
    mended = inside("journal", "repair", data, "--from", tmp_path / "copy", "--journal-key", key)
    assert mended.code == 0, mended.errors
    with Reader(data / "journal", keys=load_keys(key, data / "journal")) as reader:
        assert sum(len(commands) for commands in reader.batches()) > 0

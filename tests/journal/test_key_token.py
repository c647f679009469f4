"""Keys wrapped by a key that never leaves its token: with a real SoftHSM2."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, TokenFlag

from journal import key_token
from journal.errors import JournalKeyError
from journal.key_sources import InToken, load_keys, source_of
from journal.key_wrapped import NAME, TITLE
from journal.keys import Keys
from journal.pkcs11_uri import parse_uri
from journal.verify import verify
from tests.journal.softhsm import LABEL, PIN, Token
from tests.journal.writing import Scribe, commands_of, same, written
from tests.journal.writing import read_all as read_journal
from tests.servers import SOFTHSM, needed


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Token]:
    """A token with the keys `journal` (1), `other` (2) and twice `twin` (3, 4)."""
    needed(SOFTHSM)
    token = Token(tmp_path / "hsm")
    token.make()
    for name, value in token.environment.items():
        monkeypatch.setenv(name, value)
    driver = pkcs11.lib(str(token.driver))
    driver.reinitialize()  # it may be that of another test still
    for number, name in enumerate(("journal", "other", "twin", "twin"), start=1):
        make_key(driver, name, number)
    yield token
    driver.finalize()


def make_key(driver, label: str, number: int) -> None:
    with next(driver.get_tokens(token_label=LABEL)).open(rw=True, user_pin=PIN) as session:
        fixed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        key = session.generate_key(
            KeyType.AES, 256, label=label, id=bytes([number]), store=True, template=fixed
        )
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]


def refused(token: Token, folder: Path, match: str, uri: str | None = None) -> None:
    """That the keys are not given, and the message neither has the PIN nor the key."""
    with pytest.raises(JournalKeyError, match=match) as caught:
        load_keys(uri or token.uri(), folder)
    chain = [caught.value, caught.value.__cause__]
    assert PIN not in "".join(map(repr, chain))


def test_a_journal_that_begins_gets_a_key_and_older_ones_stay_readable(
    token: Token, tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "journal"
    first = load_keys(token.uri(), folder, begin=True)
    written(folder, seed, [40, 40], keys=first)
    second = source_of(token.uri()).add(folder)
    with Scribe(folder, keys=second) as scribe:
        scribe.write(commands_of(seed, 81, 10))
    assert (first.current, second.current) == (1, 2)
    assert load_keys(token.uri(), folder, begin=True) == second
    assert len(read_journal(folder, load_keys(token.uri(), folder))) == 90
    assert verify(folder, keys=second).state == "clean"


def test_a_copy_of_the_folder_is_whole(token: Token, tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "journal"
    commands = written(folder, seed, [40], keys=load_keys(token.uri(), folder, begin=True))
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    found = read_journal(tmp_path / "copy", load_keys(token.uri("id=%01"), tmp_path / "copy"))
    assert same(found, commands)


def test_the_file_beside_the_journal_tells_no_key(token: Token, tmp_path: Path) -> None:
    keys = load_keys(token.uri(), tmp_path / "journal", begin=True)
    text = (tmp_path / "journal" / NAME).read_text()
    assert text.startswith(f"{TITLE}\nby pkcs11:token={LABEL};object=journal\n")
    assert keys.key(1).hex() not in text
    assert keys.key(1).hex() not in repr(keys)
    assert PIN not in text


def test_a_wrong_pin_is_tried_once(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    load_keys(token.uri(), folder, begin=True)
    token.tell_pin("wrong-4711")
    refused(token, folder, "refuses the PIN from file:.*pin. It was tried once")
    flags = next(pkcs11.lib(str(token.driver)).get_tokens(token_label=LABEL)).flags
    assert flags & TokenFlag.USER_PIN_COUNT_LOW, "the token saw no try"
    token.tell_pin(PIN)
    assert load_keys(token.uri(), folder).current == 1
    token.pin_file.chmod(0o644)
    refused(token, folder, "pin can be read by others: chmod 600")


def test_the_pin_of_the_environment_serves_a_whole_process_and_is_not_left_there(
    token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, uri = tmp_path / "journal", f"pkcs11:token={LABEL};object=journal"
    monkeypatch.setattr("journal.secret._taken", {})
    with pytest.raises(JournalKeyError, match=r"the PIN of .*the variable LMAX_PKCS11_PIN is not"):
        load_keys(uri, folder, begin=True)
    monkeypatch.setenv("LMAX_PKCS11_PIN", PIN)
    load_keys(uri, folder, begin=True)
    assert "LMAX_PKCS11_PIN" not in os.environ
    assert source_of(uri).add(folder).current == 2


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        (TokenFlag.USER_PIN_FINAL_TRY, "one more wrong PIN locks the token .* not tried"),
        (TokenFlag.USER_PIN_LOCKED, "is locked. Its security officer unlocks it"),
    ],
)
def test_a_token_that_may_lock_is_not_tried(flag: TokenFlag, told: str) -> None:
    """SoftHSM never comes to this, so what the token says of itself is made up here."""
    uri = parse_uri("pkcs11:token=a;object=b?pin-source=file:/nowhere")
    with pytest.raises(JournalKeyError, match=told):
        key_token.log_in(uri, SimpleNamespace(flags=flag))  # type: ignore[arg-type]


def test_a_token_that_is_away_is_told_and_found_when_it_is_back(
    token: Token, tmp_path: Path
) -> None:
    folder = tmp_path / "journal"
    keys = load_keys(token.uri(), folder, begin=True)
    pkcs11.lib(str(token.driver)).finalize()
    token.take_away()
    refused(token, folder, "is not there. Plug it in, or check its name")
    token.bring_back()
    assert load_keys(token.uri(), folder) == keys
    refused(token, folder, "is not there", token.uri(token="token=nobody"))
    refused(token, folder, "is not there", token.uri(token="serial=nobody"))


def test_a_token_that_goes_while_it_is_used_is_told(token: Token, tmp_path: Path) -> None:
    uri = parse_uri(token.uri())
    with key_token.opened(uri) as key:
        pkcs11.lib(str(token.driver)).reinitialize()  # what its session meant is gone
        with pytest.raises(JournalKeyError, match=r"went away|does not"):
            key.wrap(bytes(32), b"x")


def test_a_key_that_is_not_there_or_not_one_is_told(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    load_keys(token.uri(), folder, begin=True)
    refused(
        token, folder, "holds no AES key pkcs11:token=venue;object=none", token.uri("object=none")
    )
    refused(token, folder, "several keys fit .*: add id", token.uri("object=twin"))
    refused(
        token,
        folder,
        "key 1, wrapped by .*object=journal: .*object=other",
        token.uri("object=other"),
    )
    refused(
        token, folder, "key 1, wrapped by .*: the key .*id=%04", token.uri("object=twin;id=%04")
    )


def test_two_tokens_of_one_name_are_told_apart_by_serial(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    keys = load_keys(token.uri(), folder, begin=True)
    driver = pkcs11.lib(str(token.driver))
    serial = next(driver.get_tokens(token_label=LABEL)).serial.decode()
    token.make()
    driver.reinitialize()
    refused(token, folder, "2 tokens fit .*: add serial")
    assert load_keys(token.uri(token=f"token={LABEL};serial={serial}"), folder) == keys


@pytest.mark.parametrize("module", ["", "/nowhere/driver.so", "libc"])
def test_a_driver_that_is_none_is_told(
    module: str, token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "journal"
    load_keys(token.uri(), folder, begin=True)
    if module == "libc":
        module = sys.executable
    monkeypatch.setenv("LMAX_PKCS11_MODULE", module)
    refused(token, folder, "name the token's driver|is not there|cannot be used")


def test_without_the_package_it_is_told_what_to_install(
    token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(JournalKeyError, match=r"pip install 'lmax\[pkcs11\]'"):
        load_keys(token.uri(), tmp_path / "journal", begin=True)


def test_wrapped_keys_that_were_changed_are_refused(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    load_keys(token.uri(), folder, begin=True)
    source_of(token.uri()).add(folder)
    path = folder / NAME
    good = path.read_text()
    *head, one, two = good.splitlines()
    swapped = "\n".join([*head, f"1{two[1:]}", f"2{one[1:]}", ""])
    flipped = good[:-3] + ("0" if good[-3] != "0" else "1") + good[-2:]
    for text, told in (
        (swapped, "key 1, wrapped by .* does not open it"),
        (flipped, "key 2, wrapped by .* does not open it"),
        (good[:-1], "is damaged: restore it"),
        (good[:40], "is damaged: restore it"),
        (good.replace("\n1 ", "\n2 "), "is damaged"),
        (good.replace("keys 1", "keys 2"), "another version wrote it"),
        ("", "another version wrote it"),
        (good + "ä", "cannot be read"),
    ):
        path.write_text(text)
        refused(token, folder, told)
    path.write_text(good)
    assert load_keys(token.uri(), folder).current == 2


def test_lost_wrapped_keys_are_never_made_anew_beside_an_encrypted_journal(
    token: Token, tmp_path: Path, seed: int
) -> None:
    folder = tmp_path / "journal"
    written(folder, seed, [40], keys=load_keys(token.uri(), folder, begin=True))
    (folder / NAME).unlink()
    with pytest.raises(JournalKeyError, match="restore that file from a copy"):
        load_keys(token.uri(), folder, begin=True)
    assert not (folder / NAME).exists()


def test_keys_move_into_a_token_and_from_key_to_key(token: Token, tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    keys = Keys({1: os.urandom(32), 5: os.urandom(32), 3: os.urandom(32)}, 3)
    for name in ("object=journal", "object=other"):
        target = InToken(parse_uri(token.uri(name)))
        target.take_over(folder, keys)
        assert load_keys(token.uri(name), folder) == keys
    refused(token, folder, "wrapped by .*object=other")
    with pytest.raises(JournalKeyError, match="holds key 5, which would be lost"):
        target.take_over(folder, Keys({1: bytes(32), 3: bytes(32)}, 3))
    with pytest.raises(JournalKeyError, match="has keys already"):
        target.first(folder)

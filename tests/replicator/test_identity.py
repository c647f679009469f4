"""Identity files and public keys: what is taken, what is refused, what is never told."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from replicator.identity import (
    Identity,
    IdentityError,
    is_signed,
    load_identity,
    make_identity,
    parse_public,
    public_text,
)

SEED = bytes(range(32))


def pem(key: Ed25519PrivateKey | X25519PrivateKey, password: bytes = b"") -> bytes:
    hidden = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)


def private_file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_what_is_made_is_loaded_and_only_its_owner_reads_it(tmp_path: Path):
    before = os.umask(0)
    try:
        made = make_identity(tmp_path / "identity.pem")
    finally:
        os.umask(before)
    path = tmp_path / "identity.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load_identity(path)
    assert loaded.public == made.public
    assert is_signed(made.public, b"text", loaded.sign(b"text"))
    assert make_identity(tmp_path / "other.pem").public != made.public


def test_a_file_that_others_may_touch_is_refused(tmp_path: Path):
    path = tmp_path / "identity.pem"
    make_identity(path)
    for mode in (0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666):
        path.chmod(mode)
        with pytest.raises(IdentityError, match=f"can be read by others: chmod 600 {path}"):
            load_identity(path)
    path.chmod(0o400)
    load_identity(path)


def test_nothing_is_overwritten_nor_written_through_a_link(tmp_path: Path):
    path = tmp_path / "identity.pem"
    path.write_text("something else")
    with pytest.raises(IdentityError, match="is there already"):
        make_identity(path)
    assert path.read_text() == "something else"
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(IdentityError, match="is there already"):
        make_identity(tmp_path / "link")
    assert not (tmp_path / "target").exists()
    with pytest.raises(IdentityError, match="cannot be written: No such file"):
        make_identity(tmp_path / "no" / "identity.pem")


def test_what_holds_no_identity_is_told_without_what_it_holds(tmp_path: Path):
    good = pem(Ed25519PrivateKey.from_private_bytes(SEED))
    for name, data in (
        ("empty", b""),
        ("text", b"canary"),
        ("torn", good[:60]),
        ("password", pem(Ed25519PrivateKey.from_private_bytes(SEED), b"canary")),
        ("other", pem(X25519PrivateKey.from_private_bytes(SEED))),
    ):
        with pytest.raises(IdentityError, match="holds no Ed25519 key") as caught:
            load_identity(private_file(tmp_path / name, data))
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None
    with pytest.raises(IdentityError, match="No such file"):
        load_identity(tmp_path / "nowhere")
    with pytest.raises(IdentityError, match="Is a directory"):
        load_identity(tmp_path)
    assert load_identity(private_file(tmp_path / "good", good)).public == (
        Identity.of_seed(SEED).public
    )


def test_a_public_key_has_one_spelling():
    text = Identity.of_seed(SEED).text
    assert text.startswith("ed25519:")
    assert public_text(parse_public(text)) == text
    other_end = text[:-2] + chr(ord(text[-2]) + 1) + "="
    for wrong in (
        "",
        text.removeprefix("ed25519:"),
        text.upper(),
        text + "\n",
        " " + text,
        text[:-1],
        text[:-4],
        "ed25519:" + text,
        "ed25519:ä",
        "ed25519:canary",
        other_end,
        public_text(bytes(31)),
        public_text(bytes(33)),
    ):
        with pytest.raises(IdentityError, match="44 characters of base64") as caught:
            parse_public(wrong)
        assert "canary" not in str(caught.value)


def test_a_signature_is_one_of_that_key_and_text():
    one, other = Identity.of_seed(SEED), Identity.of_seed(bytes(32))
    signature = one.sign(b"text")
    assert is_signed(one.public, b"text", signature)
    assert not is_signed(other.public, b"text", signature)
    assert not is_signed(one.public, b"Text", signature)
    assert not is_signed(one.public, b"text", b"")
    assert not is_signed(b"no key", b"text", signature)


def test_the_secret_half_is_never_shown():
    identity = Identity.of_seed(SEED)
    assert repr(identity) == "Identity()"
    assert SEED.hex() not in f"{identity} {identity.text} {identity.public.hex()}"

"""Ed25519 keys of a manifest: a private one to write it, a public one to check it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal.archive.errors import ArchiveError

CONTEXT = b"lmax journal archive manifest 1\n"
"""Before everything that is signed: a signature made for something else never fits."""

PUBLIC = ".pub"


@dataclass(frozen=True)
class Signer:
    """Signs entries; `public` is what others check them with, 32 bytes."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(CONTEXT + data)


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether that key signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, CONTEXT + data)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key(path: Path) -> Signer:
    """A new pair: the private key in `path`, for its owner only, the public one beside it.

    ArchiveError if either file is there already: keys are not overwritten.
    """
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    open_text = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    beside = path.with_name(path.name + PUBLIC)
    if beside.exists():
        raise ArchiveError(f"{beside} is there already; name another file")
    write_new(path, secret, 0o600)
    write_new(beside, open_text, 0o644)
    return Signer(private)


def write_new(path: Path, data: bytes, mode: int) -> None:
    """A new file of these bytes, safe on the disk; ArchiveError if there is one."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        raise ArchiveError(f"{path} is there already; name another file") from None
    with os.fdopen(fd, "wb") as file:
        os.fchmod(fd, mode)
        file.write(data)
        file.flush()
        os.fsync(fd)


def private_key(path: Path) -> Signer:
    """The pair of a file that only its owner may read. ArchiveError says what is wrong."""
    try:
        if path.stat().st_mode & 0o077:
            raise ArchiveError(f"{path} can be read by others: chmod 600 {path}")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise ArchiveError(
            f"the archive's key {path} cannot be read ({error.strerror});"
            " `lmax journal archive-key` makes one"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ArchiveError(f"{path} holds no Ed25519 key; `lmax journal archive-key` makes one")
    return Signer(key)


def public_key(path: Path) -> bytes:
    """The public key of a `.pub` file. ArchiveError says what is wrong."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise ArchiveError(f"the public key {path} cannot be read: {error.strerror}") from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ArchiveError(f"{path} holds no public Ed25519 key; name the .pub file")
    return key.public_bytes_raw()

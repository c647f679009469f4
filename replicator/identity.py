"""Who a node is: an Ed25519 key pair. The private key is in a file that only its owner reads; the
public one, a line of text, stands in the configuration of the other nodes.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from journal.errors import JournalKeyError
from journal.secret import read_private

SCHEME = "ed25519:"
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


class IdentityError(Exception):
    """An identity cannot be had, or a public key is none. No message holds a private key."""


@dataclass(frozen=True)
class Identity:
    """Signs as one node; `public` is what the others check it with."""

    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of_seed(cls, seed: bytes) -> Identity:
        """The identity of these 32 secret bytes; the same bytes, the same identity."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def text(self) -> str:
        """The public key as the configuration of the other nodes has it."""
        return public_text(self.public)

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


def is_signed(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether that key signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_text(public: bytes) -> str:
    """`ed25519:` and the key in base64."""
    return SCHEME + base64.b64encode(public).decode()


def parse_public(text: str) -> bytes:
    """The key of such a text. Raises IdentityError, which does not repeat the text: somebody may
    have put a private key there.
    """
    problem = IdentityError(
        f"a node's public key is {SCHEME} and 44 characters of base64; `lmax identity show FILE`"
        " prints it"
    )
    if not text.startswith(SCHEME):
        raise problem
    try:
        public = base64.b64decode(text.removeprefix(SCHEME), validate=True)
    except (binascii.Error, ValueError):
        raise problem from None
    # A second spelling of the same key would be another name for the same node.
    if len(public) != PUBLIC_BYTES or public_text(public) != text:
        raise problem
    return public


def make_identity(path: Path) -> Identity:
    """A new identity in a new file, for its owner only, safe on the disk. IdentityError if there is
    a file already: an identity is not overwritten.
    """
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        _write_new(path, secret)
    except FileExistsError:
        raise IdentityError(f"{path} is there already; name another file") from None
    except OSError as error:
        raise IdentityError(f"{path} cannot be written: {error.strerror}") from None
    return Identity(private)


def _write_new(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        os.fchmod(fd, 0o600)
        file.write(data)
        file.flush()
        os.fsync(fd)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_identity(path: Path) -> Identity:
    """The identity of a file that only its owner may read. IdentityError says what is wrong."""
    try:
        text = read_private(path)
    except JournalKeyError as error:
        raise IdentityError(str(error)) from None
    try:
        key = serialization.load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # what stands there stays out of the message
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityError(
            f"{path} holds no Ed25519 key as PEM without a password; `lmax identity new` makes one"
        )
    return Identity(key)

"""`pkcs11:token=…;object=…?module-path=…&pin-source=…`: which key in which token (RFC 7512)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from journal.errors import JournalKeyError
from journal.secret import SCHEMES

MODULE = "LMAX_PKCS11_MODULE"
PIN = "LMAX_PKCS11_PIN"
IN_PATH = ("token", "serial", "object", "id", "type")
IN_QUERY = ("module-path", "pin-source")


@dataclass(frozen=True)
class TokenUri:
    """A key in a token. "" and None: not said.

    token, object: labels; serial: of the token; id: CKA_ID; module: the driver, a shared library;
    pin_source: see journal.secret.
    """

    token: str
    serial: str
    object: str
    id: bytes
    module: str
    pin_source: str

    def __str__(self) -> str:
        """What names the key, not how to come to it."""
        parts = {"token": self.token, "serial": self.serial, "object": self.object}
        found = [f"{name}={quote(value)}" for name, value in parts.items() if value]
        found += [f"id={''.join(f'%{byte:02X}' for byte in self.id)}"] if self.id else []
        return "pkcs11:" + ";".join(found)


def parse_uri(text: str) -> TokenUri:
    """Raises JournalKeyError, which shows no value of what is wrong: it may be a PIN."""
    path, _, query = text.removeprefix("pkcs11:").partition("?")
    named = attributes(path, ";", IN_PATH)
    how = attributes(query, "&", IN_QUERY)
    if not (named.get("token") or named.get("serial")):
        raise JournalKeyError("pkcs11: says which token: token=LABEL or serial=NUMBER")
    if not (named.get("object") or named.get("id")):
        raise JournalKeyError("pkcs11: says which key: object=LABEL or id=%..")
    if named.get("type", b"secret-key") != b"secret-key":
        raise JournalKeyError("pkcs11: type is secret-key: an AES key of the token")
    words = {name: decoded(name, value) for name, value in (named | how).items() if name != "id"}
    pin_source = words.get("pin-source", f"env:{PIN}")
    if pin_source.partition(":")[0] not in SCHEMES:
        if not pin_source.startswith("/"):
            raise JournalKeyError(
                "pkcs11: pin-source is file:PATH, credential:NAME or env:NAME; the PIN itself"
                " does not stand there"
            )
        pin_source = f"file:{pin_source}"
    return TokenUri(
        token=words.get("token", ""),
        serial=words.get("serial", ""),
        object=words.get("object", ""),
        id=named.get("id", b""),
        module=words.get("module-path", "") or os.environ.get(MODULE, ""),
        pin_source=pin_source,
    )


def check_module(module: str) -> None:
    """That there is a driver. Raises JournalKeyError."""
    if not module:
        raise JournalKeyError(
            "pkcs11: name the token's driver, a shared library: ?module-path=/usr/lib/….so,"
            f" or {MODULE}"
        )
    if not Path(module).is_file():
        raise JournalKeyError(f"the token's driver {module} is not there")


def attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    """`name=value` pairs, percent-decoded."""
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise JournalKeyError(
                "pkcs11: pin-value would show the PIN to everybody who lists processes: use"
                " pin-source"
            )
        if name not in known or name in found or not equals:
            told = name if name.replace("-", "").isalpha() else "a part"
            raise JournalKeyError(
                f"pkcs11: {told} is unknown, doubled or empty; there are {', '.join(known)}"
                f" between {separator!r}"
            )
        found[name] = unquote_to_bytes(value)
    return found


def decoded(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise JournalKeyError(f"pkcs11: {name} is not UTF-8") from None

"""One table of a configuration file, checked key by key; every complaint says what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
HEX = re.compile(r"[0-9a-f]{32}")
PUBLIC_KEY = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
SECRETS = ("file:", "credential:", "env:")

NEEDED = object()
"""The default of a key that has none."""


class ConfigError(Exception):
    """A configuration cannot be used; the message names the file, the key, and what to do."""


class Key(NamedTuple):
    """How a value is read, and what it is where nothing is said."""

    read: Callable[[Any], Any]
    default: Any = NEEDED


class Address(NamedTuple):
    """host: as a connection wants it, an IPv6 address without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Table:
    """A table of the file: `where` is how a complaint names it."""

    file: Path
    where: str
    values: Mapping[str, Any]

    def complain(self, key: str, what: str) -> ConfigError:
        return ConfigError(f"{self.file}: {self.where} {key}: {what}")

    def read(self, keys: Mapping[str, Key]) -> dict[str, Any]:
        """Every key's value; ConfigError for the first that is wrong, missing or unknown."""
        for name in self.values:
            if name not in keys:
                raise self.complain(name, f"there is no such key; {_known(name, keys)}")
        return {name: self._read_one(name, key) for name, key in keys.items()}

    def _read_one(self, name: str, key: Key) -> Any:
        if name not in self.values:
            if key.default is NEEDED:
                raise self.complain(name, "is missing; add it")
            return key.default
        try:
            return key.read(self.values[name])
        except ValueError as error:
            raise self.complain(name, str(error)) from None


def _known(name: str, keys: Mapping[str, Key]) -> str:
    close = difflib.get_close_matches(name, keys, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(keys)}"


def text(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError('write a text in quotes, such as "…"')
    return value


def name(value: Any) -> str:
    if not NAME.fullmatch(text(value)):
        raise ValueError(f"{value!r}: use small letters, digits and -, at most 31, a letter first")
    return str(value)


def cluster_id(value: Any) -> bytes:
    if not HEX.fullmatch(text(value)) or not int(value, 16):
        raise ValueError("write 32 hexadecimal digits, not all zero; `lmax cluster init` draws one")
    return bytes.fromhex(value)


def address(value: Any) -> Address:
    host, _, port = text(value).rpartition(":")
    if not HOST.fullmatch(host) or not port.isascii() or not port.isdigit():
        raise ValueError(f'{value!r}: write "HOST:PORT", an IPv6 address as "[::1]:7500"')
    if not 1 <= int(port) <= 65_535:
        raise ValueError(f"{value!r}: a port is 1 to 65535")
    return Address(host.strip("[]"), int(port))


def public_key(value: Any) -> str:
    # What stands there is not repeated: it may be a private key by mistake.
    if not PUBLIC_KEY.fullmatch(text(value)):
        raise ValueError(
            'write "ed25519:" and 44 characters of base64; `lmax identity show FILE` prints it'
        )
    return str(value)


def witness(value: Any) -> str:
    kind, _, rest = text(value).partition(":")
    if kind == "file" and rest.startswith("/"):
        return str(value)
    if kind == "etcd" and rest.startswith("//") and rest.strip("/"):
        return str(value)
    # Not repeated: there could be a password where only its place belongs.
    raise ValueError('write "file:/PATH" or "etcd://HOST:2379,HOST2:2379/CLUSTER"')


def secret(value: Any) -> str:
    # Not repeated either: it may be the secret itself.
    if not text(value).startswith(SECRETS):
        raise ValueError("write where it is: file:PATH, credential:NAME or env:NAME")
    return str(value)


def one_of(*allowed: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r}: write one of {', '.join(allowed)}")
        return str(value)

    return read


def whole(lowest: int, highest: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not lowest <= value <= highest:
            raise ValueError(f"{value!r}: write a whole number from {lowest} to {highest}")
        return value

    return read


def period(value: Any) -> float:
    """Seconds, 0 for never."""
    fine = type(value) in (int, float) and (value == 0 or 0.001 <= value <= 3600)
    if not fine:
        raise ValueError(f"{value!r}: write 0.001 to 3600 seconds, or 0 for never")
    return float(value)


def names(value: Any) -> str | frozenset[str]:
    """any, all, or a list of names."""
    if value in ("any", "all"):
        return str(value)
    if not isinstance(value, list) or not value:
        raise ValueError(f'{value!r}: write "any", "all" or a list of names, ["b", "c"]')
    return frozenset(map(name, value))

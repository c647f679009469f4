"""An AES key that stays in its token: it wraps and unwraps the journal's keys over PKCS#11.

It is used at the start and by `lmax journal keys`, never while commands are written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from journal.errors import JournalKeyError
from journal.pkcs11_uri import TokenUri, check_module
from journal.secret import read_secret

if TYPE_CHECKING:
    from pkcs11 import Session, Token

NONCE_BYTES = 12
MISSING = "PKCS#11 needs the package python-pkcs11: pip install 'lmax[pkcs11]'"


class TokenKey:
    """The key, while its session is open. `repr` of what is in here shows labels only."""

    def __init__(self, uri: TokenUri, key: Any) -> None:
        self._uri = uri
        self._key = key

    def wrap(self, secret: bytes, purpose: bytes) -> tuple[bytes, bytes]:
        """(nonce, encrypted and authenticated). purpose: `unwrap` must be told the same."""
        nonce = os.urandom(NONCE_BYTES)
        with told(self._uri, "does not encrypt with AES-GCM (CKM_AES_GCM, CKA_ENCRYPT)"):
            return nonce, bytes(self._key.encrypt(secret, **gcm(nonce, purpose)))

    def unwrap(self, nonce: bytes, wrapped: bytes, purpose: bytes) -> bytes:
        """Raises JournalKeyError, also if another key wrapped it or it was changed."""
        failing = "does not open it: another key wrapped it, or it was changed"
        with told(self._uri, failing):
            return bytes(self._key.decrypt(wrapped, **gcm(nonce, purpose)))


def gcm(nonce: bytes, purpose: bytes) -> dict[str, Any]:
    from pkcs11 import GCMParams, Mechanism

    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, purpose)}


@contextmanager
def opened(uri: TokenUri) -> Iterator[TokenKey]:
    """Log in, once, and find the key. Raises JournalKeyError."""
    token = find_token(uri)
    session = log_in(uri, token)
    try:
        yield TokenKey(uri, find_key(uri, session))
    finally:
        close(session)


def close(session: Session) -> None:
    """Also that of a token which has gone: then there is nothing to close."""
    from pkcs11 import PKCS11Error

    with suppress(PKCS11Error):
        session.close()


@contextmanager
def told(uri: TokenUri, failing: str) -> Iterator[None]:
    """What the token answers as an error of ours; `failing` where it gives no reason of its own."""
    from pkcs11 import exceptions

    away = (
        exceptions.DeviceRemoved,
        exceptions.TokenNotPresent,
        exceptions.SessionHandleInvalid,
        exceptions.SessionClosed,
    )
    try:
        yield
    except away:
        raise JournalKeyError(f"the token of {uri} went away. Plug it in again.") from None
    except exceptions.PKCS11Error as error:
        name = type(error).__name__
        raise JournalKeyError(f"the key {uri} {failing} ({name} from {uri.module})") from None


def find_token(uri: TokenUri) -> Token:
    """The token that the URI means."""
    check_module(uri.module)
    try:
        import pkcs11
    except ImportError:
        raise JournalKeyError(MISSING) from None
    try:
        library = pkcs11.lib(uri.module)
        found = matching(uri, library)
        if not found:
            library.reinitialize()  # drivers look for new tokens only at their start
            found = matching(uri, library)
    except pkcs11.PKCS11Error as error:
        what = str(error) or type(error).__name__
        raise JournalKeyError(f"the token's driver {uri.module} cannot be used: {what}") from None
    if len(found) > 1:
        raise JournalKeyError(f"{len(found)} tokens fit {uri}: add serial=NUMBER")
    if not found:
        raise JournalKeyError(f"the token of {uri} is not there. Plug it in, or check its name.")
    return found[0]


def matching(uri: TokenUri, library: Any) -> list[Token]:
    return [
        token
        for token in library.get_tokens()
        if uri.token in ("", token.label)
        and uri.serial in ("", token.serial.decode("ascii", "replace"))
    ]


def log_in(uri: TokenUri, token: Token) -> Session:
    """One try with the PIN and no more: tokens lock after a few wrong ones."""
    from pkcs11 import TokenFlag, exceptions

    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise JournalKeyError(f"the token of {uri} is locked. Its security officer unlocks it.")
    if token.flags & TokenFlag.USER_PIN_FINAL_TRY:
        raise JournalKeyError(
            f"one more wrong PIN locks the token of {uri}: it was not tried. Log in once with the"
            " token's own tool."
        )
    try:
        pin = read_secret(uri.pin_source).strip("\r\n")
    except JournalKeyError as error:
        raise JournalKeyError(f"the PIN of the token of {uri}: {error}") from None
    refused = (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange)
    with told(uri, "cannot be asked for"):
        try:
            return token.open(user_pin=pin)
        except refused:
            raise JournalKeyError(
                f"the token of {uri} refuses the PIN from {uri.pin_source}. It was tried once and"
                " is not tried again, for tokens lock: correct it first."
            ) from None
        except exceptions.PinLocked:
            raise JournalKeyError(f"the token of {uri} is locked by wrong PINs") from None
        except exceptions.UserAlreadyLoggedIn:  # by the program that we are part of
            return token.open()


def find_key(uri: TokenUri, session: Session) -> Any:  # its type does not say what it can do
    from pkcs11 import Attribute, KeyType, ObjectClass

    wanted: dict[Attribute, Any] = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
    }
    if uri.object:
        wanted[Attribute.LABEL] = uri.object
    if uri.id:
        wanted[Attribute.ID] = uri.id
    with told(uri, "cannot be looked for"):
        found = list(session.get_objects(wanted))
    if not found:
        raise JournalKeyError(f"the token holds no AES key {uri}")
    if len(found) > 1:
        raise JournalKeyError(f"several keys fit {uri}: add id=%..")
    return found[0]

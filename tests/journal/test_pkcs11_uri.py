"""`pkcs11:` as RFC 7512 has it: what is understood, and that no PIN stands in it or is shown."""

import pytest

from journal.errors import JournalKeyError
from journal.pkcs11_uri import MODULE, PIN, TokenUri, parse_uri

CANARY = "canary-4711"


def test_the_parts_are_found_and_decoded() -> None:
    text = (
        "pkcs11:token=My%20venue%3B1;serial=ab01;object=k%C3%A9y;id=%01%ff;type=secret-key"
        "?module-path=/lib/a%26b.so&pin-source=file:/etc/pin"
    )
    found = parse_uri(text)
    assert found == TokenUri(
        "My venue;1", "ab01", "kéy", b"\x01\xff", "/lib/a&b.so", "file:/etc/pin"
    )
    named = "pkcs11:token=My%20venue%3B1;serial=ab01;object=k%C3%A9y;id=%01%FF"
    assert str(found) == named
    assert parse_uri(named).id == found.id


def test_driver_and_pin_come_from_the_environment_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODULE, "/lib/driver.so")
    found = parse_uri("pkcs11:token=a;object=b")
    assert (found.module, found.pin_source) == ("/lib/driver.so", f"env:{PIN}")
    assert parse_uri("pkcs11:token=a;object=b?pin-source=/etc/pin").pin_source == "file:/etc/pin"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pkcs11:object=b", "which token"),
        ("pkcs11:token=a", "which key"),
        ("pkcs11:", "which token"),
        ("pkcs11:token=a;object=b;type=private", "type is secret-key"),
        ("pkcs11:token=a;token=b;object=c", "token is unknown, doubled or empty"),
        ("pkcs11:token;object=c", "token is unknown, doubled or empty"),
        ("pkcs11:token=a;object=b;manufacturer=c", "manufacturer is unknown"),
        ("pkcs11:token=%ff;object=b", "token is not UTF-8"),
        (f"pkcs11:token=a;object=b?pin-value={CANARY}", "pin-value would show the PIN"),
        (f"pkcs11:token=a;object=b;pin-value={CANARY}", "pin-value would show the PIN"),
        (f"pkcs11:token=a;object=b?pin-source={CANARY}", "the PIN itself does not stand there"),
        (f"pkcs11:token=a;object=b?{CANARY}", "a part is unknown"),
        ("pkcs11:token=a;object=b?pin-source=|cat%20/etc/pin", "pin-source is file:PATH"),
    ],
)
def test_what_is_wrong_is_told_without_the_pin(text: str, told: str) -> None:
    with pytest.raises(JournalKeyError, match=told) as caught:
        parse_uri(text)
    assert CANARY not in str(caught.value)

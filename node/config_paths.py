"""Places in a node's file that are paths: taken from the folder of that file, wherever the node,
or who asks it, was started."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, unquote

WITNESS_OPTION = re.compile(r"(?<=[?&])(ca=|cert=|key=|password=file(?::|%3A))([^&]+)", re.I)
TOKEN_OPTION = re.compile(r"(?<=[?&])(module-path=|pin-source=file(?::|%3A))([^&]+)", re.I)


def place_from(folder: Path, place: str) -> str:
    """`file:PATH` with a whole path; another place as it is."""
    path = place.removeprefix("file:")
    return place if path in ("", place) else f"file:{folder / path}"


def journal_key_from(folder: Path, source: str) -> str:
    """Of `file:PATH`, and of a token's driver and PIN."""
    if source.startswith("pkcs11:"):
        return _options_from(folder, source, TOKEN_OPTION)
    return place_from(folder, source)


def witness_from(folder: Path, address: str) -> str:
    """Of certificates, their key, and the file of a password."""
    return _options_from(folder, address, WITNESS_OPTION)


def _options_from(folder: Path, text: str, option: re.Pattern[str]) -> str:
    return option.sub(lambda found: found[1] + quote(str(folder / unquote(found[2]))), text)

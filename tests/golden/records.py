"""How commands and events are declared, as bytes and codes, for each number of the records."""

import json
from pathlib import Path
from typing import Any

from lmax.schema import COMMAND, ENUMS, EVENT, RECORD_FORMAT

HERE = Path(__file__).parent


def file_of(number: int) -> Path:
    return HERE / f"records-{number}.json"


def declared() -> dict[str, Any]:
    """Where each field of a record lies, and what each code stands for."""
    fields = {
        name: {field: [str(kind), at] for field, (kind, at, *_) in (dtype.fields or {}).items()}
        for name, dtype in (("command", COMMAND), ("event", EVENT))
    }
    codes = {enum.__name__: {one.name: int(one) for one in enum} for enum in ENUMS}
    return {**fields, "codes": codes}


def make() -> Path:
    """FileExistsError if this number has one."""
    file = file_of(RECORD_FORMAT)
    with file.open("x") as opened:
        json.dump(declared(), opened, indent=1, sort_keys=True)
        opened.write("\n")
    return file

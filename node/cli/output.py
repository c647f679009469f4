"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from typing import Any

import click


def say(text: str) -> None:
    """One line about what is going on, on stderr."""
    click.echo(text, err=True)


def print_json(result: dict[str, Any]) -> None:
    """The one JSON object of a command, in one line."""
    click.echo(json.dumps(result, default=_plain))


def _plain(value: object) -> int | str:
    """NumPy's numbers and paths as what JSON knows."""
    try:
        return int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return str(value)


def print_table(rows: list[tuple[str, str]]) -> None:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:<{width}}  {value}")

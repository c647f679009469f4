"""Sentences about what accounts are, and about cancelling many orders at once."""

from collections.abc import Iterator
from typing import Any

from lmax.schema import CommandType, Sides
from tests.scenarios.names import Names
from tests.scenarios.order_sentences import self_trade
from tests.scenarios.sentence import Match, sentence
from tests.twin import Command


def _mass_cancel(names: Names, m: Match) -> list[Command]:
    fields: dict[str, Any] = {}
    words = iter((m["scope"] or "").split())
    for word in words:
        if word in ("buys", "sells"):
            fields["sides"] = Sides[word.upper()]
        else:
            fields |= _scope(names, word, words)
    return [Command(type=CommandType.MASS_CANCEL, **fields)]


def _scope(names: Names, word: str, words: Iterator[str]) -> dict[str, int]:
    """Whose orders: ``of alice``, ``in AAPL``, ``session 3``, ``firm 7``."""
    value = next(words)
    if word == "of":
        return {"account": names.accounts.number(value)}
    if word == "in":
        return {"instrument": names.instrument(value)}
    if word in ("session", "firm"):
        return {word: int(value)}
    raise ValueError(f"{word} is no scope")


def _session_ends(names: Names, m: Match) -> list[Command]:
    return [Command(type=CommandType.SESSION_ENDED, session=int(m["session"]))]


def _settings(names: Names, m: Match) -> list[Command]:
    return [
        Command(
            type=CommandType.SET_ACCOUNT,
            account=names.accounts.number(m["account"]),
            firm=int(m["firm"] or 0),
            group=int(m["group"] or 0),
            self_trade=self_trade(m["mode"] or "default"),
        )
    ]


ACCOUNT_SENTENCES = [
    sentence(r"mass cancel(?: (?P<scope>.+))?", _mass_cancel),
    sentence(r"session (?P<session>\d+) ends", _session_ends),
    sentence(
        r"settings of (?P<account>\w+):(?: firm (?P<firm>\d+))?(?: group (?P<group>\d+))?"
        r"(?: stp (?P<mode>\S+))?",
        _settings,
    ),
]

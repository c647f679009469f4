"""Reads a scenario line by line, does what it says and compares what it expects."""

from dataclasses import replace
from decimal import Decimal

from lmax.schema import EventFlag
from tests.engine.systems import System
from tests.scenarios.drawing import DRAWINGS, HOLDING, LINES, draw_line, holding, tidy
from tests.scenarios.names import Names
from tests.scenarios.outcomes import OUTCOME_WORDS, outcome
from tests.scenarios.sentences import SENTENCES
from tests.twin import Command


class ScenarioError(AssertionError):
    """A line that cannot be read, or that says something else than what happened."""


class Runner:
    """One scenario on one system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.names = Names()
        self.sequence = 0
        self.happened: list[str] = []
        self.told = 0

    def run(self, text: str) -> None:
        """Run a whole scenario; ScenarioError names the line that is not so."""
        lines = [line.split("#")[0].rstrip() for line in text.splitlines()]
        number = 0
        while number < len(lines):
            used = 1
            try:
                if lines[number].strip():
                    used = self._line(lines, number)
            except (AssertionError, ValueError, KeyError, StopIteration) as error:
                raise ScenarioError(
                    f"line {number + 1}: {lines[number].strip()}\n{error}"
                ) from error
            number += used
        self._everything_was_told()
        self.system.check()

    def _line(self, lines: list[str], number: int) -> int:
        """Do or check one line; how many lines it took (a drawn book takes several)."""
        line = lines[number].strip()
        if line.split(":")[0].split()[0] in OUTCOME_WORDS:
            self._next_outcome(line)
        elif line.split()[0] in DRAWINGS:
            return self._book(lines, number)
        elif line.split()[0] in LINES:
            self._line_of_orders(line)
        elif " has " in line:
            self._holdings(line)
        else:
            self._do(line)
        return 1

    def _do(self, line: str) -> None:
        for sentence in SENTENCES:
            if match := sentence.pattern.fullmatch(line):
                for command in sentence.commands(self.names, match):
                    self._everything_was_told()
                    self._apply(command)
                return
        raise ScenarioError("this sentence is not in the language; see README.md")

    def _apply(self, command: Command) -> None:
        self.sequence += 1
        events = self.system.apply(
            [replace(command, sequence=self.sequence, timestamp=self.names.clock)]
        )
        assert [event["index"] for event in events] == list(range(len(events)))
        last = [event["flags"] & EventFlag.LAST for event in events]
        assert last == [0] * (len(events) - 1) + [EventFlag.LAST]
        assert {event["sequence"] for event in events} == {self.sequence}
        self.happened = [line for line in (outcome(self.names, e) for e in events) if line]
        self.told = 0

    def _next_outcome(self, line: str) -> None:
        rest = self.happened[self.told :]
        if not rest or rest[0] != line:
            raise ScenarioError(f"but what happened here was: {rest or 'nothing more'}")
        self.told += 1

    def _everything_was_told(self) -> None:
        """A command that is told of is told of completely; else it must not be rejected."""
        rest = self.happened[self.told :]
        if self.told and rest:
            raise ScenarioError(f"the command before also did this: {rest}")
        if any(line.startswith("rejected") for line in rest):
            raise ScenarioError(f"the command before was {rest[0]}")

    def _book(self, lines: list[str], number: int) -> int:
        kind, symbol = lines[number].split()
        end = number + 1
        while end < len(lines) and "|" in lines[end]:
            end += 1
        drawn = [tidy(line) for line in lines[number + 1 : end]]
        actual = [tidy(line) for line in DRAWINGS[kind](self.system, self.names, symbol)]
        if drawn != actual:
            raise ScenarioError(f"but the {kind} is:\n" + "\n".join(actual))
        return end - number

    def _line_of_orders(self, line: str) -> None:
        kind, symbol = line.split(":")[0].split()
        actual = draw_line(self.system, self.names, kind, symbol)
        if line != actual:
            raise ScenarioError(f"but it is: {actual}")

    def _holdings(self, line: str) -> None:
        account, claim = line.split(" has ", 1)
        claimed = HOLDING.findall(claim)
        if not claimed or HOLDING.sub("", claim).strip():
            raise ScenarioError("holdings are told as: ASSET AMOUNT (reserved AMOUNT) ...")
        for asset, total, reserved in claimed:
            pair = holding(self.system, self.names, account, asset)
            if pair != (Decimal(total), Decimal(reserved)):
                raise ScenarioError(f"but {account} has {asset} {pair[0]} (reserved {pair[1]})")

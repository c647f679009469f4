"""Which tick holds at a price: the instrument's own, or that of a table by price and date."""

from dataclasses import dataclass, field

from tests.twin.commands import Command

MAX_ROWS = 24

type Row = tuple[int, int]
"""(from which price on, tick)"""


@dataclass
class TickTables:
    """The table in force (none: the instrument's tick holds), the next, and one being written."""

    tick_size: int
    in_force: list[Row] = field(default_factory=list)
    next: list[Row] = field(default_factory=list)
    effective_time: int = 0
    draft: list[Row] = field(default_factory=list)
    draft_rows: int = 0

    def tick_at(self, price: int, now: int) -> int:
        """The tick of the last row that begins at or below the price."""
        ticks = [tick for start, tick in self._rows(now) if start <= price]
        return ticks[-1] if ticks else self.tick_size

    def around(self, price: int, now: int) -> tuple[int, int]:
        """The nearest prices on the ticks, at or below and at or above a price."""
        tick = self.tick_at(price, now)
        down = price // tick * tick
        starts = [start for start, _ in self._rows(now) if start > price]
        return down, price if down == price else min([down + tick, *starts])

    def takes(self, c: Command) -> bool:
        """Whether a SET_TICK_ROW may follow on what was set before."""
        return (
            1 <= c.rows <= MAX_ROWS
            and c.row < c.rows
            and c.tick_size >= 1
            and c.tick_size % self.tick_size == 0
            and c.price % c.tick_size == 0
            and self._continues(c)
        )

    def set_row(self, c: Command, now: int) -> None:
        """Write one row; the last one schedules the table, in place of one not in force yet."""
        if c.row == 0:
            self.draft = []
        self.draft_rows = c.rows
        self.draft = [*self.draft, (c.price, c.tick_size)]
        if len(self.draft) == c.rows:
            self.in_force = self._rows(now)
            self.next, self.effective_time = self.draft, c.effective_time
            self.draft, self.draft_rows = [], 0

    def _continues(self, c: Command) -> bool:
        if c.row == 0:
            return c.price == 0
        follows = c.row == len(self.draft) and c.rows == self.draft_rows
        return follows and c.price > self.draft[-1][0]

    def _rows(self, now: int) -> list[Row]:
        return self.next if self.next and now >= self.effective_time else self.in_force

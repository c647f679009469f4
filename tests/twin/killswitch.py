"""Kill switches: what is stopped."""

from dataclasses import dataclass, field

from tests.twin.commands import Command


@dataclass
class KillSwitches:
    """Whose orders are refused: of everybody, of accounts, of firms, for instruments."""

    venue: bool = False
    accounts: set[int] = field(default_factory=set)
    firms: set[int] = field(default_factory=set)
    instruments: set[int] = field(default_factory=set)

    def stop(self, account: int, firm: int, instrument: int) -> bool:
        """Whether an order of that account on that instrument is refused."""
        return (
            self.venue
            or account in self.accounts
            or firm in self.firms
            or instrument in self.instruments
        )

    def turn(self, c: Command) -> None:
        """Switch what the command names on or off."""
        named = [(self.accounts, c.account), (self.firms, c.firm), (self.instruments, c.instrument)]
        for switches, number in named:
            if number:
                (switches.add if c.enabled else switches.discard)(number)
        if not (c.account or c.firm or c.instrument):
            self.venue = bool(c.enabled)

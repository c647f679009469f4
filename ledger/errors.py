"""What can go wrong in the ledger, by what the caller should do about it."""


class LedgerError(Exception):
    """Base of every error of this room."""


class LedgerUnavailable(LedgerError):
    """PostgreSQL cannot be reached or gave up for now: reconnect later, nothing is half done."""


class LedgerGap(LedgerError):
    """The events do not follow the ledger's last sequence: read the history from there."""


class LedgerFenced(LedgerError):
    """A ledger of a higher epoch has written: this one must stop."""


class LedgerCorrupt(LedgerError):
    """The events and the database contradict each other: stop and run the check."""


class MigrationError(LedgerError):
    """The migrations on disk and those applied in the database do not agree."""


class ServerError(LedgerError):
    """The embedded PostgreSQL could not be prepared, started or stopped."""


class ServerInUse(ServerError):
    """Another live process runs the embedded PostgreSQL of this directory."""

"""The ledger: PostgreSQL as the authority for history, fed exactly once from the events."""

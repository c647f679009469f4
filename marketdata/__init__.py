"""What the market looks like: books by level, and trades, kept from the engine's events."""

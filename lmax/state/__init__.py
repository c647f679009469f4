"""Everything the business logic owns: accounts, orders, instruments and their day, trades."""

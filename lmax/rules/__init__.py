"""What commands do to the state: one rule of docs/matching.md a file."""

RULES = 2
"""Raised with every change after which the same command gives other events, another state or
another state hash. Nodes with different numbers refuse each other, and neither reads the other's
snapshots. tests/golden fails where it should have been raised and was not."""

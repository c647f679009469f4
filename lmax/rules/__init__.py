"""What commands do to the state: one rule of docs/matching.md a file."""

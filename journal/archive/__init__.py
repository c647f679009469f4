"""What must be kept for years: segments and snapshots, written once, with a signed manifest."""

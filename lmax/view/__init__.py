"""Looking at the state: from Python, its hash, and the audit of its invariants."""

"""Trading stories that a trader can read, run against the twin and against the engine."""

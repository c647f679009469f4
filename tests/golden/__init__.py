"""What the logic makes of a journal, written down once for each number of its rules."""

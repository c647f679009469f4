"""Looking at a running system: a status line a second, or a live screen."""

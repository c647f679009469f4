"""The log of commands on disk: written and synced before anything is applied, read to recover."""

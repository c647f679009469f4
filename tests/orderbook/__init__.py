"""The bare book and the tree of levels under it, each against a plain twin in Python."""

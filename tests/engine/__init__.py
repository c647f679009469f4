"""The Cython engine held against the twin of docs/matching.md."""

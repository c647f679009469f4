"""Benchmarks, each beside a raw limit measured in the same run."""

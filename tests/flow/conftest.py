"""The tests on real order flow are collected only where that lies beside the checkout."""

from tests.flow.reading import SHARED

collect_ignore = [] if SHARED.exists() else ["test_real_files.py"]

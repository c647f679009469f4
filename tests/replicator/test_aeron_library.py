"""Another Aeron than the one that is declared is refused when it is loaded, with the reason."""

import importlib.util

import pytest

from replicator import aeronlib, channel
from replicator.aeronc import LIBRARY, NAMES, load


def test_a_library_that_is_not_there_is_named():
    with pytest.raises(ImportError, match=r"/nowhere/_pyaeron\.so cannot be loaded"):
        load("/nowhere/_pyaeron.so")


def test_a_symbol_that_is_missing_is_named():
    names = (*NAMES[:-1], "aeron_of_the_future")
    with pytest.raises(ImportError, match=r"has no aeron_of_the_future: pyaeron 0\.1\.0"):
        load(LIBRARY, names)


def test_another_library_is_not_taken_for_aeron():
    other = channel.__file__
    with pytest.raises(ImportError, match="has no aeron_version_major"):
        load(other)


def test_another_version_is_refused():
    with pytest.raises(ImportError, match=r"holds Aeron 1\.53: pyaeron 0\.1\.0 with 1\.54"):
        load(LIBRARY, needed=(1, 54))


def test_fewer_functions_than_declared_are_refused():
    with pytest.raises(ImportError, match="name different functions"):
        load(LIBRARY, NAMES[:-1])


def test_no_pyaeron_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"install pyaeron 0\.1\.0"):
        aeronlib.aeron_path()

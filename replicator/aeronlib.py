"""Which shared object holds Aeron: the extension module in pyaeron's wheel."""

from __future__ import annotations

import importlib.util
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path


def aeron_path() -> str:
    """Its path, for dlopen; pyaeron itself is not imported. ImportError if there is none."""
    spec = importlib.util.find_spec("pyaeron")
    for folder in (spec and spec.submodule_search_locations) or []:
        for suffix in EXTENSION_SUFFIXES:
            path = Path(folder) / f"_pyaeron{suffix}"
            if path.exists():
                return str(path)
    raise ImportError("Aeron was not found: install pyaeron 0.1.0, whose wheel holds it")

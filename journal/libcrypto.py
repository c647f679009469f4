"""Which libcrypto is used: the one in psycopg's wheel, else the system's."""

from __future__ import annotations

import ctypes.util
import importlib.util
from pathlib import Path


def libcrypto_path() -> str:
    """Path or name for dlopen. ImportError if there is none."""
    spec = importlib.util.find_spec("psycopg_binary")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent.parent / "psycopg_binary.libs"
        for path in sorted(bundled.glob("libcrypto-*.so.3*")):
            return str(path)
    if name := ctypes.util.find_library("crypto"):
        return name
    raise ImportError(
        "no libcrypto was found: install psycopg[binary], whose wheel holds one, or OpenSSL 3"
    )

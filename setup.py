"""Builds every Cython module of the project; everything else is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

ROOMS = ["lmax", "lmax.ringbuffer", "journal", "ledger", "marketdata", "flow", "node"]


def extensions() -> list[Extension]:
    """One extension a .pyx file, named after its path."""
    sources = sorted(path for room in ("lmax", "journal", "marketdata") for path in Path(room).rglob("*.pyx"))
    return [
        Extension(
            ".".join(path.with_suffix("").parts),
            [str(path)],
            extra_compile_args=["-O3", "-fno-strict-aliasing", "-fno-plt"],
            depends=[str(p) for p in Path("lmax").rglob("*.pxd")],
        )
        for path in sources
    ]


setup(
    packages=ROOMS,
    package_data={"": ["*.pxd", "*.pyi", "*.sql", "py.typed"]},
    ext_modules=cythonize(
        extensions(),
        nthreads=2,
        compiler_directives={"language_level": 3, "freethreading_compatible": False},
    ),
)

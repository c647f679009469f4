"""Builds the Cython modules; metadata and dependencies are in pyproject.toml.

Environment, all optional:

LMAX_BUILD_DIR   where C files, objects and libraries go (default ``build``)
LMAX_SANITIZE    ``thread`` or ``address,undefined``: builds with that sanitizer, beside the normal
                 build (default folder ``build/sanitize-thread`` …); run ``python setup.py build``
LMAX_OPTIMIZE    compiler's optimisation level, ``3`` unless told; ``0`` builds fastest

Every .pyx of a room becomes one extension. Those of ``bench`` and ``tests`` are built for
working in the checkout and stay out of the wheel.
"""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import OptionError
from setuptools.modified import newer_group

ROOMS = ["lmax", "journal", "replicator", "ledger", "marketdata", "flow", "gateway", "node"]
WORKSHOPS = ["bench", "tests"]

SANITIZE = os.environ.get("LMAX_SANITIZE", "")
OPTIMIZE = os.environ.get("LMAX_OPTIMIZE", "3")
BUILD_DIR = os.environ.get("LMAX_BUILD_DIR") or (
    f"build/sanitize-{SANITIZE.replace(',', '-')}" if SANITIZE else "build"
)
CORES = min(2, os.cpu_count() or 1)

COMPILE = [
    f"-O{OPTIMIZE}",
    "-fno-strict-aliasing",
    "-fno-plt",
    "-Wall",
    # Cython emits helpers that a module may not use, and compares signed loop ends.
    "-Wno-unused-function",
    "-Wno-sign-compare",
]
SANITIZERS = {
    "": [],
    "thread": ["-fsanitize=thread", "-g", "-fno-omit-frame-pointer"],
    "address,undefined": ["-fsanitize=address,undefined", "-g", "-fno-omit-frame-pointer"],
}

if SANITIZE not in SANITIZERS:
    known = " or ".join(name for name in SANITIZERS if name)
    sys.exit(f"setup.py: LMAX_SANITIZE={SANITIZE} is not known; set it to {known}")


def extensions(folders: list[str]) -> list[Extension]:
    """One extension a .pyx file, named after its path.

    Cython itself follows cimports and rewrites the C file when one changed; what the
    compiler reads besides is named in ``depends``.
    """
    sources = sorted(path for folder in folders for path in Path(folder).rglob("*.pyx"))
    headers = sorted(str(path) for folder in folders for path in Path(folder).rglob("*.h"))
    return [
        Extension(
            ".".join(path.with_suffix("").parts),
            [str(path)],
            include_dirs=["."],
            extra_compile_args=COMPILE + SANITIZERS[SANITIZE],
            extra_link_args=SANITIZERS[SANITIZE],
            depends=["setup.py", *headers],
        )
        for path in sources
    ]


class BuildExtensions(build_ext):
    """Translates and compiles on two cores, and only what changed."""

    def finalize_options(self) -> None:
        if "bdist_wheel" not in self.distribution.commands:
            self.distribution.ext_modules += extensions(WORKSHOPS)
        if self.inplace or self.editable_mode:
            if SANITIZE:
                raise OptionError(
                    "LMAX_SANITIZE would overwrite the modules in use; run `python setup.py build`"
                )
            # An editable install would start from an empty temporary folder and compile
            # everything again: let both ways of building in place share one folder.
            self.build_lib = f"{BUILD_DIR}/inplace-{sys.implementation.cache_tag}"
            self.build_temp = f"{self.build_lib}/objects"
        super().finalize_options()
        self.parallel = self.parallel or CORES

    def run(self) -> None:
        translated = cythonize(
            self.extensions,
            nthreads=CORES,
            quiet=True,
            build_dir=f"{BUILD_DIR}/cython",
            compiler_directives={
                "language_level": 3,
                "freethreading_compatible": False,
                "show_performance_hints": False,
            },
        )
        sources = {extension.name: extension.sources for extension in translated}
        for extension in self.extensions:
            extension.sources = sources[extension.name]
        super().run()

    def build_extension(self, ext: Extension) -> None:
        if self.force or newer_group(ext.sources + ext.depends, self.get_ext_fullpath(ext.name)):
            print(f"Compiling {ext.name}", flush=True)
        super().build_extension(ext)


setup(
    packages=find_packages(include=[p for room in ROOMS for p in (room, f"{room}.*")]),
    package_data={"": ["*.pxd", "*.pyi", "**/*.sql", "py.typed"]},
    include_package_data=False,
    ext_modules=extensions(ROOMS),
    cmdclass={"build_ext": BuildExtensions},
    options={"build": {"build_base": BUILD_DIR}},
)

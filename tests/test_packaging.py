"""The package as others get it: built from its source distribution, installed, imported, used."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from flow import shapes
from tests.engine.systems import TwinSystem
from tests.engine.traffic import Traffic
from tests.lint import ROOMS, ROOT
from tests.twin.records import commands_to_array

VERSIONS = ["3.12", "3.13"]

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
names = []
for room in sys.argv[1:]:
    package = importlib.import_module(room)
    assert "site-packages" in package.__file__, package.__file__
    names += [m.name for m in pkgutil.walk_packages(package.__path__, room + ".")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print("imported", len(names))
"""

PLAY = """
import hashlib, sys
from pathlib import Path
import numpy as np
from lmax import OrderBook
from lmax.schema import COMMAND, MESSAGE
from lmax._engine import Engine

engine, book = Engine(), OrderBook()
commands = np.frombuffer(Path(sys.argv[1]).read_bytes(), COMMAND)
messages = np.frombuffer(Path(sys.argv[2]).read_bytes(), MESSAGE)
events, reports = engine.apply(commands), book.apply(messages)
print(len(events), hashlib.sha256(events.tobytes()).hexdigest(), engine.state_hash)
print(len(reports), hashlib.sha256(reports.tobytes()).hexdigest())
"""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Commands of every kind, and messages for a bare book, as files."""
    folder = tmp_path_factory.mktemp("recordings")
    twin = TwinSystem()
    traffic = Traffic(20_261_122, twin.twin)
    commands = []
    for _ in range(4_000):
        commands.append(traffic.next())
        twin.apply(commands[-1:])
    (folder / "commands").write_bytes(commands_to_array(commands).tobytes())
    messages = shapes.to_messages(shapes.generate("swing-25", orders=10_000))
    (folder / "messages").write_bytes(messages.tobytes())
    return [folder / "commands", folder / "messages"]


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Standard output of a command that must succeed, free of this environment's settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "UV_P", "VIRTUAL_ENV", "LMAX_"))
    }
    result = subprocess.run(
        command, cwd=cwd, env=kept | variables, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def interpreter(version: str) -> Path:
    """CPython of that version: this one, or from PATH, or one of pyenv's."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for folder in [
        *sorted(pyenv.glob(f"versions/{version}.*/bin"), reverse=True),
        *map(Path, os.get_exec_path()),
    ]:
        candidate = folder / f"python{version}"
        if candidate.exists() and not subprocess.call([candidate, "-c", ""], stderr=-3):
            return candidate
    pytest.skip(f"CPython {version} is not on PATH and not among pyenv's")


def uv() -> str:
    """The uv that ``make build`` uses."""
    ready = ROOT / ".uv" / "ready"
    command = ready.read_text().strip() if ready.exists() else "uv"
    found = shutil.which(ROOT / command) or shutil.which(command)
    assert found, "uv is neither in .uv nor on PATH; run `make build`"
    return found


def copy_of_sources(target: Path) -> Path:
    """What a checkout holds, without what was built in it."""
    target.mkdir()
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy2(path, target)
        elif path.name in {*ROOMS, "bench", "tests", "docs"}:
            built = shutil.ignore_patterns("*.so", "*.c", "*.html", "__pycache__")
            shutil.copytree(path, target / path.name, ignore=built)
    return target


def expected_in_wheel() -> set[str]:
    """Files of the rooms that the wheel must hold as they are."""
    kinds = {".py", ".pyi", ".pxd", ".sql", ".typed"}
    return {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in kinds or path.name == "py.typed"
    }


def check_source_distribution(path: Path) -> None:
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {p.relative_to(ROOT).as_posix() for r in ROOMS for p in (ROOT / r).rglob("*.pyx")}
    missing = (expected_in_wheel() | sources | {"setup.py", "uv.lock", "Makefile"}) - names
    assert missing == set()
    assert [name for name in names if name.endswith((".so", ".c"))] == []


def check_wheel(path: Path) -> None:
    names = set(zipfile.ZipFile(path).namelist())
    assert expected_in_wheel() - names == set()
    modules = {
        p.relative_to(ROOT).with_suffix("") for r in ROOMS for p in (ROOT / r).rglob("*.pyx")
    }
    built = {Path(name.partition(".")[0]) for name in names if name.endswith(".so")}
    assert built == modules
    strangers = {
        name
        for name in names
        if name.endswith((".c", ".pyx", ".h")) or name.split("/")[0] in {"tests", "bench"}
    }
    assert strangers == set()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.timeout(580)
def test_the_package_installs_imports_and_gives_the_same_bytes_on(version, tmp_path, recordings):
    """What it makes of the same commands is, byte for byte, what this interpreter makes."""
    python = interpreter(version)
    source = copy_of_sources(tmp_path / "source")
    dist = tmp_path / "dist"
    run(uv(), "build", "--python", python, "--out-dir", dist, cwd=source, LMAX_OPTIMIZE="0")
    check_source_distribution(next(dist.glob("*.tar.gz")))
    wheel = next(dist.glob("*.whl"))
    check_wheel(wheel)

    pins = run(uv(), "export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", cwd=source)
    (tmp_path / "pins.txt").write_text(pins)
    environment = tmp_path / "environment"
    run(uv(), "venv", "--quiet", "--python", python, environment, cwd=tmp_path)
    installed = environment / "bin" / "python"
    install = (uv(), "pip", "install", "--quiet", "--python", installed)
    run(*install, "--requirements", tmp_path / "pins.txt", cwd=tmp_path)
    run(*install, "--no-deps", wheel, cwd=tmp_path)

    rooms = [room for room in ROOMS if (ROOT / room / "__init__.py").exists()]
    assert "imported" in run(installed, "-I", "-c", IMPORT_EVERYTHING, *rooms, cwd=tmp_path)
    here = run(sys.executable, "-c", PLAY, *recordings, cwd=ROOT)
    assert int(here.split()[0]) > 4_000
    assert run(installed, "-I", "-c", PLAY, *recordings, cwd=tmp_path) == here
    if (ROOT / "lmax" / "__main__.py").exists():
        assert "replay" in run(installed, "-I", "-m", "lmax", "--help", cwd=tmp_path)
        assert "replay" in run(environment / "bin" / "lmax", "--help", cwd=tmp_path)

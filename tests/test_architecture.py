"""Who may import whom: the rooms of the design, read from the sources.

Arrows go one way: node → stages → lmax → lmax.ringbuffer. Python is read with ``ast``,
Cython by its import lines, so nothing has to be imported or built for this.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

RINGS = "lmax.ringbuffer"
ENGINE = {"lmax", RINGS}
MAY_IMPORT = {
    RINGS: set(),
    "lmax": {RINGS},
    "journal": ENGINE,
    "replicator": ENGINE | {"journal"},
    "ledger": ENGINE,
    "marketdata": ENGINE,
    "flow": ENGINE,
    "gateway": ENGINE,
    "node": ENGINE | {"journal", "replicator", "ledger", "marketdata", "flow", "gateway"},
}
FREE = {"bench", "tests"}

FACADES = {
    "lmax/__init__.py": "what `from lmax import …` offers is put together in node, when asked for",
    "lmax/__main__.py": "`python -m lmax` is the command line, which lives in node",
}
"""Files of lmax that may look up to node, and why; inside functions only, so that importing
the engine loads no stage."""

INNER = ["base", "book", "state", "rules", "view"]
"""The rooms within lmax, from the bottom up: each may import those before it."""

RECORDS = {"lmax.wire", "lmax.codes", "lmax.schema", "lmax.records"}
"""What every room may know."""

BARE_BOOK = "lmax._book"
"""Belongs to the room `book`; it stands outside because that is where the design names it."""

TEXTS = re.compile(r'("""|\'\'\')(?:.|\n)*?\1')
FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+c?import[ \t]+(\([^)]*\)|[^\n#]+)", re.M)
PLAIN = re.compile(r"^[ \t]*c?import[ \t]+([^\n#]+)", re.M)


def imports_of(path: Path, root: Path) -> Iterator[str]:
    """Full dotted names that a file imports or cimports."""
    module = path.relative_to(root).with_suffix("").parts
    package = module[:-1]
    pairs = python_imports(path) if path.suffix in {".py", ".pyi"} else cython_imports(path)
    for origin, name in pairs:
        dots = len(origin) - len(origin.lstrip("."))
        base = package[: len(package) - dots + 1] if dots else ()
        parts = [*base, *filter(None, origin.lstrip(".").split(".")), *filter(None, [name])]
        yield ".".join(parts)


def python_imports(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            yield from ((origin, alias.name) for alias in node.names)


def cython_imports(path: Path) -> Iterator[tuple[str, str]]:
    text = TEXTS.sub("", path.read_text())
    for origin, names in FROM.findall(text):
        for name in names.strip("()").split(","):
            if name.strip():
                yield origin, name.split()[0]
    for names in PLAIN.findall(text):
        yield from ((name.split()[0], "") for name in names.split(","))


def room_of(name: str) -> str | None:
    """The room a dotted name lives in; None if it is not ours."""
    found = [room for room in [*MAY_IMPORT, *FREE] if name == room or name.startswith(f"{room}.")]
    return max(found, key=len, default=None)


def violations(root: Path) -> list[str]:
    """Every import that goes against the arrows, as ``file: imports name``."""
    found = []
    for path in sources(root):
        where = path.relative_to(root).as_posix()
        room = room_of(".".join(path.relative_to(root).parent.parts))
        assert room is not None
        allowed = MAY_IMPORT[room] | {room} | ({"node"} if where in FACADES else set())
        for name in imports_of(path, root):
            target = room_of(name)
            if target is not None and target not in allowed:
                found.append(f"{where}: imports {name}")
    return found


def sources(root: Path) -> list[Path]:
    return sorted(
        path
        for room in MAY_IMPORT
        if "." not in room
        for path in (root / room).rglob("*")
        if path.suffix in {".py", ".pyi", ".pyx", ".pxd"}
    )


def test_imports_follow_the_arrows_of_the_design():
    assert violations(ROOT) == []


def test_imports_within_lmax_go_downwards():
    found = []
    for height, room in enumerate(INNER):
        below = tuple(f"lmax.{name}." for name in INNER[: height + 1])
        for path in sorted((ROOT / "lmax" / room).glob("*.p*")):
            for name in imports_of(path, ROOT):
                module = ".".join(name.split(".")[:2])
                known = module in RECORDS or name.startswith((*below, f"{RINGS}."))
                if name.startswith("lmax.") and not known and module != BARE_BOOK:
                    found.append(f"{path.relative_to(ROOT)}: imports {name}")
    assert found == []


def test_every_folder_with_python_in_it_is_a_known_room():
    """A new room is entered above, with what it may import."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - set(MAY_IMPORT) - FREE == set()


@pytest.mark.parametrize("facade", FACADES)
def test_a_facade_loads_no_stage_before_it_is_asked(facade):
    path = ROOT / facade
    statements = ast.parse(path.read_text()).body if path.exists() else []
    for statement in statements:
        names = []
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            names = [statement.module or ""]
        assert [name for name in names if room_of(name) == "node"] == []


@pytest.mark.parametrize(
    ("path", "text", "imported"),
    [
        ("lmax/ringbuffer/ring.pyx", "from lmax.wire cimport Command", "lmax.wire.Command"),
        ("lmax/ringbuffer/ring.py", "import lmax", "lmax"),
        ("lmax/ringbuffer/ring.pxd", "from .. cimport wire", "lmax.wire"),
        ("lmax/engine.pyx", "cimport journal.segment as s", "journal.segment"),
        ("lmax/engine.py", "def f():\n    from node import config", "node.config"),
        ("journal/log.py", "from ledger.store import Store", "ledger.store.Store"),
        ("journal/log.pyi", "import marketdata.book", "marketdata.book"),
        ("ledger/store.py", "import os, flow", "flow"),
        ("marketdata/a.pyx", "from journal cimport (\n    log,\n)", "journal.log"),
        ("flow/itch.py", "from bench import flows", "bench.flows"),
    ],
)
def test_an_import_against_the_arrows_is_found(tmp_path, path, text, imported):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f'"""A file."""\n{text}\n')
    assert violations(tmp_path) == [f"{path}: imports {imported}"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lmax/engine.pyx", "from lmax.ringbuffer cimport ring"),
        ("lmax/engine.py", "from . import schema\nfrom .ringbuffer import ring"),
        ("lmax/__init__.py", "def __getattr__(name):\n    from node import embedded"),
        (
            "journal/log.pyx",
            '"""Speaks.\n\nfrom ledger import nothing\n"""\nfrom lmax cimport wire',
        ),
        ("node/run.py", "import journal, ledger, marketdata, flow, lmax"),
    ],
)
def test_an_import_along_the_arrows_is_let_through(tmp_path, path, text):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"{text}\n")
    assert violations(tmp_path) == []

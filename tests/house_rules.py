"""The project's own rules of style, which no linter knows.

Each rule takes a file's path from the checkout's root and its text, and returns complaints.
"""

import ast
import re
from collections.abc import Iterator

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

UNWANTED = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "/wo" + "rk/")
"""Notes to self belong in the issue tracker; folders of one machine belong nowhere."""

CLOCKS_AND_CHANCE = {"time", "random", "os", "socket", "datetime", "threading"}
OUTSIDE_IN_C = {"libc.time", "libc.stdio", "posix"}
"""What the engine must not reach: its state is a function of the commands alone."""

MAY_REACH_OUT = ("lmax/ringbuffer/", "lmax/__init__.py", "lmax/__main__.py", "lmax/times.py")
"""Threads and waiting live in the rings; the façades start whole processes; dates that a caller
gives become numbers in times.py, which reads no clock.
"""

IMPORT = re.compile(r"^\s*(?:from\s+([.\w]+)\s+c?import|c?import\s+([^\n#]+))", re.M)
TEXTS = re.compile(r'("""|\'\'\')(?:.|\n)*?\1')
OBJECT_TYPES = {"object", "str", "bytes", "bytearray", "list", "dict", "set", "tuple", "type"}
CDEF_FUNCTION = re.compile(
    r"^(?P<indent>\s*)(?:cdef|cpdef)\s+(?:inline\s+)?(?P<type>[^=(]*?)(?P<name>\w+)\s*\("
)
POINTER_TYPE = re.compile(r"^\s*ctypedef\s+[^=]*\(\s*\*\s*(?P<name>\w+)\s*\)\s*\(")
CDEF_CLASS = re.compile(r"^\s*cdef\s+class\s+(?:[\w.]+\.)?(\w+)", re.M)
CYTHON_FUNCTION = re.compile(
    r"^(\s*)(?:def|cpdef|cdef)\b(?!\s+(?:public\s+|api\s+)*class\b)[^=(]*\b(\w+)\s*\(.*$"
)


def length(path: str, text: str) -> Iterator[str]:
    """A file has one subject and can be read in one go."""
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{path}: {lines} lines, more than {MAX_FILE_LINES}; split it by subject"


def function_length(path: str, text: str) -> Iterator[str]:
    """A function can be read at a glance."""
    spans = python_functions(text) if path.endswith(".py") else cython_functions(text)
    for name, line, lines in spans:
        if lines > MAX_FUNCTION_LINES:
            yield f"{path}:{line}: {name} has {lines} lines, more than {MAX_FUNCTION_LINES}"


def python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def cython_functions(text: str) -> Iterator[tuple[str, int, int]]:
    """The same for Cython, by indentation: a function ends where a line stands as far out."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = CYTHON_FUNCTION.match(line)
        if match is None:
            continue
        end = number
        for later in range(number + 1, len(lines)):
            stripped = lines[later].strip()
            outside = len(lines[later]) - len(lines[later].lstrip()) <= len(match[1])
            if stripped and outside and not stripped.startswith(")"):
                break
            end = later if stripped else end
        yield match[2], number + 1, end - number + 1


def reaching_out(path: str, text: str) -> Iterator[str]:
    """The engine reads no clock, draws no number and calls no system call."""
    if not path.startswith("lmax/") or path.startswith(MAY_REACH_OUT):
        return
    for origin, names in IMPORT.findall(TEXTS.sub("", text)):
        for name in [origin] if origin else [part.split()[0] for part in names.split(",")]:
            python = name.split(".")[0] in CLOCKS_AND_CHANCE
            if python or any(name == c or name.startswith(f"{c}.") for c in OUTSIDE_IN_C):
                yield f"{path}: imports {name}; the engine has no clock, chance or I/O"


def exceptions_declared(path: str, text: str, classes: frozenset[str]) -> Iterator[str]:
    """A C function says whether it can raise: ``noexcept`` or ``except …``.

    Without either, Cython checks for an exception after each call, with the GIL if need be.
    Functions that return objects (``classes`` holds the names of our own) need neither.
    """
    if path.endswith(".py"):
        return
    for line, signature in signatures(text):
        match = CDEF_FUNCTION.match(signature) or POINTER_TYPE.match(signature)
        if match is None:
            continue
        declared = match.groupdict().get("type", "void").split()
        returns = [word for word in declared if word not in {"public", "api", "const"}]
        if match.re is CDEF_FUNCTION and (
            not returns or returns[-1] in OBJECT_TYPES | classes or "class" in returns
        ):
            continue
        if not re.search(r"\b(noexcept|except)\b", signature[signature.rindex(")") :]):
            yield f"{path}:{line}: {match['name']} declares neither noexcept nor except"


def signatures(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of every declaration outside ``cdef extern``, joined to one line."""
    blank = TEXTS.sub(lambda match: "\n" * match[0].count("\n"), text)
    lines = [line.split("#")[0].rstrip() for line in blank.split("\n")]
    extern_indent: int | None = None
    number = 0
    while number < len(lines):
        start, line = number, lines[number]
        number += 1
        if not line:
            continue
        indent = len(line) - len(line.lstrip())
        if extern_indent is not None and indent <= extern_indent:
            extern_indent = None
        if line.lstrip().startswith("cdef extern"):
            extern_indent = indent
        if extern_indent is not None or not line.lstrip().startswith(("cdef", "cpdef", "ctypedef")):
            continue
        while line.count("(") > line.count(")") and number < len(lines):
            line += " " + lines[number].strip()
            number += 1
        yield start + 1, line


def unwanted_words(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), start=1):
        for word in UNWANTED:
            if word in line:
                yield f"{path}:{number}: {word!r} has no place here"


def cdef_classes(texts: dict[str, str]) -> frozenset[str]:
    """Names of all extension types: functions returning one return an object."""
    return frozenset(name for text in texts.values() for name in CDEF_CLASS.findall(text))


def complaints(texts: dict[str, str]) -> list[str]:
    """Every breach in the files given as path → text."""
    classes = cdef_classes(texts)
    found: list[str] = []
    for path, text in texts.items():
        found += length(path, text)
        found += function_length(path, text)
        found += reaching_out(path, text)
        found += exceptions_declared(path, text, classes)
        found += unwanted_words(path, text)
    return found

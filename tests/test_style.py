"""``make lint`` is clean, and the project's own rules notice what they are there for."""

import pytest

from tests import house_rules, lint


@pytest.mark.timeout(300)  # mypy from an empty cache, beside other tests
@pytest.mark.parametrize("name", lint.CHECKS)
def test_the_check_has_no_complaint(name):
    complaint = lint.CHECKS[name]()
    assert not complaint, f"\n{complaint}"


LONG_CYTHON = "cdef int f(int a,\n           int b) noexcept nogil:\n" + "    a += b\n" * 60

BREACHES = {
    "a file too long": ("node/a.py", "x = 1\n" * 401, "401 lines"),
    "a function too long": ("node/a.py", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
    "a Cython function too long": ("lmax/a.pyx", LONG_CYTHON, "f has 62 lines"),
    "a clock in the engine": ("lmax/a.py", "import time\n", "imports time"),
    "chance in the engine": ("lmax/a.pyx", "from random import random\n", "imports random"),
    "a C clock in the engine": ("lmax/a.pyx", "from posix.time cimport timespec\n", "posix.time"),
    "a second import": ("lmax/a.py", "import math, os\n", "imports os"),
    "a note to self": ("node/a.py", "x = 1  # TO" + "DO later\n", "has no place here"),
    "an undeclared C function": (
        "lmax/a.pyx",
        "cdef int f(int a) nogil:\n    pass\n",
        "f declares",
    ),
    "an undeclared method": ("lmax/a.pxd", "cdef class A:\n    cdef void f(self)\n", "f declares"),
    "an undeclared long one": ("lmax/a.pyx", "cdef inline int f(\n    int a,\n):\n", "f declares"),
    "an undeclared pointer": ("lmax/a.pxd", "ctypedef int (*f)(int) nogil\n", "f declares"),
}


@pytest.mark.parametrize(("path", "text", "expected"), BREACHES.values(), ids=BREACHES)
def test_a_breach_of_a_house_rule_is_found(path, text, expected):
    found = house_rules.complaints({path: text})
    assert len(found) == 1
    assert expected in found[0]


LONG_CLASS = "cdef class A(B):\n" + "    cdef void f(self) noexcept:\n        pass\n" * 40

FINE = {
    "a long class of short functions": ("lmax/a.pyx", LONG_CLASS),
    "a file of full length": ("node/a.py", "x = 1\n" * 400),
    "a clock outside the engine": ("node/a.py", "import time\n"),
    "threads in the rings": ("lmax/ringbuffer/a.py", "import threading\n"),
    "a word that starts like one": ("lmax/a.py", "import timeit\n"),
    "an import in a text": ("lmax/a.py", '"""Not real.\n\nimport time\n"""\n'),
    "a declared C function": ("lmax/a.pyx", "cdef int f(int a) except -1 nogil:\n    pass\n"),
    "one over several lines": ("lmax/a.pyx", "cdef int f(\n    int a,\n) noexcept nogil:\n"),
    "a C function giving an object": ("lmax/a.pyx", "cdef object f(int a):\n    pass\n"),
    "one giving our own object": (
        "lmax/a.pyx",
        "cdef class A:\n    pass\n\ncdef A f():\n    pass\n",
    ),
    "a foreign C function": ("lmax/a.pxd", 'cdef extern from "x.h" nogil:\n    int f(int a)\n'),
    "a variable": ("lmax/a.pyx", "cdef int a = f(1)\n"),
}


@pytest.mark.parametrize(("path", "text"), FINE.values(), ids=FINE)
def test_what_keeps_the_house_rules_is_let_through(path, text):
    assert house_rules.complaints({path: text}) == []

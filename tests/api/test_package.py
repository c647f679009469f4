"""What `import lmax` costs and offers."""

import subprocess
import sys
from pathlib import Path

import pytest

import lmax

ROOT = Path(__file__).resolve().parents[2]


def test_importing_the_package_loads_nothing_else():
    text = (
        "import sys, lmax\n"
        "from lmax import __doc__\n"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('numpy', 'node', 'journal', 'marketdata', 'ledger', 'psycopg') or m[:5] == 'lmax.'])\n"
        "from lmax import OrderBook\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('node', 'journal', 'psycopg')])\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert child.stdout == "[]\n[]\n", child.stderr


def test_every_name_that_is_offered_is_there():
    for name in lmax.__all__:
        assert getattr(lmax, name) is getattr(lmax, name)
    assert set(lmax.__all__) <= set(dir(lmax))
    misspelt = "Egnine"
    with pytest.raises(AttributeError, match="no attribute 'Egnine'"):
        getattr(lmax, misspelt)


@pytest.mark.parametrize(
    "asked", ["import lmax._orderbook", "import lmax._engine as e; e.Engine()"]
)
def test_a_system_that_refuses_the_address_space_is_told_what_to_allow(asked):
    text = (
        "import resource, numpy, lmax.schema\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))\n"
        f"{asked}\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "MemoryError: the system refused to reserve" in child.stderr
    assert "ulimit -v" in child.stderr


@pytest.mark.timeout(300)  # from an empty cache, beside other tests
def test_types_are_seen_by_a_type_checker(tmp_path):
    file = tmp_path / "user.py"
    file.write_text(
        "from lmax import Engine, OrderBook, Side, price\n"
        "engine: Engine = Engine.open('x')\n"
        "reveal_type(engine.buy(1, 1, 5, '20', client_order_id=1))\n"
        "reveal_type(OrderBook().best_bid)\n"
        "reveal_type([event.price for event in engine.events()])\n"
        "from lmax import Egnine\n"
    )
    child = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports=silent", str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Revealed type is "int"' in child.stdout, child.stdout + child.stderr
    assert "tuple[int, int] | None" in child.stdout.replace("builtins.", "")
    assert "Decimal]" in child.stdout
    assert 'has no attribute "Egnine"' in child.stdout

"""docs/operations.md tells everything that an operator meets."""

import re
from pathlib import Path

import pytest

import node
from node.cluster_config import CLUSTER, MEMBER, NODE
from node.control_metrics import NAMES
from node.observing import ROLES, Observed, as_json

FOLDER = Path(node.__file__).parent
PAGE = (FOLDER.parent / "docs" / "operations.md").read_text()
NAMED = set(re.findall(r"`([^`]+)`", PAGE))


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_described(name):
    assert any(found.partition("{")[0] == name for found in NAMED)


def test_no_metric_is_described_that_is_not_there():
    assert set(re.findall(r"\blmax_[a-z_]+", PAGE)) <= set(NAMES)


@pytest.mark.parametrize("key", [*CLUSTER, *NODE, *MEMBER, *ROLES])
def test_every_key_and_role_is_described(key):
    assert key in NAMED


def test_every_key_of_the_status_is_described():
    assert set(as_json(Observed("a", "lmax"))) <= NAMED


def test_every_problem_is_described():
    sources = "".join((FOLDER / name).read_text() for name in ("control.py", "control_loop.py"))
    kinds = set(re.findall(r'(?:Refusal\(|_problem\(HTTPStatus\.\w+, )"([a-z-]+)"', sources))
    assert len(kinds) > 8
    assert kinds <= NAMED

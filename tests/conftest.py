"""What all tests share: a seed, a heartbeat, totals, and the list of what was left out.

A test that cannot run here (a server or an interpreter is missing) calls ``pytest.skip`` with
what is missing. The last lines name it, and with ``CI`` set the run fails: there, nothing may
be left out.
"""

import contextlib
import hashlib
import json
import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from ledger.errors import ServerError
from ledger.home import remembered_home

SEED = "LMAX_TEST_SEED"
TOTALS = "LMAX_TEST_TOTALS"
HEARTBEAT_SECONDS = 30

# Two busy cores make single examples slow at times; that is no failure.
settings.register_profile("suite", deadline=None, print_blob=True)
settings.load_profile("suite")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Seed of a random test, printed when it fails; LMAX_TEST_SEED repeats a run."""
    text = f"{os.environ[SEED]} {request.node.nodeid}"
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    print(f"seed {number}; repeat with {SEED}={os.environ[SEED]}")
    return number


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all workers; progress is kept where the reports come together."""
    os.environ.setdefault(SEED, str(random.SystemRandom().randrange(2**32)))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Progress(config), "lmax-progress")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Delete the database clusters of this process's temporary folders.

    As root they are elsewhere (ledger/home.py), where pytest's own clean-up does not look.
    """
    factory = getattr(session.config, "_tmp_path_factory", None)
    if factory is None or factory._basetemp is None:
        return
    for note in factory.getbasetemp().rglob("location.json"):
        with contextlib.suppress(ServerError):
            if home := remembered_home(note.parent):
                home.remove()


def pytest_report_header() -> str:
    return f"{SEED}={os.environ[SEED]}"


class Progress:
    """Counts reports, shows signs of life and says at the end what was left out."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.total = 0
        self.counts: Counter[str] = Counter()
        self.left_out: dict[str, None] = {}
        self.ended = threading.Event()
        self.started = time.monotonic()

    def pytest_sessionstart(self) -> None:
        threading.Thread(target=self._beat, daemon=True).start()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.total = max(self.total, len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.total = max(self.total, len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.counts["failed"] += 1
        elif report.skipped and not hasattr(report, "wasxfail"):
            self.counts["skipped"] += 1
            self._leave_out(report)
        elif report.when == "call":
            self.counts["passed"] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.counts["failed"] += 1
        elif report.skipped:
            self._leave_out(report)

    def _leave_out(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        reason = report.longrepr
        text = reason[2] if isinstance(reason, tuple) else str(reason)
        self.left_out[f"{report.nodeid}: {text.removeprefix('Skipped: ')}"] = None

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.ended.set()
        if self.left_out and os.environ.get("CI") and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if TOTALS in os.environ:
            totals = {"counts": dict(self.counts), "left_out": list(self.left_out)}
            Path(os.environ[TOTALS]).write_text(json.dumps(totals))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.left_out:
            terminalreporter.write_line(f"left out: {line}")

    def _beat(self) -> None:
        while not self.ended.wait(HEARTBEAT_SECONDS):
            seconds = round(time.monotonic() - self.started)
            done = self.counts.total()
            print(f"\n[{seconds} s: {done} of {self.total} tests]", flush=True)

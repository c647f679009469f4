"""Opening, closing, killing and reopening an embedded engine; several threads; a broken disk."""

import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lmax import (
    COMMAND,
    AheadOfJournal,
    CommandType,
    Engine,
    EngineClosed,
    EventType,
    JournalLocked,
    RingFull,
    Side,
)
from tests.api.conftest import SMALL, prepare

ROOT = Path(__file__).resolve().parents[2]


def reopen(folder, **options):
    return Engine.open(folder, segment_bytes=SMALL, **options)


def run_python(text, *arguments):
    """A process that has the checkout on its path and runs that text."""
    return subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_reopened_folder_goes_on_where_it_was(tmp_path, layout):
    with reopen(tmp_path, layout=layout) as engine:
        prepare(engine)
        engine.sell(2, 1, 300, "20.10", client_order_id=1)
        last = engine.buy(1, 1, 100, "20.10", client_order_id=1)
        engine.wait(last)
        before = engine.state_hash(), engine.account(1), engine.position(2, 1), engine.book(1)
    with reopen(tmp_path, layout=layout) as engine:
        assert engine.sequence == last
        assert list(engine.events()) == []
        after = engine.state_hash(), engine.account(1), engine.position(2, 1), engine.book(1)
        assert after == before
        assert engine.book(1).best_ask.quantity == 200
        (event,) = engine.result(engine.buy(1, 1, 1, 20, client_order_id=1))
        assert (event.sequence, event.reason.name) == (last + 1, "DUPLICATE_CLIENT_ORDER_ID")


def test_events_begin_where_the_reader_left_off(tmp_path):
    with reopen(tmp_path) as engine:
        prepare(engine)
        engine.wait(engine.buy(1, 1, 1, 10, client_order_id=1))
        first = [event for event in engine.events(timeout=1) if event.sequence == 8]
    with reopen(tmp_path, after=0) as engine:
        assert [event.sequence for event in engine.events(timeout=1)][:7] == [1, 2, 3, 4, 5, 6, 7]
    with reopen(tmp_path, after=7) as engine:
        engine.wait(engine.cancel(1, 1, 1))
        events = []
        while engine.read_up_to < 9:
            events += engine.events(timeout=1)
        assert events[:2] == first
        assert [event.sequence for event in events] == [8, 8, 9, 9]
    with pytest.raises(AheadOfJournal, match="ends with 9"):
        reopen(tmp_path, after=10)
    with pytest.raises(ValueError, match="or 0"):
        reopen(tmp_path, after=-1)
    reopen(tmp_path).close()  # what failed to open holds nothing


def test_a_closed_engine_says_so_and_does_not_mind_closing_again(tmp_path):
    engine = reopen(tmp_path)
    prepare(engine)
    engine.close()
    engine.close()
    assert engine.closed
    assert "closed" in repr(engine)
    calls = [
        lambda: engine.open_account(3),
        lambda: engine.submit(np.zeros(1, COMMAND)),
        lambda: engine.wait(1),
        lambda: engine.result(1),
        lambda: list(engine.events()),
        lambda: engine.event_array(),
        lambda: engine.book(1),
        lambda: engine.trades(),
        lambda: engine.account(1),
        lambda: engine.position(1, 1),
        lambda: engine.state_hash(),
        lambda: engine.step(),
        lambda: engine.__enter__(),
    ]
    for call in calls:
        with pytest.raises(EngineClosed, match="was closed"):
            call()


def test_closing_finishes_what_was_published(tmp_path):
    with reopen(tmp_path) as engine:
        prepare(engine)
        last = [engine.buy(1, 1, 1, 1, client_order_id=i) for i in range(1, 2001)][-1]
    with reopen(tmp_path) as engine:
        assert engine.sequence == last
        assert engine.book(1).best_bid.orders == 2000


def test_one_process_at_a_time_has_a_folder_open(tmp_path):
    with reopen(tmp_path), pytest.raises(JournalLocked):
        reopen(tmp_path)


def test_an_unknown_layout_or_size_is_refused(tmp_path):
    with pytest.raises(ValueError, match="shared, dedicated, invoker"):
        reopen(tmp_path, layout="magic")
    with pytest.raises(ValueError, match="power of"):
        reopen(tmp_path, slots=1000)
    reopen(tmp_path).close()


def test_an_engine_that_is_forgotten_is_closed(tmp_path):
    engine = reopen(tmp_path)
    engine.open_account(1)
    del engine
    with reopen(tmp_path) as again:
        assert again.account(1).cash == 0


def test_a_process_that_ends_without_closing_loses_nothing(tmp_path):
    text = (
        "import sys; from lmax import Engine\n"
        "engine = Engine.open(sys.argv[1], segment_bytes=1 << 20)\n"
        "for account in range(1, 1001): engine.open_account(account)\n"
    )
    child = run_python(text, tmp_path)
    output, _ = child.communicate(timeout=60)
    assert (child.returncode, output) == (0, "")
    with reopen(tmp_path) as engine:
        assert engine.sequence == 1000


def test_what_a_killed_process_had_seen_is_there_again(tmp_path):
    text = (
        "import sys; from lmax import Engine\n"
        "engine = Engine.open(sys.argv[1], segment_bytes=1 << 20)\n"
        "engine.open_account(1)\n"
        "while True:\n"
        "    engine.deposit(1, '0.0001')\n"
        "    for event in engine.events():\n"
        "        print(event.sequence, flush=True)\n"
    )
    child = run_python(text, tmp_path)
    assert child.stdout is not None
    seen = [child.stdout.readline() for _ in range(500)]
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate(timeout=60)
    whole = [line for line in [*seen, *rest.splitlines(keepends=True)] if line.endswith("\n")]
    last_seen = int(whole[-1])
    assert child.returncode == -signal.SIGKILL
    with reopen(tmp_path) as engine:
        assert engine.sequence >= last_seen
        assert engine.account(1).raw_cash == engine.sequence - 1
        engine.wait(engine.deposit(1, "0.0001"))


DISK_FULL = """
import resource, signal, sys
import numpy as np
from lmax import COMMAND, CoreFailed, Engine, RingFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = Engine.open(sys.argv[1], layout=sys.argv[2], segment_bytes=1 << 20, slots=1024)
engine.wait(engine.open_account(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    while True:
        engine.wait(engine.submit(np.zeros(500, COMMAND)))
except CoreFailed as error:
    print("failed:", error)
for call in (lambda: engine.open_account(2), lambda: engine.wait(1), lambda: engine.book(1)):
    try:
        call()
    except CoreFailed:
        print("refused")
engine.close()
print("closed", engine.closed)
"""


@pytest.mark.parametrize("layout", ["shared", "invoker"])
def test_a_journal_that_cannot_be_written_stops_everything_loudly(tmp_path, layout):
    child = run_python(DISK_FULL, tmp_path, layout)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 0, output
    assert "failed: " in output
    assert "refused\nrefused\nrefused\nclosed True" in output
    with reopen(tmp_path) as engine:
        assert engine.account(1).cash == 0


def test_a_full_disk_is_named_while_the_journal_waits_for_room(tmp_path):
    text = DISK_FULL.split("try:")[0].replace("1 << 20", "1 << 16") + (
        "engine.wait(engine.submit(np.zeros(100, COMMAND)))\n"
        "try:\n"
        "    while True: engine.wait(engine.submit(np.zeros(450, COMMAND)), timeout=1.5)\n"
        "except (TimeoutError, RingFull) as error: print(error)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n"
        "while True:\n"
        "    try: engine.wait(engine.open_account(2)); break\n"
        "    except RingFull: engine.step()\n"
        "engine.close(); print('closed')\n"
    ).replace("1 << 20", "1 << 16")
    text = text.replace("(4096, 4096)", "(1 << 15, -1)")
    child = run_python(text, tmp_path, "invoker")
    output, _ = child.communicate(timeout=60)
    assert "no room for the next journal segment: [Errno 27]" in output
    assert output.endswith("closed\n")


def test_commands_of_one_array_stay_together_and_threads_share_an_engine(tmp_path):
    """Each of four threads publishes arrays and single orders; two others read the events."""
    with reopen(tmp_path, slots=1024) as engine:
        prepare(engine)
        seen: list[tuple[int, int, int]] = []
        done = threading.Event()
        failures: list[BaseException] = []

        def publish(account):
            try:
                engine.open_account(account)
                for _ in range(10):
                    commands = np.zeros(700, COMMAND)
                    commands["type"] = CommandType.DEPOSIT
                    commands["account"] = account
                    commands["quantity"] = 1
                    engine.submit(commands, timeout=30)
            except BaseException as error:
                failures.append(error)

        def read():
            while not done.is_set() or len(seen) < 28_004:
                events = engine.event_array(500, timeout=0.01)
                seen.extend(
                    zip(
                        events["sequence"].tolist(),
                        events["index"].tolist(),
                        events["account"].tolist(),
                        strict=True,
                    )
                )

        readers = [threading.Thread(target=read) for _ in range(2)]
        writers = [threading.Thread(target=publish, args=(a,)) for a in range(11, 15)]
        for thread in readers + writers:
            thread.start()
        for thread in writers:
            thread.join(60)
        done.set()
        for thread in readers:
            thread.join(60)
        assert failures == []
        seen.sort()
        assert [sequence for sequence, _, _ in seen] == list(range(8, 28_012))
        accounts = [account for sequence, _, account in seen]
        changes = sum(a != b for a, b in pairwise(accounts))
        assert changes <= 4 * 11, "arrays of different threads were mixed"
        assert all(engine.account(a).raw_cash == 7000 for a in range(11, 15))


def test_a_full_ring_is_refused_and_says_how_many_were_taken(tmp_path):
    """In the invoker layout without time to work, the ring fills at once."""
    with reopen(tmp_path, slots=64, layout="invoker") as engine:
        commands = np.zeros(1000, COMMAND)
        with pytest.raises(RingFull) as full:
            engine.submit(commands, timeout=0)
        taken = vars(full.value)["taken"]
        assert 0 < taken < 1000
        engine.submit(commands[taken:], timeout=10)
        engine.wait(1000)
        assert engine.sequence == 1000
        while engine.step():
            pass
        assert engine.step() == 0


def test_a_reader_that_waits_is_told_when_another_thread_closes(tmp_path):
    engine = reopen(tmp_path)
    told = []

    def read():
        with pytest.raises(EngineClosed):
            engine.event_array(timeout=30)
        told.append(True)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    engine.close()
    for thread in threads:
        thread.join(10)
    assert told == [True] * 3


def test_only_the_invoker_layout_is_stepped(tmp_path):
    with reopen(tmp_path) as engine, pytest.raises(RuntimeError, match="shared layout has threads"):
        engine.step()


def test_an_engine_nobody_reads_from_gives_all_events_later(tmp_path):
    with reopen(tmp_path, slots=256) as engine:
        prepare(engine)
        for number in range(1, 1001):
            engine.new_order(1, 1, Side.BUY, 1, 1, client_order_id=number)
        engine.wait(1007)
        events = []
        while engine.read_up_to < 1007:
            events += engine.events(timeout=1)
        assert [event.sequence for event in events] == [i for i in range(8, 1008) for _ in "ab"]
        assert {event.type for event in events} == {EventType.ACCEPTED, EventType.BOOK}


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        reopen(os.fspath(tmp_path / "file"))

"""The bench flows: made to shape, loaded from files, and turned into commands."""

import lzma
import struct

import numpy as np
import pytest

from flow import FlowError
from flow.shapes import (
    CANCEL,
    FLOW,
    MAGIC,
    MODIFY,
    NEW,
    START,
    SWINGS,
    VERSION,
    generate,
    load,
    setup_commands,
    to_commands,
)
from lmax._engine import Engine
from lmax.schema import CommandType, EventType, Reason, TimeInForce
from tests.flow.venue import apply_all

ORDERS = 20_000


def messages(*rows):
    """FLOW records from (type, side, ioc, quantity, order id, price)."""
    records = [(kind, side, ioc, 0, quantity, k, order, price, 0)
               for k, (kind, side, ioc, quantity, order, price) in enumerate(rows)]  # fmt: skip
    return np.array(records, dtype=FLOW)


@pytest.mark.parametrize("name", SWINGS)
def test_a_flow_has_the_proportions_that_it_is_described_with(name, seed):
    flow = generate(name, seed, ORDERS)
    new = flow[flow["type"] == NEW]
    assert len(new) == ORDERS
    assert 0.13 < new["ioc"].mean() < 0.17
    resting = (new["ioc"] == 0).sum()
    cancelled = np.unique(flow["order_id"][flow["type"] == CANCEL])
    modified = np.unique(flow["order_id"][flow["type"] == MODIFY])
    assert 0.93 < len(cancelled) / resting < 0.97
    assert 0.18 < len(modified) / resting < 0.22
    follow_ups = (flow["type"] != NEW).sum()
    repeats = follow_ups / (len(cancelled) + len(modified)) - 1
    assert 0.01 < repeats < 0.03
    assert np.array_equal(flow["sequence"], np.arange(len(flow)))


def test_a_seed_gives_the_same_flow_and_flows_of_a_seed_differ_in_prices_alone(seed):
    normal, again = (generate("normal", seed, ORDERS) for _ in range(2))
    assert np.array_equal(normal, again)
    crash = generate("flash-crash", seed, ORDERS)
    for field in ("type", "side", "ioc", "quantity", "order_id"):
        assert np.array_equal(normal[field], crash[field])
    assert not np.array_equal(normal["price"], crash["price"])


def test_the_flows_widen_from_static_to_flash_crash():
    spans = [np.ptp(generate(name, 1, ORDERS)["price"]) for name in ("static", "normal")]
    widths = [np.ptp(np.percentile(generate(name, 1, ORDERS)["price"], [2, 98])) for name in SWINGS]
    print(dict(zip(SWINGS, widths, strict=True)))
    assert widths == sorted(widths)
    assert widths[0] < 60
    assert widths[-1] > START / 3
    assert spans[0] < 2_000


def test_new_orders_follow_each_other_with_few_messages_until_the_cancel(seed):
    flow = generate("normal", seed, ORDERS)
    born = np.zeros(ORDERS + 1, dtype=np.int64)
    new = np.flatnonzero(flow["type"] == NEW)
    born[flow["order_id"][new]] = new
    later = np.flatnonzero(flow["type"] != NEW)
    gap = later - born[flow["order_id"][later]]
    assert (gap > 0).all()
    assert np.median(gap) <= 2


def test_each_message_becomes_one_command_and_a_modify_a_replace_under_a_fresh_id():
    flow = messages(
        (NEW, 0, 0, 10, 1, 100),
        (NEW, 1, 1, 20, 2, 101),
        (MODIFY, 0, 0, 11, 1, 99),
        (MODIFY, 0, 0, 12, 1, 98),
        (CANCEL, 0, 0, 10, 1, 100),
        (CANCEL, 0, 0, 10, 2, 100),
    )
    commands = to_commands(flow)
    names = ("type", "client_order_id", "orig_client_order_id", "side", "price", "quantity")
    new, cancel, replace = CommandType.NEW_ORDER, CommandType.CANCEL, CommandType.REPLACE
    assert list(zip(*(commands[name].tolist() for name in names), strict=True)) == [
        (new, 1, 0, 0, 100, 10),
        (new, 2, 0, 1, 101, 20),
        (replace, 3, 1, 0, 99, 11),
        (replace, 4, 3, 0, 98, 12),
        (cancel, 0, 4, 0, 0, 0),
        (cancel, 0, 2, 0, 0, 0),
    ]
    day, ioc = TimeInForce.DAY, TimeInForce.IOC
    assert commands["time_in_force"][:3].tolist() == [day, ioc, day]
    assert set(commands["account"].tolist()) == set(commands["instrument"].tolist()) == {1}


def test_a_message_before_its_order_names_an_id_that_does_not_rest():
    commands = to_commands(messages((NEW, 0, 0, 1, 1, 5), (CANCEL, 0, 0, 1, 7, 5)))
    assert commands["orig_client_order_id"].tolist() == [0, 7]


def test_no_message_gives_no_command():
    assert len(to_commands(messages())) == 0


@pytest.mark.parametrize("name", ["static", "flash-crash"])
def test_the_engine_refuses_only_what_comes_after_the_order_is_gone(name, seed):
    flow = generate(name, seed, ORDERS)
    engine = Engine()
    setup = apply_all(engine, setup_commands())
    assert (setup["type"] == EventType.ACCEPTED).all()
    events = apply_all(engine, to_commands(flow))
    assert set(engine.rejected) <= {Reason.TOO_LATE, Reason.UNKNOWN_ORDER}
    refused = events[events["type"] == EventType.REJECTED]["command"]
    assert set(refused.tolist()) <= {CommandType.CANCEL, CommandType.REPLACE}
    replaced = events[events["type"] == EventType.REPLACED]
    smaller = (replaced["leaves"] < replaced["quantity"]).mean()
    print(f"{engine.trades} trades; {smaller:.4f} of the modifies found a partly filled order")
    assert smaller < 0.06
    engine.check()


def test_a_file_reads_back_as_it_was_written(tmp_path):
    flow = generate("normal", 3, 500)
    raw = struct.pack("<QII", MAGIC, VERSION, len(flow)) + flow.tobytes()
    for name, data in (("a.bin", raw), ("a.bin.xz", lzma.compress(raw))):
        path = tmp_path / name
        path.write_bytes(data)
        assert np.array_equal(load(path), flow)


def test_a_file_that_is_not_whole_or_not_a_flow_is_refused(tmp_path):
    raw = struct.pack("<QII", MAGIC, VERSION, 2) + bytes(80)
    for name, data, what, offset in (
        ("a.bin", raw[:10], "ends within the header", 10),
        ("a.bin", raw[:-1], "promises 2 messages, 1 are there", 56),
        ("a.bin", raw + bytes(40), "promises 2 messages, 3 are there", 96),
        ("a.bin", b"\1" + raw[1:], "is not a flow file", 0),
        ("a.bin.xz", raw, "is not a whole xz file", 0),
        ("a.bin.xz", lzma.compress(raw)[:-9], "is not a whole xz file", 0),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(FlowError, match=what) as refused:
            load(path)
        assert refused.value.offset == offset
    with pytest.raises(FlowError, match="cannot be read: No such file"):
        load(tmp_path / "none.bin")


def test_an_unknown_shape_is_refused():
    with pytest.raises(KeyError):
        generate("sideways")

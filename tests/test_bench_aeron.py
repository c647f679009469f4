"""The loops around bare Aeron bring every message back, with one thread and with two."""

import numpy as np
import pytest

from bench.aeron import arrivals, link, rate, trips


@pytest.mark.parametrize("mtu", [None, 1408, 65_504])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_message_is_timed(mtu, threads):
    with link(mtu) as ends:
        for size in (256, 64 << 10):
            took = trips(ends, size, 20, threads=threads)
            assert took.shape == (20,)
            assert took.min() > 0
            came = arrivals(ends, size, 100, threads=threads)
            assert came.shape == (100,)
            assert np.all(np.diff(came) >= 0)
            assert rate(came) > 0

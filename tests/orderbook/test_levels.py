"""The tree of price levels against a plain Counter."""

from collections import Counter
from random import Random

import pytest

from tests.orderbook._tree import Forest, key_of, ticks_of

LAST = 2**64 - 1


def keys_about(random, spread):
    """A source of keys: near each other, far apart, or at the ends of the range."""
    middle = random.choice([0, LAST, 2**63, random.getrandbits(64)])
    while True:
        yield min(max(middle + random.randint(-spread, spread), 0), LAST)


@pytest.mark.parametrize("spread", [3, 40, 300, 10_000, 2**30, 2**64])
def test_random_keys_come_and_go_as_in_a_counter(seed, spread):
    random = Random(seed)
    forest = Forest(2)
    mirrors: list[Counter[int]] = [Counter(), Counter()]
    sources = [keys_about(random, spread), keys_about(random, spread)]
    for step in range(3000):
        tree = random.randrange(2)
        mirror = mirrors[tree]
        if mirror and random.random() < (0.3 if step % 1000 < 500 else 0.7):
            key = random.choice(list(mirror))
            forest.take(tree, key)
            mirror[key] -= 1
            if not mirror[key]:
                del mirror[key]
        else:
            key = next(sources[tree])
            forest.put(tree, key)
            mirror[key] += 1
        assert forest.best(tree) == min(mirror, default=None)
        assert forest.count(tree, key) == mirror[key]
        if not mirror[key]:
            del mirror[key]  # looking it up put a zero there
        if step % 50 == 0:
            assert forest.walk(tree) == sorted(mirror.items())
            assert forest.sound(0)
            assert forest.sound(1)
    for tree, mirror in enumerate(mirrors):
        assert forest.walk(tree) == sorted(mirror.items())
        for key in list(mirror.elements()):
            forest.take(tree, key)
    assert forest.live() == (0, 0)


def test_both_ends_of_the_range_are_keys_like_any_other():
    forest = Forest(1)
    for key in (LAST, 0, LAST, 2**63):
        forest.put(0, key)
    assert forest.walk(0) == [(0, 1), (2**63, 1), (LAST, 2)]
    forest.take(0, 0)
    forest.take(0, 2**63)
    assert forest.best(0) == LAST
    assert forest.live() == (1, 0)
    forest.take(0, LAST)
    forest.take(0, LAST)
    assert forest.best(0) is None
    assert forest.live() == (0, 0)


def test_up_to_four_leaves_need_no_nodes_and_a_fifth_makes_paths_until_one_is_left():
    forest = Forest(1)
    keys = [0, LAST, 2**63, 2**40, 2**20]
    for key in keys[:4]:
        forest.put(0, key)
    assert forest.live() == (4, 0)
    forest.put(0, keys[4])
    assert forest.live() == (5, 35)
    assert [key for key, _ in forest.walk(0)] == sorted(keys)
    assert forest.sound(0)
    for key in keys[1:]:
        forest.take(0, key)
        assert forest.sound(0)
    assert forest.live() == (1, 0)
    forest.take(0, 0)
    assert forest.live() == (0, 0)


def test_nodes_that_come_back_to_the_pools_are_used_again():
    forest = Forest(1)
    for turn in range(50):
        keys = [turn << 20 | n << 57 for n in range(60)]
        for key in keys:
            forest.put(0, key)
        for key in keys[turn:] + keys[:turn]:
            forest.take(0, key)
        assert forest.live() == (0, 0)
    assert forest.ever()[0] == 60


def test_room_is_for_whole_paths_and_for_a_tree_that_gets_deep():
    forest = Forest(1, 44 + 22 + 1)
    assert forest.has_room(2)
    assert not forest.has_room(3)


def test_a_level_of_one_tree_is_not_found_in_another():
    forest = Forest(2)
    forest.put(0, 5)
    assert (forest.count(0, 5), forest.count(1, 5)) == (1, 0)
    forest.take(0, 5)
    forest.put(1, 5)  # the same leaf again, now another tree's
    assert (forest.count(0, 5), forest.count(1, 5)) == (0, 1)


@pytest.mark.parametrize("side", [0, 1])
def test_better_prices_have_smaller_keys_over_the_whole_range(side):
    ticks = [-(2**63), -(2**62), -1, 0, 1, 2**40, 2**63 - 1]
    keys = [key_of(side, tick) for tick in ticks]
    assert keys == sorted(keys, reverse=side == 0)
    assert [ticks_of(side, key) for key in keys] == ticks

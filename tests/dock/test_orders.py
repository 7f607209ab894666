"""Signals that end a command: once in an orderly way, at once where somebody insists."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from beimingwu.orders import Orders

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers_are_as_before() -> Iterator[None]:
    before = [signal.getsignal(one) for one in BOTH]
    yield
    assert [signal.getsignal(one) for one in BOTH] == before


@pytest.mark.parametrize("number", BOTH)
def test_the_first_one_leaves_whatever_is_done(number: int) -> None:
    with Orders() as orders:
        assert not orders.wait(0)
        with pytest.raises(SystemExit) as left:
            signal.raise_signal(number)
        assert left.value.code is None
        assert orders.told
        # What is tidied up then is not left.
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", BOTH)
def test_who_follows_is_told(number: int) -> None:
    stop = threading.Event()
    ended = threading.Event()
    with Orders() as orders:
        orders.follow(stop.set)
        orders.at_once(ended.set)
        assert not stop.is_set()
        signal.raise_signal(number)
        assert orders.wait(0)
        assert stop.wait(60)
        # Said again, it is no other order.
        signal.raise_signal(signal.SIGTERM)
        assert orders.told
        assert not ended.is_set()
        signal.raise_signal(signal.SIGINT)
        assert ended.wait(60)


def test_who_follows_is_not_left_waiting() -> None:
    stop = threading.Event()
    with Orders() as orders:
        orders.follow(stop.set)
    assert stop.is_set()
    assert not orders.told

"""Requests within one deadline."""

from __future__ import annotations

import math
import socket

import pytest

from learnware.runtime._connection import Deadline


@pytest.mark.parametrize("seconds", [math.inf, 1e300, 1.0])
def test_any_number_of_seconds_can_be_waited(seconds):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Deadline(ours, seconds).sendall(b"bytes")
        buffer = bytearray(8)
        assert Deadline(theirs, seconds).recv_into(buffer, 5) == 5
        assert buffer == b"bytes\0\0\0"


def test_a_deadline_ends_for_both_directions():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        deadline = Deadline(ours, 0.0)
        with pytest.raises(TimeoutError):
            deadline.sendall(b"bytes")
        with pytest.raises(TimeoutError):
            deadline.recv_into(bytearray(1), 1)

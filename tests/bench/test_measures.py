"""The arithmetic of the benchmarks, and the client's reading of frames."""

import asyncio

import pytest

from bench.goals import GOALS
from bench.load.plan import Outcome
from bench.load.socket import ClientSocket, frame_of
from bench.measures import median_ratio, percentile
from bench.report import goal_table


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 95, 0.0), ([3.0], 95, 3.0), ([3.0, 1.0, 2.0, 4.0], 50, 2.0), (list(range(1, 101)), 95, 95)],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, percent, expected):
    assert percentile(values, percent) == expected


def test_a_ratio_is_taken_within_each_round_before_the_median():
    assert median_ratio([1, 20, 9], [2, 10, 3]) == 2


def test_a_goal_that_is_missed_says_so():
    goal = next(goal for goal in GOALS if goal.number == 5)
    outcomes = {
        goal.ours.name: Outcome(sockets=10, bytes_per_socket=40_000),
        goal.theirs.name: Outcome(sockets=10, bytes_per_socket=20_000),
    }
    assert "**2.00×** |  | **not met**" in goal_table([goal], [outcomes])


@pytest.mark.asyncio
async def test_the_client_reads_frames_however_they_are_cut():
    heard = []
    socket = ClientSocket(heard.append)
    texts = [b"short", b"x" * 300, b"y" * 70_000]
    stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(_unmasked(text) for text in texts)
    for start in range(0, len(stream), 997):
        socket.data_received(stream[start : start + 997])
    assert heard == texts
    assert socket.opened.done()


def _unmasked(text):
    masked = frame_of(0x1, text)
    head = masked[: len(masked) - len(text) - 4]
    return bytes((head[0], head[1] & 0x7F)) + head[2:] + text


@pytest.mark.asyncio
async def test_a_refused_handshake_is_an_error():
    socket = ClientSocket(print)
    socket.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")
    with pytest.raises(ConnectionError, match="403"):
        await asyncio.wait_for(socket.opened, 1)

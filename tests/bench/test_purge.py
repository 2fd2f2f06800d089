"""The purge's benchmark, tiny: everything goes, messages are stored meanwhile, and each figure is one."""

import sys

import pytest

from bench.purge import section


@pytest.mark.skipif(sys.platform != "linux", reason="the embedded servers of the bench are told to end by Linux")
def test_the_purge_of_a_few_chats_is_measured():
    text = section(sessions=40, events=3)
    assert "purge of 40 chats with 120 events" in text
    assert "none stronger than RowExclusiveLock" in text

"""The two ways of goal 9 answer the same, and the figure is theirs."""

from bench import clock


def test_the_day_loop_and_the_bisection_agree_over_all_starts():
    (times,) = clock.rounds(1, seed=7)
    assert 0 < times.ours < times.loop


def test_the_section_says_what_was_measured():
    text = clock.section(1, seed=7)
    assert "| 9 | a deadline of 5 business days against a loop over the days | at most 0.1× |" in text

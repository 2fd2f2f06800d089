"""Benchmarks: what a chat message and an idle socket cost, as ratios against bare baselines of the same run."""

"""The baselines: what a team would build first from Channels' tutorial, and the least that a relay can cost."""

"""Cities that load with one command."""

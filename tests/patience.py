"""How long a test waits for what must come: only a failing test waits that long, on however slow a machine."""

from typing import Final

SOON: Final = 90.0  # seconds

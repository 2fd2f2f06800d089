"""Whether holding and passing on kept the rules: each check looks at what was stored."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy

from policies.conformance import Finding, Period, keep

HOLD = "EM-HOLD"


def register() -> None:
    """Tell the register what the chat keeps of holding and passing on."""
    keep(
        HOLD,
        how=gettext_lazy("Both sides read hold and resume; on hold no clock of a silent resident runs."),
        check=check_holds,
        is_transient=True,
    )


_HOLDS = """
SELECT h.session_id, bool_or(EXISTS (
  SELECT 1 FROM chat_chatevent e
  WHERE e.session_id = h.session_id AND e.seq > h.seq AND e.rule IN ('EM-IDLE-2', 'EM-IDLE-4')
    AND NOT EXISTS (
      SELECT 1 FROM chat_chatevent r
      WHERE r.session_id = h.session_id AND r.seq > h.seq AND r.seq < e.seq
        AND r.kind IN ('resumed', 'transferred', 'requeued')
    )
))
FROM chat_chatevent h WHERE h.kind = 'held' AND h.at >= %(start)s AND h.at < %(end)s
GROUP BY h.session_id ORDER BY h.session_id
"""


def check_holds(period: Period) -> Finding:
    """Nobody who held was asked whether they are still there, or let go meanwhile. Source: EM-HOLD."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, {"start": period.start, "end": period.end})
        rows = cursor.fetchall()
    return Finding(len(rows), tuple(str(session) for session, is_broken in rows if is_broken))

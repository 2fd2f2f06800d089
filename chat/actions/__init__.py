"""Every write of the chat. Lock, guard, write, emit; the only writers of `status`."""

from chat.actions.connections import close_connection, keep_connections, open_connection, sweep_connections
from chat.actions.messages import Draft, Result, append
from chat.actions.sessions import (
    Opened,
    Request,
    accept,
    end_as_agent,
    end_as_customer,
    repeat_request,
    request_chat,
)
from chat.actions.silence import keep_open, show_life

__all__ = [
    "Draft",
    "Opened",
    "Request",
    "Result",
    "accept",
    "append",
    "close_connection",
    "end_as_agent",
    "end_as_customer",
    "keep_connections",
    "keep_open",
    "open_connection",
    "repeat_request",
    "request_chat",
    "show_life",
    "sweep_connections",
]

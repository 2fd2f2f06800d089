"""Every write of the chat. Lock, guard, write, emit; the only writers of `status`."""

from chat.actions.choices import Choice, Option, choose
from chat.actions.connections import close_connection, keep_connections, open_connection, sweep_connections
from chat.actions.hold import place_on_hold, resume
from chat.actions.ladder import recompute, recompute_all, settle_ladders
from chat.actions.ledger import drop_ledger_entries, import_ledger_entries
from chat.actions.messages import append
from chat.actions.notes import note, open_case
from chat.actions.placing import Draft, Result
from chat.actions.purge import Outlook, look_ahead, purge, purge_from_ledger, purge_if_due
from chat.actions.rating import rate
from chat.actions.readings import note_readings
from chat.actions.retention import close_evaluation, lift_from_ledger, mark
from chat.actions.routing import decline, expire_offers, route
from chat.actions.seen import note_poll
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
from chat.actions.taking_over import accept_transfer
from chat.actions.texts import ask_release, decide_on_text, report_link, withdraw_release
from chat.actions.transfers import ask_transfer, decline_transfer, expire_transfers, pass_to_queue
from chat.actions.waiting import start_choices
from chat.actions.wrap_up import end_wrap_ups, wrap_up

__all__ = [
    "Choice",
    "Draft",
    "Opened",
    "Option",
    "Outlook",
    "Request",
    "Result",
    "accept",
    "accept_transfer",
    "append",
    "ask_release",
    "ask_transfer",
    "choose",
    "close_connection",
    "close_evaluation",
    "decide_on_text",
    "decline",
    "decline_transfer",
    "drop_ledger_entries",
    "end_as_agent",
    "end_as_customer",
    "end_wrap_ups",
    "expire_offers",
    "expire_transfers",
    "import_ledger_entries",
    "keep_connections",
    "keep_open",
    "lift_from_ledger",
    "look_ahead",
    "mark",
    "note",
    "note_poll",
    "note_readings",
    "open_case",
    "open_connection",
    "pass_to_queue",
    "place_on_hold",
    "purge",
    "purge_from_ledger",
    "purge_if_due",
    "rate",
    "recompute",
    "recompute_all",
    "repeat_request",
    "report_link",
    "request_chat",
    "resume",
    "route",
    "settle_ladders",
    "show_life",
    "start_choices",
    "sweep_connections",
    "withdraw_release",
    "wrap_up",
]

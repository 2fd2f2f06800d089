"""Every write about people, presence, certificates and log-ins. Lock, guard, write, emit."""

from agents.actions.assignments import assign_channel, assign_to_chat, end_assignment
from agents.actions.certificates import (
    add_evidence,
    approve_certificate,
    certify,
    note_certificate,
    tell_about_kinds,
    withdraw_certificate,
)
from agents.actions.ladder import (
    fix_seats,
    is_unsettled,
    note_earlier,
    note_record,
    restrict_seats,
    settle_seats,
    unsettled,
)
from agents.actions.links import ask_for_new_password, delete_dead_links, set_password_by_link
from agents.actions.lockout import Try, begin_try, forget_old_tries, forget_tries
from agents.actions.logins import delete_dead_sessions, end_login, end_logins, open_login, record_activity
from agents.actions.people import disable, enable, invite, invite_again, set_roles, tell_about
from agents.actions.presence import note_connected, note_disconnected, set_presence
from agents.actions.second_factor import (
    confirm_device,
    new_device,
    reset_second_factor,
    use_second_factor,
)
from agents.actions.service import end_incident, note_drill, post_incident, turn_backup

__all__ = [
    "Try",
    "add_evidence",
    "approve_certificate",
    "ask_for_new_password",
    "assign_channel",
    "assign_to_chat",
    "begin_try",
    "certify",
    "confirm_device",
    "delete_dead_links",
    "delete_dead_sessions",
    "disable",
    "enable",
    "end_assignment",
    "end_incident",
    "end_login",
    "end_logins",
    "fix_seats",
    "forget_old_tries",
    "forget_tries",
    "invite",
    "invite_again",
    "is_unsettled",
    "new_device",
    "note_certificate",
    "note_connected",
    "note_disconnected",
    "note_drill",
    "note_earlier",
    "note_record",
    "open_login",
    "post_incident",
    "record_activity",
    "reset_second_factor",
    "restrict_seats",
    "set_password_by_link",
    "set_presence",
    "set_roles",
    "settle_seats",
    "tell_about",
    "tell_about_kinds",
    "turn_backup",
    "unsettled",
    "use_second_factor",
    "withdraw_certificate",
]

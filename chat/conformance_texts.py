"""Whether agents kept the rules on what they write: each check reads what was stored, not the code that should stop it.

Words, domains and the directory count as they are now; a row that was added later does not condemn what was written
before it, as far as its history tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy

from chat.actions.outgoing import CONTACTS, LINKS, WORDS
from chat.directory import contacts_of_agents, contacts_of_residents, contacts_of_the_city
from chat.emergencies import PAY
from chat.models import ChatEvent, Kind, Side, StaffEvent, StaffKind, StoppedText
from policies.conformance import Finding, Period, keep
from policies.models import LinkDomain, ProfanityWord
from policies.screening import ProfanityList, find_contacts, is_known
from policies.screening.links import is_allowed

SUSPECT = r"[@0-9]"


def register() -> None:
    """Tell the register what is kept of the rules on agents' texts."""
    keep(
        WORDS,
        how=gettext_lazy(
            "An agent's text with a listed word is stopped until it is edited or a supervisor releases it; a "
            "resident's is flagged."
        ),
        check=check_words,
        is_transient=True,
    )
    keep(
        CONTACTS,
        how=gettext_lazy(
            "An agent's text with contact details that are not the city's is stopped until she confirms or edits it."
        ),
        check=check_contacts,
        is_transient=True,
    )
    keep(
        LINKS,
        how=gettext_lazy(
            "Only agents' links to listed domains can be pressed; residents' links are plain text, with a copy to the "
            "supervisor."
        ),
        check=check_links,
        is_transient=True,
    )


def _written(period: Period) -> QuerySet[ChatEvent]:
    messages = ChatEvent.objects.filter(kind=Kind.MESSAGE, side=Side.AGENT)
    return messages.filter(at__gte=period.start, at__lt=period.end)


# Words ----------------------------------------------------------------------------
def check_words(period: Period) -> Finding:
    """No message of an agent holds a word that was listed by then, but for released ones. Source: EM-COM-C."""
    released = StoppedText.objects.filter(session=OuterRef("session"), sent_seq=OuterRef("seq"))
    written = _written(period)
    words = _Words()
    rows = written.filter(~Exists(released)).values_list("session_id", "at", "text").iterator()
    broken = {str(session_id) for session_id, at, text in rows if words.find(text, at=at)}
    return Finding(written.count(), tuple(sorted(broken)))


class _Words:
    """The words of today's list, each from when it was first listed on."""

    def __init__(self) -> None:
        rows = ProfanityWord.objects.values_list("pk", "kind", "phrase")
        self._rows = list(rows)
        self._listed = dict(
            ProfanityWord.history.filter(history_type="+").values_list("id", "history_date").order_by("-history_date")
        )
        self._all = ProfanityList((kind, phrase) for _, kind, phrase in self._rows)

    def find(self, text: str, *, at: datetime) -> bool:
        if not self._all.find(text):
            return False
        return bool(ProfanityList(self._at(at)).find(text))

    def _at(self, at: datetime) -> Iterator[tuple[str, str]]:
        for pk, kind, phrase in self._rows:
            listed = self._listed.get(pk)
            if kind == ProfanityWord.Kind.NAME or listed is None or listed <= at:
                yield kind, phrase


# Contact details --------------------------------------------------------------------
def check_contacts(period: Period) -> Finding:
    """Contact details that are not the city's were confirmed by who sent them. Source: EM-PII-A."""
    rows = _written(period).exclude(rule=PAY).filter(text__regex=SUSPECT)
    found = [
        (session_id, agent_id or 0, seq, contacts)
        for session_id, agent_id, seq, text in rows.values_list("session_id", "agent_id", "seq", "text")
        if (contacts := find_contacts(text))
    ]
    if not found:
        return Finding(0)
    confirmed = set(StaffEvent.objects.filter(kind=StaffKind.CONTACT).values_list("session_id", "data__seq"))
    city = contacts_of_the_city(at=period.end)
    own = contacts_of_agents({agent_id for _, agent_id, _, _ in found})
    told = contacts_of_residents({session_id for session_id, _, _, _ in found})
    broken = {
        str(session_id)
        for session_id, agent_id, seq, contacts in found
        if (session_id, seq) not in confirmed
        and not all(is_known(each, city | own[agent_id] | told[session_id]) for each in contacts)
    }
    return Finding(len(found), tuple(sorted(broken)))


# Links ------------------------------------------------------------------------------
def check_links(period: Period) -> Finding:
    """What can be pressed leads to a listed domain, and nothing that a resident wrote can be. Source: EM-LINK."""
    domains = set(LinkDomain.history.values_list("domain", flat=True)) | set(
        LinkDomain.objects.values_list("domain", flat=True)
    )
    messages = ChatEvent.objects.filter(kind=Kind.MESSAGE, at__gte=period.start, at__lt=period.end)
    considered, broken = 0, set()
    rows = messages.filter(data__has_key="links").values_list("session_id", "side", "data")
    for session_id, side, data in rows:
        considered += 1
        if side != Side.AGENT or not all(is_allowed(url, domains) for _, _, url in data["links"]):
            broken.add(str(session_id))
    return Finding(considered, tuple(sorted(broken)))

"""Texts that staff write for staff: notes, summaries, reasons. Source: EM-PAY, EM-COM-C."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from contactcenter.lib.errors import DomainError
from contactcenter.lib.text import normal_text
from policies.screening import Span, screen
from policies.versions import in_force
from policies.why import source_of
from policies.words import profanity_list

WORDS, PROFANITY = "EM-COM-C", "profanity"
_QUOTED = re.compile(r"\"[^\"]*\"|[“„][^“”]*[“”]|«[^«»]*»")


def staff_text(text: str, *, field: str, at: datetime) -> str:
    """Return a text of staff for staff as it may be stored: payment data masked.

    Raises `edit` for a profane word of the writer's own; what stands in
    quotation marks is somebody else's. Source: EM-PAY, EM-COM-C.
    """
    text = normal_text(text)
    screened = screen(text, profanity=profanity_list())
    if screened.is_profane:
        quoted = [match.span() for match in _QUOTED.finditer(text)]
        own = [span for span in profanity_list().spans(text) if not _is_within(span, quoted)]
        version = in_force(WORDS, at=at) if own else None
        if version is not None:
            sentence = _("This holds a word that is not used here. If the resident said it, put it in quotation marks.")
            spans = [[*span, PROFANITY] for span in own]
            raise DomainError("edit", sentence, spans=spans, field=field, rule=WORDS, why=source_of(version))
    return screened.text


def words_that_stop(text: str, *, at: datetime) -> list[str]:
    """Return the words for which a chat would stop this text of an agent, each once, as it is written there.

    None unless the city has adopted EM-COM-C. Source: EM-COM-C.
    """
    text = normal_text(text)
    spans = profanity_list().spans(text)
    if not spans or in_force(WORDS, at=at) is None:
        return []
    return list(dict.fromkeys(text[start:end] for start, end in spans))


def _is_within(span: Span, others: Iterable[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)

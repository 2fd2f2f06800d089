"""Whether what the city has written down is there and looked after."""

from __future__ import annotations

from functools import partial

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Language
from contactcenter.knowledge.models import Menu, Script, Sequence
from contactcenter.knowledge.rules import Row, faults_of
from policies.conformance import Finding, Period, keep


def register() -> None:
    """Tell the register what this room keeps."""
    keep(
        "EM-SCR",
        how=_(
            "Agents insert scripts by typing /: shared ones of their departments, and their own. "
            "Shared ones bear a date of review."
        ),
        check=check_scripts,
    )
    keep(
        "EM-OFF",
        how=_("A sequence of scripts behind one key: ask for a city question, explain, invite back, end."),
        check=partial(check_sequences, "EM-OFF"),
    )
    keep(
        "PK-EAR",
        how=_("Sequences of scripts behind one key: empathise, acknowledge, re-phrase; warn before ending."),
        check=partial(check_sequences, "PK-EAR"),
    )
    keep(
        "SJ-IVR",
        how=_("The menu before the queue is rows that an administrator edits, previews and reviews."),
        check=check_menus,
    )


def check_scripts(period: Period) -> Finding:
    """No shared script in use is past its day of review at the end of the period. Source: EM-SCR."""
    on = timezone.localtime(period.end).date()
    rows = list(Script.objects.to_review())
    return Finding(len(rows), tuple(str(row.pk) for row in rows if row.is_overdue(on=on)))


def check_sequences(rule: str, _period: Period) -> Finding:
    """Each language in which the city serves has a sequence for the rule, with steps. Source: EM-OFF, PK-EAR."""
    offered = sorted(Language.objects.filter(is_active=True).values_list("code", flat=True))
    ready = Sequence.objects.filter(rule=rule, is_active=True, steps__isnull=False)
    there = set(ready.values_list("language", flat=True))
    return Finding(len(offered), tuple(code for code in offered if code not in there))


def check_menus(period: Period) -> Finding:
    """Each menu that is shown leads somewhere, and is not past its day of review. Source: SJ-IVR."""
    on = timezone.localtime(period.end).date()
    menus = list(Menu.objects.to_review().prefetch_related("nodes__parent"))
    broken = [menu for menu in menus if menu.review_on < on or faults_of(rows_of(menu))]
    return Finding(len(menus), tuple(str(menu.pk) for menu in broken))


def rows_of(menu: Menu) -> list[Row]:
    """Return the rows of a menu as plain values."""
    return [
        Row(node.code, node.parent.code if node.parent else "", node.kind, node.text, node.page)
        for node in menu.nodes.all()
    ]

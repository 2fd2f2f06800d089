"""The menu as a resident is shown it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.models import Department
from contactcenter.knowledge.models import Menu, Node
from policies.models import RuleVersion
from policies.versions import in_force
from policies.why import source_of

RULE = "SJ-IVR"


@dataclass(frozen=True)
class Branch:
    """A row with the rows under it."""

    node: Node
    branches: tuple[Branch, ...]


def menu_for(department: Department, language: str, *, at: datetime) -> tuple[Menu | None, RuleVersion | None]:
    """Return the menu that a department's chat shows in a language, and the rule; None and None: no menu.

    The department's own goes before that of all; one that is off shows none. Source: SJ-IVR.
    """
    version = in_force(RULE, at=at)
    menu = Menu.objects.of(department.pk, language) if version else None
    return (menu, version) if menu is not None and menu.is_shown else (None, None)


def menu_context(department: Department, language: str, *, at: datetime) -> dict[str, Any]:
    """Return what templates/knowledge/_menu.html needs on a page: `menu` and `branches`."""
    menu, _version = menu_for(department, language, at=at)
    return {"menu": menu, "branches": branches_of(menu) if menu else []}


def branches_of(menu: Menu) -> list[Branch]:
    """Return the tree of a menu; one statement."""
    return grown(menu.nodes.select_related("department", "parent"))


def grown(nodes: Iterable[Node]) -> list[Branch]:
    """Return the tree of rows that know their parents, in their order."""
    rows = sorted(nodes, key=lambda node: (node.position, node.pk or 0))
    return _under(None, rows)


def _under(parent: Node | None, rows: list[Node]) -> list[Branch]:
    here = [node for node in rows if _code_above(node) == (parent.code if parent else None)]
    return [Branch(node, tuple(_under(node, rows))) for node in here]


def _code_above(node: Node) -> str | None:
    return node.parent.code if node.parent is not None else None


def plain_menu(department: Department, language: str, *, at: datetime) -> dict[str, Any]:
    """Return the menu as programs get it: rows in the order in which they are read. Source: SJ-IVR."""
    menu, version = menu_for(department, language, at=at)
    if menu is None or version is None:
        return {"nodes": [], "rule": None, "why": None}
    return {"nodes": _flat(branches_of(menu), None), "rule": RULE, "why": source_of(version)}


def _flat(branches: Iterable[Branch], parent: int | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for branch in branches:
        node = branch.node
        taken_by = node.department if node.department is not None and node.department.is_active else None
        found.append(
            {
                "id": node.pk,
                "parent": parent,
                "label": node.label,
                "kind": node.kind,
                "text": node.text,
                "page": node.page,
                "department": taken_by.code if taken_by else None,
                "topic": node.topic,
            }
        )
        found += _flat(branch.branches, node.pk)
    return found

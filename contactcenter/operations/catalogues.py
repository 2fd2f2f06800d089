"""The translations of what residents read: extraction, and what is wrong with a catalogue.

`python -m contactcenter.operations.catalogues` brings `locale/*/LC_MESSAGES/django.po` up to
date with the texts of the program and compiles them. It needs Babel, which
comes with the packages for development. Staff pages are in English and are
not extracted.
"""

from __future__ import annotations

import ast
import io
import os
import re
import string
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = {"es": "Spanish", "fr": "French"}
PLURALS = {"es": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
# What residents meet: the chat, the portal, the plumbing beneath both, and what the policies say in sentences.
CODE = (
    "chat/**/*.py",
    "contactcenter/portal/**/*.py",
    "contactcenter/cases/contacts.py",
    "contactcenter/lib/**/*.py",
    "contactcenter/reports/public.py",
    "policies/catalogue.py",
    "policies/conformance.py",
    "policies/hours.py",
    "policies/kinds.py",
    "policies/phrases.py",
    "policies/why.py",
)
NOT_CODE = ("migrations", "chat/admin", "chat/conformance", "chat/models/", "lib/admin.py", "portal/styleguide.py")
# What keeps each rule: residents read how; what is found and what is still missing is for staff.
KEEPERS = ("agents/conformance.py", "chat/conformance*.py", "contactcenter/*/conformance.py", "policies/own_checks.py")
PAGES = (
    "templates/[0-9]*.html",
    "templates/base.html",
    "templates/portal.html",
    "templates/widget.html",
    "templates/chat/*.html",
    "templates/components/*.html",
    "templates/knowledge/_menu*.html",
    "templates/portal/*.html",
    "templates/reports/policies.html",
    "templates/reports/_clause.html",
    "templates/reports/_document.html",
    "templates/reports/_ledger.html",
    "templates/reports/_standing.html",
    "templates/reports/_verdict.html",
)
NOT_PAGES = ("templates/portal/styleguide.html", "templates/components/_staff_bar.html")
UNDATED = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same texts always compile to the same bytes
_CONSTANT = re.compile(r"_\(\"([^\"]+)\"\)")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
Found = tuple[str, int, str | tuple[str, str], str | None]  # file, line, text or singular and plural, context


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


# Extraction -----------------------------------------------------------------
def extracted() -> Catalog:
    """Return every text that a resident may read, with the places where it stands."""
    catalog = Catalog(fuzzy=False, charset="utf-8")
    for name, line, text, context in [*_of_code(), *_of_keepers(), *_of_pages()]:
        catalog.add(text, locations=[(name, line)], context=context)
    return catalog


def _files(patterns: Iterable[str], without: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            if not any(part in name for part in without):
                yield name, path


def _of_code() -> Iterator[Found]:
    for name, path in _files(CODE, NOT_CODE):
        for line, function, texts, _comments in extract_python(io.BytesIO(path.read_bytes()), KEYWORDS, [], {}):
            given = [texts] if isinstance(texts, str) else list(texts)
            yield from _call(name, line, function, [text for text in given if isinstance(text, str)])


def _call(name: str, line: int, function: object, texts: list[str]) -> Iterator[Found]:
    if not texts or not texts[0]:
        return
    if str(function).startswith("n"):
        yield name, line, (texts[0], texts[1]), None
    elif str(function).startswith("p"):
        yield name, line, texts[1], texts[0]
    else:
        yield name, line, texts[0], None


def _of_keepers() -> Iterator[Found]:
    for name, path in _files(KEEPERS, ()):
        for call in ast.walk(ast.parse(path.read_bytes())):
            said = [each.value for each in call.keywords if each.arg == "how"] if isinstance(call, ast.Call) else []
            for part in (part for each in said for part in ast.walk(each)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield name, part.lineno, part.value, None


def _of_pages() -> Iterator[Found]:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    for name, path in _files(PAGES, NOT_PAGES):
        source = path.read_text(encoding="utf-8")
        yield from ((name, 1, text, None) for text in _CONSTANT.findall(source))
        yield from _of_nodes(name, engine.from_string(source).nodelist)


def _of_nodes(name: str, nodes: object) -> Iterator[Found]:
    for node in nodes.get_nodes_by_type(TranslateNode):  # type: ignore[attr-defined]
        text = node.filter_expression.var
        literal = getattr(text, "literal", text)
        if isinstance(literal, str):
            context = getattr(getattr(node.message_context, "var", None), "literal", None)
            yield name, node.token.lineno, literal.replace("%%", "%"), context
    for node in nodes.get_nodes_by_type(BlockTranslateNode):  # type: ignore[attr-defined]
        singular, _variables = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural)[0] if node.plural else None
        yield name, node.token.lineno, (singular, plural) if plural else singular, None


# A catalogue ----------------------------------------------------------------
def read(language: str) -> Catalog:
    """Return the catalogue of a language as it is kept; empty where there is none."""
    path = path_of(language)
    return read_po(io.BytesIO(path.read_bytes() if path.exists() else _header(language)), locale=language)


def _header(language: str) -> bytes:
    return _HEADER.substitute(name=LANGUAGES[language], code=language, plurals=PLURALS[language]).encode()


def update(language: str) -> Catalog:
    """Return the kept catalogue with the texts of today: new ones empty, those that are gone left out."""
    kept, fresh = read(language), read_po(io.BytesIO(_header(language)), locale=language)
    for message in extracted():
        if message.id:
            earlier = kept.get(_key(message), message.context)
            text = earlier.string if earlier is not None and type(earlier.id) is type(message.id) else None
            fresh.add(message.id, text, locations=message.locations, context=message.context)
    return fresh


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def write(language: str, catalog: Catalog) -> None:
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_header(language))
        body = io.BytesIO()
        write_po(body, catalog, width=120, sort_output=True, include_lineno=False, omit_header=True)
        file.write(body.getvalue())
    path.with_suffix(".mo").write_bytes(compiled(language))


def compiled(language: str) -> bytes:
    """Return the kept catalogue as the program reads it."""
    binary, catalog = io.BytesIO(), read(language)
    catalog.creation_date = catalog.revision_date = UNDATED
    write_mo(binary, catalog)
    return binary.getvalue()


_HEADER = string.Template(
    '# What residents read, in $name.\nmsgid ""\nmsgstr ""\n"Language: $code\\n"\n"MIME-Version: 1.0\\n"\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
    '"Plural-Forms: $plurals\\n"\n\n'
)


# What is wrong --------------------------------------------------------------
def faults(language: str, catalog: Catalog, texts: Catalog) -> list[str]:
    """Say what a catalogue lacks for these texts: missing or fuzzy ones, broken placeholders, unequal plurals."""
    found = []
    for wanted in texts:
        if not wanted.id:
            continue
        kept = catalog.get(_key(wanted), wanted.context)
        if kept is None or not kept.string or (isinstance(kept.string, tuple) and not all(kept.string)):
            found.append(f"{language}: missing: {_key(wanted)!r}")
        elif kept.fuzzy:
            found.append(f"{language}: fuzzy: {_key(wanted)!r}")
        else:
            found += [f"{language}: {fault}: {_key(wanted)!r}" for fault in _faults_of(wanted, kept, catalog)]
    known = {(_key(message), message.context) for message in texts if message.id}
    found += [
        f"{language}: not used any more: {_key(message)!r}"
        for message in catalog
        if message.id and (_key(message), message.context) not in known
    ]
    return found


def _faults_of(wanted: Message, kept: Message, catalog: Catalog) -> Iterator[str]:
    originals = [wanted.id] if isinstance(wanted.id, str) else list(wanted.id)
    translations = [kept.string] if isinstance(kept.string, str) else list(kept.string or ())
    if len(originals) > 1 and len(translations) != catalog.num_plurals:
        yield "unequal plurals"
    holes = placeholders(originals[-1])
    for number, text in enumerate(translations):
        is_one = len(translations) > 1 and number == 0  # "one evening" may do without its number
        if placeholders(text) != holes and not (is_one and placeholders(text) < holes):
            yield "broken placeholder"


def placeholders(text: str) -> frozenset[str]:
    return frozenset(_PLACEHOLDER.findall(text.replace("%%", "")))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "contactcenter.settings")
    django.setup()
    for language in LANGUAGES:
        catalog = update(language)
        write(language, catalog)
        missing = sum(1 for message in catalog if message.id and not (message.string and all(message.string)))
        sys.stdout.write(f"{language}: {len(catalog)} texts, {missing} without a translation\n")


if __name__ == "__main__":
    main()

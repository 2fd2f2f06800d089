"""Rules of the house that no single room can keep for all."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django import Settings

from agents.models import Role
from policies.catalogue import rules
from tests.factories import DepartmentFactory, LanguageFactory, UserFactory, log_in

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("chat", "agents", "contactcenter")
STRICT = {"'none'", "'self'", "data:"}
REGISTRIES = ("pypi", "files.pythonhosted", "registry.npmjs", "npmmirror", "artifactory", "nexus", "devpi")
# Words that only a machine on which somebody once worked could have put into a file.
MACHINE_PATHS = re.compile(r"(?<![\w.{$~-])/(?:work|home/\w+|Users/\w+|root)/[\w.-]+")
REGISTRY_HOSTS = re.compile(r"(?:https?://)[\w.-]*(?:" + "|".join(map(re.escape, REGISTRIES)) + r")[\w.-]*", re.I)


@pytest.mark.parametrize("name", settings.MIDDLEWARE)
def test_every_middleware_in_use_works_without_a_thread(name: str) -> None:
    assert import_string(name).async_capable is True


def test_every_rule_that_a_test_names_is_in_the_catalogue() -> None:
    named = {(name, rule) for name, text in committed() for rule in re.findall(r'mark\.rule\("([^"]+)"\)', text)}
    assert [pair for pair in sorted(named) if pair[1] not in rules()] == []


# What is committed ----------------------------------------------------------
def committed() -> Iterator[tuple[str, str]]:
    """Yield the path and text of every committed text file."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nothing says which files are committed")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            try:
                yield name, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


@pytest.mark.parametrize("pattern", [REGISTRY_HOSTS, MACHINE_PATHS], ids=["registry hosts", "paths of a machine"])
def test_no_committed_file_names_a_place_that_is_not_ours(pattern: re.Pattern[str]) -> None:
    own = Path(__file__).relative_to(ROOT).as_posix()
    found = [f"{name}: {hit[0]}" for name, text in committed() if name != own for hit in pattern.finditer(text)]
    assert found == []


def test_what_is_looked_for_would_be_found() -> None:
    assert REGISTRY_HOSTS.search("--index-url https://pypi.example.org/simple")
    assert MACHINE_PATHS.search("cd /home/somebody/townline")
    assert not MACHINE_PATHS.search("https://example.org/work/here")


def test_the_lock_bears_a_hash_for_every_package() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^([\w.\[\]-]+)==", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[\w.\[\]-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(pinned) == len(blocks) > 30
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []


# What is logged -------------------------------------------------------------
def log_calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of one of our loggers, with its place."""
    for path in (path for package in (*PACKAGES, "policies") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).partition(".")[0] == "logger":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_our_log_lines_are_sentences_of_the_program_filled_with_ids() -> None:
    calls = list(log_calls())
    assert len(calls) > 10
    assert [place for place, call in calls if not isinstance(call.args[0], ast.Constant)] == []


# What a page may load -------------------------------------------------------
PAGES_OF_ROOMS = {
    "portal": ["/", "/chat/", "/chat/widget/", "/chat/message/", "/no-such-page/"],
    "accounts": [
        "/accounts/",
        "/accounts/login/",
        "/accounts/password/",
        "/accounts/password/sent/",
        "/accounts/second-factor/set-up/",
        "/accounts/link/unknown/",
    ],
    "desk": [
        "/desk/",
        "/desk/tasks/",
        "/desk/scripts/",
        "/desk/ladder/",
        "/supervise/",
        "/supervise/ladder/",
        "/supervise/service/",
    ],
    "reports": ["/policies/", "/policies/clock/"],
    "admin": [
        "/admin/",
        "/admin/agents/user/",
        "/admin/agents/user/add/",
        "/admin/agents/agent/",
        "/admin/agents/backupplan/add/",
        "/admin/agents/incident/",
        "/admin/chat/wording/",
        "/admin/agents/outsidebody/add/",
        "/admin/cases/topic/add/",
        "/admin/knowledge/script/add/",
        "/admin/knowledge/sequence/add/",
        "/admin/knowledge/menu/add/",
    ],
    "operations": ["/healthz", "/health/"],
}


@pytest.fixture
def staff_client(db: None) -> Client:
    DepartmentFactory(code="general", is_default=True)
    LanguageFactory()
    user = UserFactory(roles=[Role.ADMIN, Role.SUPERVISOR])
    from agents.models import Agent

    Agent.objects.get_or_create(user=user)
    client = Client()
    log_in(client, user)
    return client


def policy_of(header: str) -> dict[str, set[str]]:
    parts = (part.split() for part in header.split(";") if part.strip())
    return {name: set(sources) for name, *sources in parts}


@pytest.mark.django_db
@pytest.mark.parametrize("room", PAGES_OF_ROOMS)
def test_every_page_may_load_only_what_is_ours(staff_client: Client, room: str) -> None:
    for path in PAGES_OF_ROOMS[room]:
        answer = staff_client.get(path)
        assert answer.status_code == (404 if path in ("/no-such-page/", "/accounts/link/unknown/") else 200), path
        policy = policy_of(answer["Content-Security-Policy"])
        assert policy["default-src"] == {"'none'"}, path
        for directive in ("script-src", "style-src", "connect-src"):
            assert policy[directive] == {"'self'"}, (path, directive)
        others = set().union(*policy.values()) - STRICT
        assert others == set(), path


@pytest.mark.django_db
def test_the_widget_alone_may_be_framed_and_by_the_listed_sites(staff_client: Client, settings: Settings) -> None:
    settings.EMBED_SITES = ["https://www.maplebrook.example"]
    for path in ("/", "/chat/", "/desk/", "/admin/", "/accounts/login/"):
        answer = staff_client.get(path)
        assert policy_of(answer["Content-Security-Policy"])["frame-ancestors"] == {"'none'"}
        assert answer["X-Frame-Options"] == "DENY"
    widget = staff_client.get("/chat/widget/")
    framed_by = policy_of(widget["Content-Security-Policy"])["frame-ancestors"]
    assert framed_by == {"'self'", "https://www.maplebrook.example"}
    assert "X-Frame-Options" not in widget


@pytest.mark.django_db
@pytest.mark.parametrize("room", [room for room in PAGES_OF_ROOMS if room != "operations"])
def test_no_page_bears_a_script_or_style_of_its_own(staff_client: Client, room: str) -> None:
    for path in PAGES_OF_ROOMS[room]:
        html = staff_client.get(path).content.decode()
        scripts = re.findall(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", html)
        assert scripts == [], path
        assert re.findall(r"<style\b|\sstyle=\"|\son[a-z]+=\"", html) == [], path


# Who writes -----------------------------------------------------------------
def sources(package: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def writes_status(tree: ast.AST) -> bool:
    """Say whether a module sets a `status`: by assignment, or through `update`, `create` or `bulk_update`."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(each, ast.Attribute) and each.attr == "status" for each in targets):
            return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("update", "aupdate", "create", "acreate", "update_or_create", "get_or_create")
            and any(keyword.arg == "status" for keyword in node.keywords)
        ):
            return True
    return False


def test_the_actions_of_the_chat_alone_write_the_status_of_a_session() -> None:
    writers = {name for name, tree in sources("chat") if writes_status(tree)}
    assert writers
    assert {name for name in writers if not name.startswith("chat/actions/")} == set()


def test_no_other_room_writes_into_the_chat() -> None:
    """Outside of `chat/actions` nothing is created, changed or deleted through the chat's tables."""
    verbs = {"create", "acreate", "bulk_create", "update", "aupdate", "delete", "adelete", "save", "asave"}
    tables = {"ChatSession", "ChatEvent", "Seat", "Connection"}
    found = [
        f"{name}:{call.lineno}"
        for package in PACKAGES
        for name, tree in sources(package)
        if not name.startswith("chat/actions/")
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in verbs
        and tables & {part.id for part in ast.walk(call.func) if isinstance(part, ast.Name)}
    ]
    assert found == []


def test_a_writer_of_status_would_be_found() -> None:
    for source in ("session.status = 'ended'", "ChatSession.objects.filter(pk=1).update(status='ended')"):
        assert writes_status(ast.parse(source))
    assert not writes_status(ast.parse("if session.status == 'ended': pass"))

"""`.env.example` is the list of what the settings read."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contactcenter.operations.stores import ROOT

READERS = {"str", "bool", "int", "list", "db", "email", "_whole_number", "_origins", "_one_of"}


def variables_read() -> set[str]:
    tree = ast.parse((ROOT / "contactcenter" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    names = set()
    for call in calls:
        reader = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        first = call.args[0]
        if reader in READERS and isinstance(first, ast.Constant) and str(first.value).isupper():
            names.add(first.value)
    return names


def variables_run_reads() -> set[str]:
    """What `./run` reads by itself, before there are settings."""
    sources = [ROOT / "contactcenter" / "lib" / "embedded.py", *(ROOT / "contactcenter" / "operations").glob("*.py")]
    found = {name for path in sources for name in re.findall(r'os\.environ\.get\("([A-Z_]+)"', path.read_text())}
    return found - {"PATH"}


def variables_told() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _sign, value in pairs}


def test_each_variable_that_is_read_is_told_and_each_that_is_told_is_read() -> None:
    assert variables_read() | variables_run_reads() == set(variables_told())


def test_each_variable_has_a_help_text_above_it_or_above_its_group() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        assert line.startswith("#") or not line or above, f"{line} stands alone"


def settings_with(**variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "DEBUG": "1", **variables}
    command = [sys.executable, "-c", "from contactcenter import settings; print(settings.LIMIT_CHATS_PER_ADDRESS_HOUR)"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LIMIT_CHATS_PER_ADDRESS_HOUR", "-1", "must be a whole number, 0 or more."),
        ("LIMIT_CHATS_PER_ADDRESS_HOUR", "many", "must be a whole number, 0 or more."),
        ("ALLOWED_ORIGINS", "chat.example.gov", "is no origin. Write https://host or https://host:port."),
        ("EMBED_SITES", "https://*.example.gov", "is no origin. Write https://host or https://host:port."),
        ("TRUSTED_PROXIES", "everybody", "list addresses or networks"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be one of json, plain."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of WARNING, DEBUG, INFO, ERROR, CRITICAL."),
        ("FAILPOINTS", "append.before_commit", "FAILPOINTS is for tests only. Unset it."),
    ],
)
def test_a_wrong_value_stops_the_start_with_a_sentence(name: str, value: str, sentence: str) -> None:
    done = settings_with(**{name: value})
    assert done.returncode != 0
    assert sentence in done.stderr.splitlines()[-1]


def test_without_a_secret_key_nothing_starts() -> None:
    done = settings_with(DEBUG="0")
    assert "SECRET_KEY is not set." in done.stderr.splitlines()[-1]


def test_a_limit_is_read() -> None:
    assert settings_with(LIMIT_CHATS_PER_ADDRESS_HOUR="7").stdout.strip() == "7"


def test_the_examples_are_the_defaults(tmp_path: Path) -> None:
    told = variables_told()
    limits = {name: value for name, value in told.items() if name.startswith("LIMIT_")}
    assert settings_with(**limits).stdout == settings_with().stdout

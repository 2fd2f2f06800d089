"""`./run test`: every check and test, on real servers; the last line counts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from contactcenter.lib.embedded import FAST_AND_FORGETFUL, Postgres, Valkey
from contactcenter.operations.stores import ROOT, Trouble, plain_trouble

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WORKERS = "2"


@dataclass
class Count:
    """How many checks and tests went how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(arguments: list[str]) -> int:
    """Run all checks, or, with arguments, pytest alone with these."""
    find_programs()
    folder = Path(tempfile.mkdtemp(prefix="townline-test-"))
    postgres, valkey = Postgres(folder / "postgres", options=FAST_AND_FORGETFUL), Valkey(folder / "valkey")
    environment = _test_environment()
    count = Count()
    try:
        with plain_trouble():
            environment |= {"DATABASE_URL": postgres.start(), "REDIS_URL": valkey.start()}
        if not arguments:
            _run_checks(count, environment)
        _run_tests(count, environment, folder / "tests.xml", arguments)
    finally:
        valkey.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(count.line(), flush=True)
    return 1 if count.failed or not count.passed else 0


def find_programs() -> None:
    """Install the browser and nginx where we may, else say how; the tests that need them then say so too."""
    missing = []
    if not os.environ.get("CHROMIUM") and not any(map(shutil.which, BROWSERS)):
        missing += ["chromium", "libatomic1"]
    if not shutil.which("nginx") and not Path("/usr/sbin/nginx").exists():
        missing += ["nginx-light"]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"Some tests need programs that are missing. On Debian, as root: apt-get install -y {' '.join(missing)}")
        return
    print(f"Installing {' '.join(missing)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL)


def _test_environment() -> dict[str, str]:
    """Return our environment without what would make a test machine differ from another."""
    ours = {"DEMO", "DEMO_PASSWORD", "DEBUG", "SECRET_KEY", "ALLOWED_ORIGINS", "EMBED_SITES", "OPS_ALLOW", "OPS_TOKEN"}
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("LIMIT_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
    return {**kept, "TESTING": "1", "PATH": path, "DJANGO_SETTINGS_MODULE": "contactcenter.settings"}


def _run_checks(count: Count, environment: dict[str, str]) -> None:
    production = {
        **{name: value for name, value in environment.items() if name != "TESTING"},
        "SECRET_KEY": "x0" * 40 + "aB3$fGh!kLmNpQ",
        "HTTPS": "1",
        "ALLOWED_HOSTS": "chat.maplebrook.example",
        "ALLOWED_ORIGINS": "https://chat.maplebrook.example",
    }
    manage = [sys.executable, "manage.py"]
    checks = {
        "ruff check": (["ruff", "check", "--quiet", "."], environment),
        "ruff format": (["ruff", "format", "--check", "--quiet", "."], environment),
        "mypy": (["mypy"], environment),
        "import layers": (["lint-imports"], environment),
        "migrations": ([*manage, "makemigrations", "--check", "--dry-run"], environment),
        "check --deploy": ([*manage, "check", "--deploy", "--fail-level", "WARNING"], production),
    }
    for name, (command, variables) in checks.items():
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
        print(
            f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - started:.0f} s)", flush=True
        )
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
            count.failed += 1
        else:
            count.passed += 1


def _run_tests(count: Count, environment: dict[str, str], report: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}"]
    command += arguments or ["-n", WORKERS, "--dist", "loadscope"]
    own = {name: value for name, value in environment.items() if name != "REDIS_URL"}  # each worker starts its own
    done = subprocess.run(command, cwd=ROOT, env=own)
    if not report.exists():
        count.failed += 1
        return
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        count.failed += failed
        count.skipped += skipped
        count.passed += int(suite.get("tests", 0)) - failed - skipped
    if done.returncode and not count.failed:
        count.failed += 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        sys.exit(str(trouble))

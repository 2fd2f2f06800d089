"""Makes the environment from the lock file, then hands over to it. Runs on a bare Python: standard library only."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-from"
MODULES = {
    "serve": "contactcenter.operations.serve",
    "test": "contactcenter.operations.check",
    "bench": "bench",
    "manage": "contactcenter.operations.manage",
}
USAGE = "Usage: ./run | ./run test | ./run bench | ./run manage COMMAND …"


class Trouble(Exception):
    """Something that stops us; the text says what to do."""


def main(arguments: list[str]) -> None:
    command = arguments[0] if arguments else "serve"
    if command not in MODULES:
        raise Trouble(f"There is no ./run {command}. {USAGE}")
    make_environment()
    python = str(VENV / "bin" / "python")
    os.chdir(ROOT)
    os.execv(python, [python, "-m", MODULES[command], *arguments[1:]])


def make_environment() -> None:
    """Install what the lock file says into .venv; a stamp of its hash lets the next start skip that."""
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and (VENV / "bin" / "python").exists():
        return
    if not os.access(ROOT, os.W_OK):
        raise Trouble(f"The folder {ROOT} is read-only. Copy the project to a folder that you may write to.")
    print("Installing the packages of requirements.lock into .venv …", flush=True)
    STAMP.unlink(missing_ok=True)
    if uv := shutil.which("uv"):
        _call([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(VENV)])
        _call([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(VENV / "bin" / "python"), str(LOCK)])
    else:
        _make_venv()
        _call([str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--require-hashes", "-r", str(LOCK)])  # fmt: skip
    STAMP.write_text(wanted)


def _make_venv() -> None:
    if not _has_venv():
        _install_venv_module()
    _call([sys.executable, "-m", "venv", "--clear", str(VENV)])


def _has_venv() -> bool:
    return subprocess.run([sys.executable, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0


def _install_venv_module() -> None:
    """Debian leaves venv out of Python: as root it is installed, else the line is told."""
    line = "apt-get install -y python3-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Trouble(f"Python's venv module is missing. Install it (on Debian, as root: {line}) and run this again.")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], line.split()):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
    if not _has_venv():
        raise Trouble(f"Python's venv module is missing and could not be installed. Run {line}, then this again.")


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=_clean_environment())
    if done.returncode == 0:
        return
    if "No space left" in done.stderr + done.stdout:
        raise OSError(errno.ENOSPC, "No space left on device")
    sys.stderr.write(done.stdout + done.stderr)
    raise Trouble("The packages could not be installed; the lines above say why. Mend that and run this again.")


def _clean_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit(f"The disk that holds {ROOT} is full. Free about 1 GB and run this again.")
        if error.errno in (errno.EACCES, errno.EROFS):
            sys.exit(f"The folder {ROOT} is read-only. Copy the project to a folder that you may write to.")
        raise

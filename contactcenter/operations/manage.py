"""`./run manage …`: Django's command line, with the servers of a running `./run`, or with its own meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys

from contactcenter.operations.stores import ROOT, Stores, Trouble, join_running_stores, plain_trouble


def main(arguments: list[str]) -> int:
    stores = None
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")) and not join_running_stores():
        stores = Stores()
        with plain_trouble():
            stores.start()
    try:
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT).returncode
    finally:
        if stores is not None:
            stores.stop()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        sys.exit(str(trouble))

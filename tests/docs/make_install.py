#!/usr/bin/env python3
"""`make install` in a tree where nothing is built yet builds what it installs, and under sudo as the user to whom the build belongs."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def commands(**environment):
    done = subprocess.run(["make", "--dry-run", "install", "DESTDIR=/nowhere"], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, "SUDO_USER": "", **environment})
    return done.stdout


def main():
    alone, sudo = commands(), commands(SUDO_USER="somebody")
    checks = {
        "the program is built and then installed":
            re.search(r"^scripts/build release kubectl_payment_program\n.*install .*bin/kubectl-payment\n", alone, re.M | re.S),
        "under sudo the build's owner builds it": re.search(r"^sudo -H -u \S+ scripts/build release kubectl_payment_program$", sudo, re.M),
    }
    for title, fine in checks.items():
        print(f"{'ok  ' if fine else 'FAIL'} {title}")
    failed = sum(1 for fine in checks.values() if not fine)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

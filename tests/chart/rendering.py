"""The chart as it renders. Needs the Helm that tests/cluster builds, or one on the PATH."""

import pathlib
import shutil
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/payment-operator"
CLUSTER = ROOT / "tests/cluster/cluster"


def helm_program():
    found = shutil.which("helm")
    if not found:
        subprocess.run([CLUSTER, "build"], check=True, stdout=sys.stderr)
        line = subprocess.run([CLUSTER, "env"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
        found = subprocess.run(["bash", "-c", f"{line}; command -v helm"], check=True, capture_output=True, text=True).stdout.strip()
    return found


HELM = helm_program()


def template(*values, namespace="operators", kubernetes="1.30.0"):
    settings = [part for value in values for part in ("--set-json" if value.endswith(("]", "}")) else "--set", value)]
    return subprocess.run([HELM, "template", "payment-operator", str(CHART), "--namespace", namespace, "--kube-version", kubernetes,
                           *settings], capture_output=True, text=True)


def render(*values, **options):
    done = template(*values, **options)
    assert done.returncode == 0, done.stderr
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def of_kind(objects, *kinds):
    return [item for item in objects if item["kind"] in kinds]

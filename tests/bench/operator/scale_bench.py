"""What the operator does when there is much: 10,000 objects of others, a thousand platforms, a restart among them, and how soon a change
of a spec is acted upon. On the api tier (etcd and kube-apiserver only). JSON on standard output and in the file that is named.

usage: scale_bench.py [--quick] [FILE]      PAYMENT_OPERATOR names another binary than build/release/bin/payment-operator
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/integration/operator"), str(pathlib.Path(__file__).parent)]
from harness import Operator, Space, eventually  # noqa: E402
from operator_bench import QUICKSTART, clock, log, mb, on  # noqa: E402
from raw_api import RawApi, platforms  # noqa: E402

QUICK = "--quick" in sys.argv     # to see that it works
PLATFORMS = 10 if QUICK else 1000
FOREIGN = 200 if QUICK else 10_000
CHANGES = 5 if QUICK else 200
CHANGES_MEANWHILE = 3 if QUICK else 20


def first_write_s(operator, name_space, since):
    """From `since` until the operator first writes there."""
    def written():
        return next((clock(line) for line in operator.lines() if line.get("namespace") == name_space and "object" in line
                     and clock(line) >= since), None)
    return eventually(f"a write in {name_space}", written, 30, 0.02) - since


def change(raw, name_space, number):
    """An edit that is one write of the operator, whatever the pods of a tier without a kubelet do; when it was sent."""
    sent = time.time()
    raw.patch(platforms(name_space, "quickstart"), {"spec": {"ingress": {"enabled": True, "host": f"pay-{number}.example.com"}}})
    return sent


def spread(seconds):
    seconds = sorted(seconds)
    return {"samples": len(seconds), "p50_ms": round(statistics.median(seconds) * 1000, 1),
            "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 1), "most_ms": round(seconds[-1] * 1000, 1)}


def changes(operator, raw):
    taken = []
    for number in range(CHANGES):
        taken.append(first_write_s(operator, "one", change(raw, "one", number)))
    return spread(taken)


def foreign(operator, raw):
    """Half Secrets, half pods, in a namespace with a platform: our caches must not even see them."""
    before = operator.resident_bytes()
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"key": "eHh4" * 250}}
    pod = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]}}
    # No controller of this tier makes it, and pods are refused without.
    raw.create("/api/v1/namespaces/one/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    raw.create_all((f"/api/v1/namespaces/one/{kind}", {**body, "metadata": {"name": f"foreign-{number}"}})
                   for kind, body in (("secrets", secret), ("pods", pod)) for number in range(FOREIGN // 2))
    operator.at_rest(seconds=3)
    return {"objects": FOREIGN, "before_mb": mb(before), "after_mb": mb(operator.resident_bytes())}


def thousand(cluster, operator, raw):
    spec = yaml.safe_load(pathlib.Path(QUICKSTART).read_text(encoding="utf-8"))
    names = [f"many-{number}" for number in range(PLATFORMS)]
    raw.create_all(("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}) for name in names)
    started = time.monotonic()
    raw.create_all((platforms(name), spec) for name in names)

    def installed():
        claims = cluster.kubectl("get", "pvc", "-A", "-l", "app.kubernetes.io/managed-by=payment-operator", "-o", "name").splitlines()
        log(f"{sum(claim.endswith('mysql-0') for claim in claims)} of {PLATFORMS + 1} platforms")
        return sum(claim.endswith("mysql-0") for claim in claims) > PLATFORMS
    eventually("every last child exists", installed, 3600, 10)
    installed_s = time.monotonic() - started
    operator.at_rest(seconds=5, within=600)
    resident = operator.resident_bytes()
    operator.stop()

    log("restart")
    again = Operator(cluster, None)
    started = time.monotonic()
    again.ready()
    ready_s = time.monotonic() - started
    changed = names[::PLATFORMS // CHANGES_MEANWHILE]
    meanwhile = [first_write_s(again, name, change(raw, name, 0)) for name in changed]
    again.at_rest(seconds=10, within=600)
    spurious = [line for line in again.lines() if "object" in line and line.get("namespace") not in changed]
    restarted = again.resident_bytes()
    again.stop()
    return {"platforms": PLATFORMS + 1, "installed_s": round(installed_s), "resident_mb": mb(resident), "restart_to_ready_s": round(ready_s, 2),
            "spurious_writes_after_restart": len(spurious), "resident_after_restart_mb": mb(restarted), "change_meanwhile": spread(meanwhile)}


def measure(cluster):
    with RawApi(cluster) as raw:
        operator = Operator(cluster, None)
        operator.ready()
        Space(cluster, "one").kubectl("apply", "-f", QUICKSTART)
        operator.at_rest(seconds=3)
        log(f"{CHANGES} changes of one spec")
        figures = {"spec_change_to_first_write": changes(operator, raw)}
        log(f"{FOREIGN} objects of others")
        figures["foreign"] = foreign(operator, raw)
        log(f"{PLATFORMS} platforms")
        return {**figures, "thousand": thousand(cluster, operator, raw)}


if __name__ == "__main__":
    try:
        text = json.dumps(on("api", measure), indent=2)
    except (AssertionError, subprocess.SubprocessError) as problem:
        sys.exit(f"scale_bench: {problem}")
    print(text)
    for file in [word for word in sys.argv[1:] if word != "--quick"]:
        pathlib.Path(file).write_text(text + "\n", encoding="utf-8")

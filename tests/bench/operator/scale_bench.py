"""What the operator does when there is much: 10,000 objects of others, a thousand platforms, a restart among them, and how soon a change
of a spec is acted upon. On the api tier (etcd and kube-apiserver only). JSON on standard output and in the file that is named.

usage: scale_bench.py [--quick] [--platforms=N] [FILE]      PAYMENT_OPERATOR names another binary than build/release/bin/payment-operator
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/integration/operator"), str(pathlib.Path(__file__).parent)]
from harness import MANAGED_BY_US, Operator, Space, eventually  # noqa: E402
from log_tail import LogTail  # noqa: E402
from operator_bench import QUICKSTART, clock, log, mb, on  # noqa: E402
from raw_api import RawApi, platforms, secrets  # noqa: E402

QUICK = "--quick" in sys.argv     # to see that it works
PLATFORMS = next((int(word.partition("=")[2]) for word in sys.argv if word.startswith("--platforms=")), 10 if QUICK else 1000)
FOREIGN = 200 if QUICK else 10_000
CHANGES = 5 if QUICK else 200
CHANGES_MEANWHILE = 3 if QUICK else 20
GENERATED = "payment-generated"


def change(raw, tail, name_space, number):
    """An edit that is one write of the operator or several, whatever the pods of a tier without a kubelet do. When it was sent, when the
    API server had stored and answered it, and when the operator first wrote: all by the clock of this machine."""
    sent = time.time()
    raw.patch(platforms(name_space, "quickstart"), {"spec": {"ingress": {"enabled": True, "host": f"pay-{number}.example.com"}}})
    stored = time.time()
    first = tail.until(f"a write in {name_space}", lambda line: line.get("namespace") == name_space and "object" in line
                       and clock(line) >= sent)
    return {"sent": sent, "stored": stored, "written": clock(first)}


def spread(seconds):
    seconds = sorted(seconds)
    return {"samples": len(seconds), "p50_ms": round(statistics.median(seconds) * 1000, 1),
            "p99_ms": round(seconds[int(len(seconds) * 0.99)] * 1000, 1), "most_ms": round(seconds[-1] * 1000, 1)}


def spreads(taken):
    """The API server's part and the operator's. An event may overtake the answer to the write that it is about: then the latter is short."""
    return {"sent_until_stored": spread([one["stored"] - one["sent"] for one in taken]),
            "stored_until_first_write": spread([one["written"] - one["stored"] for one in taken]),
            "sent_until_first_write": spread([one["written"] - one["sent"] for one in taken])}


def processor_s(operator):
    with open(f"/proc/{operator.process.pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load():
    return round(os.getloadavg()[0], 1)


def changes(operator, raw):
    """One after the other, each on a platform that has come to rest."""
    tail = LogTail(operator)
    tail.quiet()
    taken, used = [], processor_s(operator)
    for number in range(CHANGES):
        taken.append(change(raw, tail, "one", number))
        tail.quiet()
    return {**spreads(taken), "operator_processor_ms_each": round((processor_s(operator) - used) * 1000 / CHANGES, 1), "load": load()}


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


def keys(raw):
    """The Secret that the operator generates, made beforehand with the keys of the first platform: it takes what bears its labels as its own,
    and a thousand times two RSA pairs would take longer than all that is measured here."""
    labels = {**dict([MANAGED_BY_US.split("=")]), "app.kubernetes.io/instance": "quickstart"}
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": {"name": GENERATED, "labels": labels},
            "data": raw.get(secrets("one", GENERATED))["data"]}


def applied(line):
    """What a line of the log says was applied, by kind and name; of a Job the kind alone: its name has a digest of where it is."""
    name = line["object"] if line["event"] == "apply" else ""
    return "Job" if name.startswith("Job ") else name


def objects_of(operator, name_space):
    """What the operator has applied there. An Ingress is none of the quickstart's: `change` asks for it."""
    names = {applied(line) for line in operator.lines() if line.get("namespace") == name_space}
    return {name for name in names if name and not name.startswith("Ingress ")}


def install(operator, raw, names):
    spec = yaml.safe_load(pathlib.Path(QUICKSTART).read_text(encoding="utf-8"))
    made = keys(raw)
    raw.create_all(("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}) for name in names)
    raw.create_all((secrets(name), made) for name in names)
    tail = LogTail(operator)
    left = {(name, child) for child in objects_of(operator, "one") for name in names}
    assert left, "the operator's log tells of no object that it wrote"
    started = time.monotonic()
    raw.create_all((platforms(name), spec) for name in names)

    def is_last(line):
        left.discard((line.get("namespace"), applied(line)))
        return not left
    tail.until("every child is written", is_last, 3600)
    installed_s = time.monotonic() - started
    operator.at_rest(seconds=5, within=600)
    return {"installed_s": round(installed_s), "load": load(), "resident_mb": mb(operator.resident_bytes())}


def restart(cluster, raw, names):
    operator = Operator(cluster, None)
    started = time.monotonic()
    operator.ready()
    ready_s = time.monotonic() - started
    tail = LogTail(operator)
    changed = names[::max(1, PLATFORMS // CHANGES_MEANWHILE)]
    meanwhile = [change(raw, tail, name, 0) for name in changed]
    changed_s = time.monotonic() - started
    operator.at_rest(seconds=10, within=600)
    spurious = [line for line in operator.lines() if "object" in line and line.get("namespace") not in changed]
    figures = {"ready_s": round(ready_s, 2), "changes": {**spreads(meanwhile), "until_s": round(changed_s, 2)}, "load": load(),
               "spurious_writes": len(spurious), "processor_s": round(processor_s(operator), 1), "resident_mb": mb(operator.resident_bytes())}
    operator.stop()
    return figures


def measure(cluster):
    raw = RawApi(cluster)
    operator = Operator(cluster, None)
    operator.ready()
    Space(cluster, "one").kubectl("apply", "-f", QUICKSTART)
    operator.at_rest(seconds=3)
    log(f"{CHANGES} changes of one spec")
    figures = {"spec_change": changes(operator, raw)}
    log(f"{figures}")
    log(f"{FOREIGN} objects of others")
    figures["foreign"] = foreign(operator, raw)
    log(f"{PLATFORMS} platforms")
    names = [f"many-{number}" for number in range(PLATFORMS)]
    figures["many"] = {"platforms": PLATFORMS + 1, **install(operator, raw, names)}
    operator.stop()
    log(f"{figures['many']}; restart")
    figures["restart"] = restart(cluster, raw, names)
    return figures


if __name__ == "__main__":
    try:
        text = json.dumps(on("api", measure), indent=2)
    except (AssertionError, subprocess.SubprocessError) as problem:
        sys.exit(f"scale_bench: {problem}")
    print(text)
    for file in [word for word in sys.argv[1:] if not word.startswith("--")]:
        pathlib.Path(file).write_text(text + "\n", encoding="utf-8")

"""The operator's figures, as JSON on standard output and in the file that is named. Installs and memory on the api tier (etcd and
kube-apiserver only); requests of a steady, Ready platform on the control tier, where pods become Ready.

usage: operator_bench.py [--quick] [FILE]      PAYMENT_OPERATOR names another binary than build/release/bin/payment-operator
"""

import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/integration/operator"))
from harness import MANAGED_BY_US, Cluster, Operator, Space, eventually  # noqa: E402

QUICKSTART = str(ROOT / "examples/quickstart.yaml")
QUICK = "--quick" in sys.argv     # to see that it works
INSTALLS = 1 if QUICK else 7
PLATFORMS = 5 if QUICK else 100
STEADY_SECONDS = 10 if QUICK else 300     # longer than a watch lives, so that every renewal is in it


def log(text):
    print(f"[{time.monotonic() - STARTED:6.1f} s] {text}", file=sys.stderr, flush=True)


def clock(line):
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


def writes_of(operator, name_space):
    return [line for line in operator.lines() if line.get("namespace") == name_space and line["event"] in ("apply", "create")]


def is_complete(space):
    """Whether the schema Job exists: it waits for the generated Secret, and is the last to be sent of what does."""
    return space.kubectl("get", "jobs", "-l", MANAGED_BY_US, "-o", "name").strip()


def install(cluster, operator, name):
    """One new platform: from the moment before it is sent (kubectl's own start included) to the last write's start, by one clock."""
    space = Space(cluster, name)
    sent = time.time()
    space.kubectl("apply", "-f", QUICKSTART)
    eventually("the last child exists", lambda: is_complete(space), 60)
    operator.at_rest(seconds=1)
    writes = writes_of(operator, name)
    return {"objects": len(space.children()), "writes": len(writes), "first_to_last_write_s": clock(writes[-1]) - clock(writes[0]),
            "kubectl_to_last_write_s": clock(writes[-1]) - sent}


def median(runs, key):
    return round(statistics.median(run[key] for run in runs), 3)


def steady(cluster):
    """Requests a minute of one Ready platform that nobody touches."""
    operator = Operator(cluster, None)
    operator.ready()
    space = Space(cluster, "steady")
    space.kubectl("apply", "-f", QUICKSTART)
    eventually("the platform is Ready", lambda: space.condition("quickstart", "Ready").get("status") == "True", 120)
    operator.at_rest(seconds=5)
    before = operator.requests()
    time.sleep(STEADY_SECONDS)
    after = operator.requests()
    operator.stop()
    made = {method: (after[method] - before.get(method, 0)) * 60 / STEADY_SECONDS for method in after}
    return {"watch_renewals": made.pop("WATCH", 0), "other_requests": sum(made.values())}


def measure(cluster):
    operator = Operator(cluster, None)
    operator.ready()
    idle = operator.resident_bytes()
    log("idle; installing platforms one by one")
    runs = [install(cluster, operator, f"install-{number}") for number in range(INSTALLS)]
    one_by_one = operator.resident_bytes()

    log(f"{PLATFORMS} platforms at once")
    spaces = [Space(cluster, f"many-{number}") for number in range(PLATFORMS)]
    started = time.monotonic()
    for space in spaces:
        space.kubectl("apply", "-f", QUICKSTART)
    eventually("every last child exists", lambda: all(is_complete(space) for space in spaces), 600, 1)
    all_at_once = time.monotonic() - started
    operator.at_rest(seconds=3, within=120)
    many = operator.resident_bytes()

    code, stop_seconds = operator.stop()

    log("restart with everything in place")
    again = Operator(cluster, None)
    started = time.monotonic()
    again.ready()
    warm = time.monotonic() - started
    again.at_rest(seconds=2, within=120)
    restarted = again.resident_bytes()
    again.stop()
    return {
        "machine": {"processors": os.cpu_count(), "model": model(), "kubernetes": version(cluster)},
        "install": {"objects": runs[0]["objects"], "first_to_last_write_s": median(runs, "first_to_last_write_s"),
                    "kubectl_to_last_write_s": median(runs, "kubectl_to_last_write_s"), "runs": runs},
        "resident_mb": {"idle": mb(idle), f"{INSTALLS} platforms": mb(one_by_one), f"{INSTALLS + PLATFORMS} platforms": mb(many),
                        f"{INSTALLS + PLATFORMS} platforms, restarted": mb(restarted)},
        f"{PLATFORMS}_platforms_at_once_s": round(all_at_once, 1),
        "restart_to_ready_s": round(warm, 2),
        "stop": {"exit_code": code, "seconds": round(stop_seconds, 2)},
    }


def mb(size):
    return round(size / 1e6, 1)


def model():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        return next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")


def version(cluster):
    return json.loads(cluster.kubectl("version", "-o", "json"))["serverVersion"]["gitVersion"]


def on(tier, what):
    cluster = Cluster(tier, name=f"bench-{tier}")
    try:
        return what(cluster)
    finally:
        for operator in Operator.started:
            operator.kill()
        cluster.down()


def main():
    figures = on("api", measure)
    log(f"steady for {STEADY_SECONDS} s")
    figures["steady_requests_per_minute"] = on("control", steady)
    text = json.dumps(figures, indent=2)
    print(text)
    for file in [word for word in sys.argv[1:] if word != "--quick"]:
        pathlib.Path(file).write_text(text + "\n", encoding="utf-8")


STARTED = time.monotonic()
if __name__ == "__main__":
    try:
        main()
    except (AssertionError, subprocess.SubprocessError) as problem:
        sys.exit(f"operator_bench: {problem}")

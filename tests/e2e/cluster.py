"""Small tools of the end-to-end tests: kubectl, HTTP, waiting with a bound, and a test list that counts."""

import atexit
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

EMBEDDED = os.environ.get("CLUSTER", "embedded") == "embedded"
TESTS = []


class Failed(Exception):
    """A test's own failure: the message says what was expected and what was seen."""


def test(function):
    """Registers a test; tests run in the order of the file, as a day in a platform's life."""
    TESTS.append(function)
    return function


def check(condition, message):
    if not condition:
        raise Failed(message)


def kubectl(*arguments, stdin=None, ok=True, timeout=180):
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=timeout)
    if ok and done.returncode != 0:
        raise Failed(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout if ok else done


def get(kind, name, namespace="payment"):
    """The object, or None when it does not exist."""
    done = kubectl("get", kind, name, "-n", namespace, "-o", "json", ok=False)
    if done.returncode != 0:
        check("NotFound" in done.stderr, f"get {kind} {name}: {done.stderr.strip()}")
        return None
    return json.loads(done.stdout)


def items(kind, namespace="payment", selector=None):
    arguments = ["get", kind, "-n", namespace, "-o", "json"]
    if selector:
        arguments += ["-l", selector]
    return json.loads(kubectl(*arguments))["items"]


def apply(manifest, namespace="payment", ok=True):
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    return kubectl("apply", "-n", namespace, "-f", "-", stdin=text, ok=ok)


def patch_spec(spec, name="quickstart", namespace="payment"):
    kubectl("patch", "pp", name, "-n", namespace, "--type=merge", "-p", json.dumps({"spec": spec}))


def condition(name, kind="Ready", namespace="payment"):
    platform = get("pp", name, namespace) or {}
    for entry in platform.get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return entry
    return {}


def eventually(what, probe, seconds=60, interval=0.3):
    """The first true value of probe(); Failed with the last value after `seconds`."""
    end = time.monotonic() + seconds
    value = None
    while True:
        try:
            value = probe()
            if value:
                return value
        except (Failed, OSError, http.client.HTTPException) as problem:
            value = problem
        if time.monotonic() > end:
            raise Failed(f"not within {seconds} s: {what}; last seen: {value}")
        time.sleep(interval)


def ready(name="quickstart", namespace="payment", seconds=180):
    def is_ready():
        platform = get("pp", name, namespace)
        entry = condition(name, namespace=namespace)
        return entry.get("status") == "True" and platform["metadata"]["generation"] == entry.get("observedGeneration") or None
    try:
        eventually(f"{namespace}/{name} Ready", is_ready, seconds)
    except Failed as problem:
        raise Failed(f"{problem}; Ready is {condition(name, namespace=namespace)}") from None


def make_namespace(name):
    """Marked, so that what runs the tests removes it from a cluster that it does not own."""
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted", f"app.kubernetes.io/part-of={os.environ['MARK']}")


class Service:
    """One Service of the platform, reached by its cluster IP on the embedded node, else through a port-forward."""

    def __init__(self, name, port, namespace="payment"):
        self.name, self.remote_port, self.namespace, self.forward = name, port, namespace, None
        if EMBEDDED:
            address = eventually(f"Service {name}", lambda: get("service", name, namespace), 30)["spec"]["clusterIP"]
            self.host, self.port = address, port

    def open_forward(self):
        """A forward is bound to one pod and ends with it, which is no fault of the platform's: then another is opened."""
        if EMBEDDED or self.forward and self.forward.poll() is None and self.pod_runs():
            return
        self.close()
        pod = eventually(f"a ready pod of {self.name}", self.ready_pod, 60)
        self.forward = subprocess.Popen(["kubectl", "port-forward", "-n", self.namespace, f"pod/{pod}", f":{self.remote_port}"],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        atexit.register(self.forward.kill)
        line = self.forward.stdout.readline()
        match = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
        check(match, f"port-forward to {self.name}: {line}")
        self.pod, self.host, self.port = pod, "127.0.0.1", int(match.group(1))

    def ready_pod(self):
        slices = items("endpointslices", self.namespace, f"kubernetes.io/service-name={self.name}")
        ready_ones = [e["targetRef"]["name"] for s in slices for e in s.get("endpoints") or [] if e["conditions"].get("ready")]
        return ready_ones and ready_ones[0]

    def pod_runs(self):
        return "deletionTimestamp" not in (get("pod", self.pod, self.namespace) or {"metadata": {"deletionTimestamp": ""}})["metadata"]

    def close(self):
        if self.forward:
            self.forward.kill()
            self.forward.wait()

    def call(self, method, path, body=None, timeout=10, headers=None):
        """(HTTP status, decoded JSON or text, headers); one request on a connection of its own, never retried."""
        self.open_forward()
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            text = response.read().decode()
            try:
                decoded = json.loads(text)
            except ValueError:
                decoded = text
            return response.status, decoded, {name.lower(): value for name, value in response.getheaders()}
        finally:
            connection.close()

    def post(self, path, body, **options):
        return self.call("POST", path, body, **options)

    def read(self, path, **options):
        return self.call("GET", path, **options)


def query(payment, business_no):
    return payment.read("/api/payment/query/" + urllib.parse.quote(business_no, safe=""))


def operator_pod():
    """The running pod of the operator, or None."""
    for pod in items("pods", os.environ["OPERATOR_NAMESPACE"], "app.kubernetes.io/name=payment-operator"):
        states = pod["status"].get("containerStatuses", [])
        if "deletionTimestamp" not in pod["metadata"] and states and states[0]["state"].get("running"):
            return pod
    return None


class Operator:
    """The running operator, found beforehand, so that kill() is at once: SIGKILL to its process on the embedded node; elsewhere its pod is
    deleted without grace."""

    def __init__(self):
        self.pod, self.processes = None, []
        eventually("an operator runs", self.find, 90, 0.05)

    def find(self):
        self.pod = operator_pod()
        if self.pod and EMBEDDED:
            self.processes = self.find_processes()     # none while the pod's status still speaks of a container that was killed
        return self.pod and (self.processes or not EMBEDDED)

    def find_processes(self):
        container, found = self.pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2], []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if container in (process / "cgroup").read_text():
                    found.append(int(process.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def kill(self):
        if not EMBEDDED:
            kubectl("delete", "pod", self.pod["metadata"]["name"], "-n", os.environ["OPERATOR_NAMESPACE"], "--grace-period=0", "--force")
        for process in self.processes:
            os.kill(process, signal.SIGKILL)


class Watch:
    """Every version of the objects of a kind from now on, also those that were gone again before anybody looked."""

    def __init__(self, kind, namespace):
        self.seen = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["kubectl", "get", kind, "-n", namespace, "--watch", "--output-watch-events", "-o", "json"],
                                        stdout=self.seen, stderr=subprocess.DEVNULL)
        atexit.register(self.process.kill)

    def versions(self):
        self.process.kill()
        self.process.wait()
        self.seen.seek(0)
        text, decoder, seen = self.seen.read().strip(), json.JSONDecoder(), []
        while text:
            event, end = decoder.raw_decode(text)
            seen.append(event["object"])
            text = text[end:].strip()
        return seen


def main():
    if sys.argv[1:] == ["--count"]:
        print(len(TESTS))
        return 0
    wanted = [t for t in TESTS if not sys.argv[1:] or t.__name__ in sys.argv[1:]]
    passed, failed, skipped = 0, 0, 0
    for function in wanted:
        started = time.monotonic()
        try:
            outcome = "skip" if function() == "skip" else "ok"
        except (Failed, subprocess.SubprocessError, OSError, KeyError, IndexError, TypeError, ValueError) as problem:
            outcome = "FAIL"
            print(f"FAIL {function.__name__}: {problem}", flush=True)
            if not isinstance(problem, Failed):
                traceback.print_exc(file=sys.stdout)
            print(kubectl("get", "pp,pods,jobs,pvc", "-A", ok=False).stdout, flush=True)
        passed += outcome == "ok"
        failed += outcome == "FAIL"
        skipped += outcome == "skip"
        print(f"{outcome:4} {function.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0

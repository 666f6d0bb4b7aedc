"""Small tools of the end-to-end tests: kubectl, HTTP, waiting with a bound, and a test list that counts."""

import http.client
import json
import os
import re
import subprocess
import sys
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


class Service:
    """One Service of the platform, reached by its cluster IP on the embedded node, else through a port-forward."""

    def __init__(self, name, port, namespace="payment"):
        self.forward = None
        if EMBEDDED:
            address = eventually(f"Service {name}", lambda: get("service", name, namespace), 30)["spec"]["clusterIP"]
            self.host, self.port = address, port
        else:
            self.forward = subprocess.Popen(["kubectl", "port-forward", "-n", namespace, f"service/{name}", f":{port}"],
                                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            line = self.forward.stdout.readline()
            match = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
            check(match, f"port-forward to {name}: {line}")
            self.host, self.port = "127.0.0.1", int(match.group(1))

    def call(self, method, path, body=None, timeout=10, headers=None):
        """(HTTP status, decoded JSON or text, headers); one request on a connection of its own, never retried."""
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

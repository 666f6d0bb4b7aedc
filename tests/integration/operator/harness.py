"""What the operator's integration tests stand on: an embedded cluster, the operator as a process, kubectl, waiting with a bound."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
OPERATOR = os.environ.get("PAYMENT_OPERATOR", str(ROOT / "build/release/bin/payment-operator"))
MANAGED_BY_US = "app.kubernetes.io/managed-by=payment-operator"
CHILD_KINDS = ("services,configmaps,secrets,serviceaccounts,persistentvolumeclaims,deployments,statefulsets,jobs,cronjobs,"
               "horizontalpodautoscalers,poddisruptionbudgets,ingresses")


class Cluster:
    """An embedded cluster of one tier with the definition installed; down() leaves nothing behind."""

    def __init__(self, tier, name=None):
        self.name = name or f"it-{tier}"
        script = str(ROOT / "tests/cluster/cluster")
        self._script = script
        subprocess.run([script, "up", "--tier", tier, "--name", self.name], check=True, stdout=sys.stderr)
        shell = f'eval "$("{script}" env --name {self.name})"; env -0'
        lines = subprocess.run(["bash", "-c", shell], check=True, capture_output=True, text=True).stdout.split("\0")
        self.environment = dict(line.split("=", 1) for line in lines if "=" in line)
        self.kubeconfig = self.environment["KUBECONFIG"]
        self.kubectl("apply", "--server-side", "-f", str(ROOT / "crds/paymentplatforms.yaml"))
        self.kubectl("wait", "--for=condition=Established", "crd/paymentplatforms.paymentplatform.io", "--timeout=30s")

    def render(self, *arguments):
        """The chart's objects, as helm would apply them."""
        return subprocess.run(["helm", "template", "payment-operator", str(ROOT / "charts/payment-operator"), *arguments], check=True,
                              capture_output=True, text=True, env=self.environment).stdout

    def kubeconfig_of(self, namespace, account):
        """A file by which a program is this service account and nobody else."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        token = self.kubectl("-n", namespace, "create", "token", account, "--duration=1h").strip()
        config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
        file = tempfile.NamedTemporaryFile("w", prefix="kubeconfig-", suffix=".json")
        json.dump(config, file)
        file.flush()
        return file

    def down(self):
        subprocess.run([self._script, "down", "--name", self.name], check=True, stdout=sys.stderr)

    def run(self, *arguments, stdin=None):
        return subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=120, env=self.environment)

    def kubectl(self, *arguments, stdin=None):
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


class Space:
    """A namespace of a test's own, with shortcuts into it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        cluster.kubectl("create", "namespace", name)

    def delete(self):
        self.cluster.run("delete", "namespace", self.name, "--wait=false")

    def kubectl(self, *arguments, stdin=None):
        return self.cluster.kubectl("-n", self.name, *arguments, stdin=stdin)

    def apply(self, manifest):
        return self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def get(self, kind, name):
        """The object, or None."""
        done = self.cluster.run("-n", self.name, "get", kind, name, "-o", "json", "--show-managed-fields")
        if done.returncode == 0:
            return json.loads(done.stdout)
        if "NotFound" not in done.stderr:
            raise AssertionError(done.stderr)
        return None

    def patch(self, kind, name, patch):
        self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(patch))

    def children(self):
        items = json.loads(self.kubectl("get", CHILD_KINDS, "-l", MANAGED_BY_US, "-o", "json"))["items"]
        # What the CronJob and HPA controllers make carries our labels too, but has another owner.
        return {(item["kind"], item["metadata"]["name"]): item for item in items
                if all(owner["kind"] == "PaymentPlatform" for owner in item["metadata"].get("ownerReferences", []))}

    def condition(self, platform, kind):
        status = (self.get("pp", platform) or {}).get("status", {})
        return next((c for c in status.get("conditions", []) if c["type"] == kind), {})


class Operator:
    """The real program as a process, confined to one namespace, or for all (None)."""

    started = []     # every one of this process, so that none outlives it

    def __init__(self, cluster, namespace, kubeconfig=None):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="payment-operator-", suffix=".log")
        self.process = subprocess.Popen(
            [OPERATOR, "run", "--kubeconfig", kubeconfig or cluster.kubeconfig, *(["--namespace", namespace] if namespace else []),
             "--metrics-bind-address", "127.0.0.1:0", "--health-probe-bind-address", "127.0.0.1:0"],
            stderr=self.log, env={"PATH": os.environ["PATH"]})
        self._ports = {}
        Operator.started.append(self)

    def lines(self):
        with open(self.log.name, encoding="utf-8") as log:
            for line in log:
                try:
                    yield json.loads(line)
                except ValueError:
                    pass    # the line being written when the process was killed

    def port(self, what):
        def listening():
            return next((line["port"] for line in self.lines() if line["event"] == "listening" and line["what"] == what), None)
        if what not in self._ports:
            self._ports[what] = eventually(f"the operator listens for {what}", listening, 20)
        return self._ports[what]

    def read(self, what, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port(what)}{path}", timeout=5) as response:
            return response.read().decode()

    def ready(self):
        def is_ready():
            try:
                return self.read("probes", "/readyz")
            except urllib.error.HTTPError:
                return None
        eventually("the operator is ready", is_ready, 30)

    def requests(self):
        """How many requests it has made to the API server, by method; opened watches are the method WATCH."""
        counts = {}
        pattern = r'rest_client_requests_total\{[^}]*method="([A-Z]+)"[^}]*\} (\d+)'
        for method, value in re.findall(pattern, self.read("metrics", "/metrics")):
            counts[method] = counts.get(method, 0) + int(value)
        return counts

    def answers(self, code):
        """How many of its requests were answered with this status code."""
        pattern = rf'rest_client_requests_total\{{[^}}]*code="{code}"[^}}]*\}} (\d+)'
        return sum(int(count) for count in re.findall(pattern, self.read("metrics", "/metrics")))

    def resident_bytes(self):
        return int(float(re.search(r"^process_resident_memory_bytes (\S+)", self.read("metrics", "/metrics"), re.M).group(1)))

    def others(self):
        """Requests that are not watches."""
        return {method: count for method, count in self.requests().items() if method != "WATCH"}

    def writes(self):
        return {method: count for method, count in self.others().items() if method != "GET"}

    def at_rest(self, seconds=2, within=60):
        """Waits until nothing was written for `seconds`. A platform that is not Ready is still looked at now and then."""
        def quiet():
            before = self.writes()
            time.sleep(seconds)
            return before == self.writes() or None
        eventually("the operator comes to rest", quiet, within)

    def kill(self):
        """As a node failure would: no chance to clean up."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """SIGTERM; the exit code and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20), time.monotonic() - started


def eventually(what, probe, seconds=60, interval=0.1):
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {value}")
        time.sleep(interval)

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
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPT = str(ROOT / "tests/cluster/cluster")
sys.path[:0] = [str(ROOT / "tests/cluster"), str(ROOT / "tests/chart")]
import audit  # noqa: E402
import rendering  # noqa: E402

OPERATOR = os.environ.get("PAYMENT_OPERATOR", str(ROOT / "build/release/bin/payment-operator"))
MANAGED_BY_US = "app.kubernetes.io/managed-by=payment-operator"
RECORDS = os.environ.get("RIGHTS_RECORDS")      # a folder where each suite leaves what its operators asked for, for rights_used_test.py
HOME, ACCOUNT = "payment-operator", "payment-operator"     # namespace and service account of the operator
PREFIX = "shop-"     # of a second platform in a namespace
CHILD_KINDS = ("services,configmaps,secrets,serviceaccounts,persistentvolumeclaims,deployments,statefulsets,jobs,cronjobs,"
               "horizontalpodautoscalers,poddisruptionbudgets,ingresses")


class Cluster:
    """An embedded cluster of one tier with the definition and the operator's rights as the chart gives them, or bare of both; down() leaves
    nothing behind."""

    asked = set()     # by the operators of this process, in all its clusters

    def __init__(self, tier, name=None, admission="", bare=False):
        self.name = name or f"it-{tier}"
        self._clear()     # what a killed run left
        subprocess.run([SCRIPT, "up", "--tier", tier, "--name", self.name], check=True, stdout=sys.stderr,
                       env={**os.environ, "CLUSTER_ADMISSION": admission})
        shell = f'eval "$("{SCRIPT}" env --name {self.name})"; env -0'
        lines = subprocess.run(["bash", "-c", shell], check=True, capture_output=True, text=True).stdout.split("\0")
        self.environment = dict(line.split("=", 1) for line in lines if "=" in line)
        self.kubeconfig = self.environment["KUBECONFIG"]
        self._accounts = set()
        if bare:
            return
        self.kubectl("apply", "--server-side", "-f", str(ROOT / "crds/paymentplatforms.yaml"))
        # Not by kubectl wait, which gives up on a definition that has no status yet.
        eventually("the definition is served", lambda: self.run("get", "paymentplatforms", "-A").returncode == 0, 30)
        self.give_rights(HOME)
        self._operator_kubeconfig = self.kubeconfig_of(HOME, ACCOUNT)
        self.operator_kubeconfig = self._operator_kubeconfig.name

    def give_rights(self, home, *values, recorded=True):
        """The chart's service account in a new namespace, with what the chart gives it under these values, and nothing else."""
        objects = rendering.of_kind(rendering.render("leaderElection.enabled=true", *values, namespace=home), "ServiceAccount", "Role",
                                    "RoleBinding", "ClusterRole", "ClusterRoleBinding")
        self.kubectl("create", "namespace", home)
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        if recorded:
            self._accounts.add(f"{home}:{ACCOUNT}")

    def kubeconfig_of(self, namespace, account):
        """A file by which a program is this service account and nobody else."""
        config = json.loads(self.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        token = self.kubectl("-n", namespace, "create", "token", account, "--duration=2h").strip()
        config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
        file = tempfile.NamedTemporaryFile("w", prefix="kubeconfig-", suffix=".json")
        json.dump(config, file)
        file.flush()
        return file

    def requests(self):
        """What operators have asked for so far; a namespace is HOME or "" here: which one of the platforms' does not matter."""
        found = set()
        for account in self._accounts:
            home = account.split(":")[0]
            for request in audit.requests_of(self.environment["CLUSTER_AUDIT_LOG"], account):
                found.add(request._replace(namespace=HOME if request.namespace == home else ""))
        return found

    def down(self):
        if RECORDS:
            Cluster.asked |= self.requests()
            os.makedirs(RECORDS, exist_ok=True)
            record = pathlib.Path(RECORDS) / f"{pathlib.Path(sys.argv[0]).stem}.json"
            record.write_text(json.dumps(sorted(Cluster.asked), indent=0), encoding="utf-8")
        self._clear()

    def _clear(self):
        subprocess.run([SCRIPT, "down", "--name", self.name], check=True, stdout=sys.stderr)

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

    def wait_ready(self, platform="quickstart", seconds=90):
        """Until it is Ready with its newest spec; one program that watches, where asking again and again would take a processor."""
        self.kubectl("wait", "--for=condition=Ready", f"pp/{platform}", f"--timeout={seconds}s")

    def condition(self, platform, kind):
        status = (self.get("pp", platform) or {}).get("status", {})
        return next((c for c in status.get("conditions", []) if c["type"] == kind), {})


class Operator:
    """The real program as a process, with the rights that the chart gives, confined to one namespace or several, or for all (None)."""

    started = []     # every one of this process, so that none outlives it

    def __init__(self, cluster, namespaces, kubeconfig=None, arguments=()):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="payment-operator-", suffix=".log")
        self.process = subprocess.Popen(
            [OPERATOR, "run", "--kubeconfig", kubeconfig or cluster.operator_kubeconfig,
             *(f"--namespace={name}" for name in ([namespaces] if isinstance(namespaces, str) else namespaces or [])), *arguments,
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


class InSpace(unittest.TestCase):
    """A test in a namespace of its own, with operators that end with it."""

    cluster = None     # set by the suite, before its first test

    def setUp(self):
        self.space = Space(self.cluster, self.id().rsplit(".", 1)[1].replace("_", "-")[:60].strip("-"))
        self.operators = []

    def tearDown(self):
        for operator in self.operators:
            operator.kill()
        self.space.delete()

    def operator(self):
        operator = Operator(self.cluster, self.space.name)
        self.operators.append(operator)
        operator.ready()
        return operator


def eventually(what, probe, seconds=60, interval=0.1):
    end = time.monotonic() + seconds
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {value}")
        time.sleep(interval)


def main():
    """Runs the suite that calls it, and closes with the line that scripts/test counts."""
    result = unittest.main(module="__main__", verbosity=2, exit=False).result
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})     # not once for each subtest
    print(f"{max(0, result.testsRun - failed - len(result.skipped))} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)

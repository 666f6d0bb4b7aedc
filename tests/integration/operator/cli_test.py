"""kubectl-payment against a real API server: what plan says is what the operator then writes. On the api tier: no other controller moves
anything, so what differs afterwards was the operator."""

import concurrent.futures
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading

from harness import CHILD_KINDS, HOME, ROOT, Cluster, InSpace, Operator, eventually, main, rendering

CLUSTER = None
CLI = os.environ.get("KUBECTL_PAYMENT", str(ROOT / "build/release/bin/kubectl-payment"))
QUICKSTART = ROOT / "examples/quickstart.yaml"


def setUpModule():
    global CLUSTER
    CLUSTER = InSpace.cluster = Cluster("api", name="it-cli")
    # The operator's Deployment, for its arguments; no controller makes a pod of it here.
    deployments = rendering.of_kind(rendering.render(namespace=HOME), "Deployment")
    CLUSTER.kubectl("-n", HOME, "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": deployments}))


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


def essence(item):
    """Without what every write moves, and what others write."""
    metadata = {key: item["metadata"].get(key) for key in ("uid", "labels", "annotations", "ownerReferences")}
    return json.dumps({**item, "metadata": metadata, "status": None}, sort_keys=True)


def difference(before, after):
    """What became of each object between two moments: {(kind, name): verb}."""
    found = {key: "create" for key in after.keys() - before.keys()}
    found |= {key: "delete" for key in before.keys() - after.keys()}
    for key in before.keys() & after.keys():
        if before[key]["metadata"]["uid"] != after[key]["metadata"]["uid"]:
            found[key] = "replace"
        elif essence(before[key]) != essence(after[key]):
            found[key] = "change"
    return found


class Tunnel:
    """An HTTP proxy that knows CONNECT alone; `asked` are the servers that were asked for."""

    def __init__(self):
        self.asked = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):      # closed
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, client):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        server = head.split()[1].decode()
        self.asked.append(server)
        host, port = server.rsplit(":", 1)
        upstream = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self._pump, args=(upstream, client), daemon=True).start()
        self._pump(client, upstream)

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        self._listener.close()


class Payment(InSpace):
    maxDiff = None

    def payment(self, *words, stdin=None, kubeconfig=None):
        return subprocess.run([CLI, "-n", self.space.name, "--kubeconfig", kubeconfig or CLUSTER.kubeconfig, *words], input=stdin,
                              capture_output=True, text=True, timeout=60)

    def plan(self, *words, stdin=None, code=1):
        done = self.payment("plan", "-o", "json", *words, stdin=stdin)
        self.assertEqual(done.returncode, code, f"{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    @staticmethod
    def told(report):
        return {(one["kind"], one["name"]): one["verb"] for one in report["objects"] if "waitsFor" not in one}

    def installed(self):
        operator = self.operator()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        eventually("the claim exists", lambda: self.space.get("pvc", "data-mysql-0"), 30)
        operator.at_rest()
        return operator

    def edited(self, **spec):
        """The stored platform with other parts of its spec, as a file."""
        platform = self.space.get("pp", "quickstart")
        return json.dumps({"apiVersion": platform["apiVersion"], "kind": platform["kind"], "metadata": {"name": "quickstart"},
                           "spec": {**platform["spec"], **spec}})

    def test_a_plan_of_an_install_stores_nothing_and_is_what_is_then_made(self):
        planned = self.told(self.plan("-f", str(QUICKSTART)))
        self.assertIsNone(self.space.get("pp", "quickstart"))
        self.assertEqual(self.space.children(), {})
        self.installed()
        self.assertEqual(planned, difference({}, self.space.children()))

    def test_plans_of_changes_are_what_the_operator_then_writes(self):
        operator = self.installed()
        for spec in ({"redis": {"managed": {"maxMemory": "96mb"}}},
                     {"ingress": {"enabled": True, "className": "nginx", "host": "pay.example.com"}},
                     {"services": {"payment": {"autoscaling": {"enabled": False}, "replicas": 2, "logLevel": "debug"}}},
                     {"image": "localhost/payment-runtime:9.9.9"}):
            with self.subTest(spec=spec):
                self.plan(code=0)
                wanted = self.edited(**spec)
                planned = self.told(self.plan("-f", "-", stdin=wanted))
                self.assertNotEqual(planned, {})
                before = self.space.children()
                self.space.kubectl("apply", "-f", "-", stdin=wanted)
                operator.at_rest()
                self.assertEqual(planned, difference(before, self.space.children()))

    def test_a_plan_from_saved_objects_says_the_same_as_one_from_the_cluster(self):
        self.installed()
        wanted = self.edited(redis={"managed": {"maxMemory": "96mb"}})
        saved = self.space.kubectl("get", "paymentplatforms,pods," + CHILD_KINDS, "-o", "yaml", "--show-managed-fields")
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(saved)
            file.flush()
            images = ("--runtime-image", "payment-runtime:0.1.0", "--mysql-image", "mariadb:10.11", "--redis-image", "redis:7.2")
            offline = self.plan("-f", "-", "--live-objects", file.name, *images, stdin=wanted)
        self.assertEqual(offline, self.plan("-f", "-", stdin=wanted))

    def test_a_refused_spec_ends_with_2_and_the_path_of_the_field(self):
        for path, spec in (("spec.deletionPolicy", {"deletionPolicy": "Perhaps"}), ("spec.surprise", {"surprise": 1}),
                           ("spec.reconciliation.schedule", {"reconciliation": {"schedule": "0 0 31 2 *"}})):
            done = self.payment("plan", "-f", "-", stdin=json.dumps({"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform",
                                                                    "metadata": {"name": "p"}, "spec": spec}))
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(path, done.stdout + done.stderr)

    def test_a_misspelt_field_is_told_in_one_line(self):
        wanted = self.edited_file({"redis": {"managed": {"maxMemry": "96mb"}}})
        for _ in range(2):      # of a platform that is new, and of one that is there
            done = self.payment("plan", "-f", "-", stdin=wanted)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("spec.redis.managed.maxMemry is not a field of this version", done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertLess(len(done.stderr), 300)
            self.space.kubectl("apply", "-f", str(QUICKSTART))

    @staticmethod
    def edited_file(spec):
        return json.dumps({"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform", "metadata": {"name": "quickstart"},
                           "spec": spec})

    def test_status_pause_and_resume(self):
        operator = self.installed()
        status = json.loads(self.payment("status", "-o", "json").stdout)
        self.assertEqual(status["generation"], status["observedGeneration"])
        self.assertIn("mysql", [one["name"] for one in status["components"]])

        self.assertEqual(self.payment("pause").returncode, 0)
        eventually("the pause is seen", lambda: self.space.condition("quickstart", "Reconciling").get("reason") == "Paused", 20)
        self.space.kubectl("delete", "service", "redis")
        operator.at_rest()
        self.assertIsNone(self.space.get("service", "redis"), "nothing is put right while paused")
        waiting = [one for one in self.plan()["objects"] if one["name"] == "redis"]
        self.assertEqual([one["verb"] for one in waiting], ["create"])
        self.assertIn("kubectl payment resume", waiting[0]["waitsFor"])
        self.assertIn("paused", self.payment("status").stdout)

        self.assertEqual(self.payment("resume").returncode, 0)
        eventually("the Service is back", lambda: self.space.get("service", "redis"), 20)

    def test_watching_a_status_shows_transitions_until_the_platform_is_gone(self):
        self.installed()
        watching = subprocess.Popen([CLI, "-n", self.space.name, "--kubeconfig", CLUSTER.kubeconfig, "status", "-w"], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertIn("PaymentPlatform", watching.stdout.readline())
            self.space.patch("pp", "quickstart", {"spec": {"paused": True}})
            self.assertTrue(any("paused" in line for line in iter(watching.stdout.readline, "")))
            self.space.kubectl("delete", "pp", "quickstart")
            self.assertEqual(watching.wait(timeout=20), 0)
        finally:
            watching.kill()
            watching.communicate()

    def refused(self, said, *words, **how):
        """Ends with 2 and says this, with nothing on standard output."""
        done = self.payment(*words, **how)
        self.assertEqual((done.returncode, done.stdout), (2, ""), f"{words}: {done.stderr}")
        self.assertIn(said, done.stderr, words)

    def test_without_rights_what_is_missing_is_named(self):
        self.space.kubectl("create", "serviceaccount", "nobody")
        with CLUSTER.kubeconfig_of(self.space.name, "nobody") as file:
            for verb in ("status", "verify", "pause", "resume", "reconcile", "plan"):
                self.refused(f"you may not list PaymentPlatforms in namespace {self.space.name}", verb, kubeconfig=file.name)

    def test_one_kind_that_may_not_be_listed_is_named(self):
        self.installed()
        self.space.kubectl("create", "serviceaccount", "auditor")
        kinds = CHILD_KINDS.replace("secrets,", "").split(",") + ["paymentplatforms", "pods"]
        for name, resources in (("most", kinds), ("operator", ["deployments"])):
            CLUSTER.kubectl("create", "clusterrole", f"{self.space.name}-{name}", "--verb=get,list", *(f"--resource={kind}" for kind in resources))
            CLUSTER.kubectl("create", "clusterrolebinding", f"{self.space.name}-{name}", f"--clusterrole={self.space.name}-{name}",
                            f"--serviceaccount={self.space.name}:auditor")
        with CLUSTER.kubeconfig_of(self.space.name, "auditor") as file:
            self.assertEqual(self.payment("status", kubeconfig=file.name).returncode, 0)
            self.refused(f"you may not list secrets in namespace {self.space.name}", "plan", kubeconfig=file.name)
            self.refused("you may not change PaymentPlatform", "pause", kubeconfig=file.name)
            done = self.payment("verify", "-o", "json", kubeconfig=file.name)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            lines = {line["line"]: line for line in json.loads(done.stdout)["lines"]}
            self.assertEqual(lines["every Service has a cluster address"]["result"], "ok")
            self.assertIn("you may not", lines["the payment service is healthy"]["evidence"])

    @contextlib.contextmanager
    def kubeconfig_with(self, cluster=None, user=None):
        """The cluster's kubeconfig with other entries; None takes one away."""
        config = json.loads(CLUSTER.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        for entry, changes in ((config["clusters"][0]["cluster"], cluster), (config["users"][0]["user"], user)):
            entry.update(changes or {})
            for key in [key for key, value in entry.items() if value is None]:
                del entry[key]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            yield file.name

    def test_an_api_server_is_reached_through_a_proxy_and_by_another_name(self):
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        tunnel = Tunnel()
        self.addCleanup(tunnel.close)
        with self.kubeconfig_with(cluster={"proxy-url": tunnel.address}) as file:
            done = self.payment("status", kubeconfig=file)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(tunnel.asked)
        with self.kubeconfig_with(cluster={"tls-server-name": "kubernetes.default"}) as file:
            self.assertEqual(self.payment("status", kubeconfig=file).returncode, 0)
        with self.kubeconfig_with(cluster={"tls-server-name": "another.example"}) as file:
            self.refused("cannot list PaymentPlatforms", "status", kubeconfig=file)

    def test_it_acts_as_whom_the_kubeconfig_says(self):
        nobody = f"system:serviceaccount:{self.space.name}:nobody"
        with self.kubeconfig_with(user={"as": nobody}) as file:
            self.refused(nobody, "status", kubeconfig=file)

    def test_a_program_gives_credentials(self):
        self.installed()
        self.space.kubectl("create", "serviceaccount", "person")
        CLUSTER.kubectl("create", "clusterrolebinding", f"{self.space.name}-person", "--clusterrole=cluster-admin",
                        f"--serviceaccount={self.space.name}:person")
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        program = os.path.join(folder, "login")
        token = self.space.kubectl("create", "token", "person").strip()
        credential = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": token}}
        exec_entry = {"apiVersion": credential["apiVersion"], "command": program, "interactiveMode": "IfAvailable"}
        no_other = {"client-certificate-data": None, "client-key-data": None, "client-certificate": None, "client-key": None, "token": None}
        with self.kubeconfig_with(user={**no_other, "exec": exec_entry}) as file:
            for text, said in ((f"echo '{json.dumps(credential)}'", None), ("echo it is late >&2; exit 7", "ended with code 7"),
                               (f"echo {token}", "answers no ExecCredential")):
                with open(program, "w", encoding="utf-8") as script:
                    script.write(f"#!/bin/sh\n{text}\n")
                os.chmod(program, 0o700)
                done = self.payment("status", kubeconfig=file)
                self.assertNotIn(token, done.stderr)
                self.assertEqual(done.returncode, 2 if said else 0, done.stderr)
                self.assertIn(said or "", done.stderr)

    def test_what_is_wrong_with_a_kubeconfig_is_said(self):
        self.refused("cannot read /no/such/kubeconfig", "status", kubeconfig="/no/such/kubeconfig")
        self.refused("cannot read /proc", "status", kubeconfig="/proc")
        self.refused("has no context nowhere; `kubectl config get-contexts` lists them", "status", "--context", "nowhere")
        config = {"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                  "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}], "users": [{"name": "u", "user": {"token": "hunter2"}}]}
        for text, said in ((json.dumps(config), "https://127.0.0.1:1"), ("{users: [{user: {token: hunter2}]", "yaml"),
                           ("just words", "is not a kubeconfig"), ("#" * (2 << 20), "larger than 1 MiB")):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(text)
                file.flush()
                for verb in ("status", "plan", "verify", "pause"):
                    self.refused(said, verb, kubeconfig=file.name)
                    self.assertNotIn("hunter2", self.payment(verb, kubeconfig=file.name).stderr)

    def test_it_ends_each_time_while_its_threads_still_close_connections(self):
        config = {"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k"}}],
                  "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:1"}}]}
        with tempfile.NamedTemporaryFile("w") as file, concurrent.futures.ThreadPoolExecutor(4) as pool:
            json.dump(config, file)
            file.flush()
            codes = list(pool.map(lambda _: self.payment("status", kubeconfig=file.name).returncode, range(300)))
        self.assertEqual(set(codes), {2})

    def test_what_is_not_there_is_said(self):
        for verb in ("status", "plan", "verify", "pause", "resume", "reconcile"):
            self.refused(f"there is no PaymentPlatform in namespace {self.space.name}", verb)
            self.refused(f"there is no PaymentPlatform nobody in namespace {self.space.name}", verb, "nobody")
        self.refused("has no reconciliation CronJob yet", *self.never_seen("reconcile"))

    def never_seen(self, *words):
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        return words

    def test_kubectl_finds_it_as_a_plugin(self):
        self.installed()
        path = os.path.dirname(CLI) + ":" + CLUSTER.environment["PATH"]
        done = subprocess.run(["kubectl", "payment", "status", "-n", self.space.name], capture_output=True, text=True, timeout=60,
                              env={**CLUSTER.environment, "PATH": path})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"PaymentPlatform {self.space.name}/quickstart", done.stdout)
        done = subprocess.run(["kubectl", "__complete", "payment", "re"], capture_output=True, text=True, timeout=60,
                              env={**CLUSTER.environment, "PATH": path})
        self.assertEqual(done.stdout.split(), ["reconcile", "render", "resume", ":4"], done.stderr)
        done = subprocess.run(["kubectl", "__complete", "payment", "status", "-n", self.space.name, "qu"], capture_output=True, text=True,
                              timeout=60, env={**CLUSTER.environment, "PATH": path})
        self.assertEqual(done.stdout.split(), ["quickstart", ":4"], done.stderr)


if __name__ == "__main__":
    main()

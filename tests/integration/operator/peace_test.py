"""The operator beside others, on a real API server with real controllers: what is theirs stays, and neither a bad line nor a slow server
makes it loud."""

import json
import os
import time
import unittest
import urllib.request

from harness import ROOT, Cluster, Operator, Space, eventually, main
from relay import Relay

CLUSTER = None
QUICKSTART = ROOT / "examples/quickstart.yaml"
CUT_SECONDS = int(os.environ.get("CUT_SECONDS", "60"))      # how long the line is bad; 300 is the figure of docs/benchmarks.md
CUT_EVERY_SECONDS = 10
CUTS_PER_CHANGE = 6
REQUESTS_PER_SECOND_MAX = 2.0
SLOW_SECONDS = 0.5


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-peace")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class Peace(unittest.TestCase):
    def setUp(self):
        self.space = Space(CLUSTER, self.id().rsplit(".", 1)[1].replace("_", "-")[:50].strip("-"))
        self.relay = Relay(CLUSTER)
        self.operator = Operator(CLUSTER, self.space.name, self.relay.kubeconfig)
        self.operator.ready()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        self.space.wait_ready()
        self.operator.at_rest()

    def tearDown(self):
        self.operator.kill()
        self.relay.stop()
        self.space.delete()

    def change(self, level):
        self.space.patch("pp", "quickstart", {"spec": {"services": {"payment": {"logLevel": level}}}})

    def config_has(self, level):
        return f"logLevel: {level}" in json.dumps(self.space.get("configmap", "payment-service")["data"])

    def test_labels_annotations_and_sidecars_of_others_survive_a_roll(self):
        names = [f"{kind}/{name}" for kind, name in self.space.children()]
        self.space.kubectl("label", *names, "team=shop")
        self.space.kubectl("annotate", *names, "backup.example.com/keep=yes")
        sidecar = {"name": "mesh", "image": "localhost/mesh:1", "ports": [{"containerPort": 15001}]}
        template = {"metadata": {"labels": {"mesh": "in"}, "annotations": {"mesh.example.com/injected": "yes"}},
                    "spec": {"containers": [sidecar]}}
        rolled = ("deployment/payment-service", "deployment/redis")
        for name in rolled:
            self.space.kubectl("patch", name, "--field-manager=injector", "--type=strategic", "-p",
                               json.dumps({"spec": {"template": template}}))
        self.operator.at_rest()
        self.change("debug")
        self.space.patch("pp", "quickstart", {"spec": {"redis": {"managed": {"maxMemory": "512mb"}}}})
        eventually("the change is written", lambda: self.config_has("debug"), 20)
        self.space.wait_ready()
        self.operator.at_rest()
        children = self.space.children()
        for name in names:
            metadata = children[tuple(name.split("/"))]["metadata"]
            self.assertEqual(metadata["labels"].get("team"), "shop", name)
            self.assertEqual(metadata["annotations"].get("backup.example.com/keep"), "yes", name)
        for name in rolled:
            template = self.space.get(*name.split("/"))["spec"]["template"]
            self.assertIn("mesh", [container["name"] for container in template["spec"]["containers"]], name)
            self.assertEqual(template["metadata"]["labels"]["mesh"], "in", name)
            self.assertEqual(template["metadata"]["annotations"]["mesh.example.com/injected"], "yes", name)

    def test_what_the_same_manager_applies_again_changes_nothing(self):
        last = {path.split("?")[0]: body for method, path, body in self.relay.requests()
                if method == "PATCH" and "fieldManager=payment-operator&" in path}
        self.assertGreater(len(last), 30)
        before = self.versions()
        for path, body in last.items():
            url = f"{self.relay.address}{path}?fieldManager=payment-operator"      # without force: another owner of a field would refuse it
            request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/apply-patch+yaml"}, method="PATCH")
            urllib.request.urlopen(request, timeout=20).read()
        self.assertEqual(self.versions(), before)

    def versions(self):
        """Of what only we write: nobody else's status moves them."""
        still = ("ConfigMap", "Service", "ServiceAccount", "CronJob", "Secret", "PersistentVolumeClaim", "StatefulSet", "Deployment")
        return {key: child["metadata"]["resourceVersion"] for key, child in self.space.children().items() if key[0] in still}

    def test_watches_that_are_cut_again_and_again_make_no_hot_loop_and_lose_no_change(self):
        before, slowest, cuts = sum(self.operator.requests().values()), 0.0, 0
        started = time.monotonic()
        while time.monotonic() - started < CUT_SECONDS:
            self.assertGreater(self.relay.cut_watches(), 10)
            if cuts % CUTS_PER_CHANGE == 0:
                changed = time.monotonic()
                level = "debug" if cuts % (2 * CUTS_PER_CHANGE) == 0 else "info"
                self.change(level)      # while nobody listens
                eventually("the change is carried out", lambda level=level: self.config_has(level), CUT_EVERY_SECONDS - 1)
                slowest = max(slowest, time.monotonic() - changed)
            cuts += 1
            time.sleep(max(0.0, started + cuts * CUT_EVERY_SECONDS - time.monotonic()))
        seconds = time.monotonic() - started
        rate = (sum(self.operator.requests().values()) - before) / seconds
        print(f"{cuts} cuts in {seconds:.0f} s: {rate:.2f} requests/s, changes carried out within {slowest:.1f} s", flush=True)
        self.assertLess(rate, REQUESTS_PER_SECOND_MAX)
        self.space.wait_ready()
        self.operator.at_rest()

    def test_a_deletion_ends_while_the_api_server_is_slow(self):
        self.space.patch("pp", "quickstart", {"spec": {"deletionPolicy": "Delete"}})
        eventually("the finalizer is there", lambda: self.space.get("pp", "quickstart")["metadata"].get("finalizers"), 20)
        self.relay.delay_seconds = SLOW_SECONDS
        self.space.kubectl("delete", "pp", "quickstart", "--wait=false")
        eventually("it is gone", lambda: not self.space.get("pp", "quickstart"), 90)
        for kind, name in (("pvc", "data-mysql-0"), ("secret", "payment-generated")):
            eventually(f"{name} is gone", lambda kind=kind, name=name: not self.space.get(kind, name), 20)
        eventually("nothing is left", lambda: not self.space.children(), 60)


if __name__ == "__main__":
    main()

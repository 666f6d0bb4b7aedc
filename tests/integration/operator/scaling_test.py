"""Who decides the number of replicas, on a real API server with the real autoscaler's controller: its number is never touched, and where
the spec follows it or it follows the spec nothing jumps."""

import http.client
import json
import re
import subprocess
import threading
import unittest

from harness import ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
QUICKSTART = ROOT / "examples/quickstart.yaml"
WRITES = 1_000
SERVICE = "payment-service"


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-scaling")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class Replicas:
    """Every number of replicas that the Deployment of the payment service ever had, from a watch of its own; and a hand to write them."""

    def __init__(self, space):
        self.space = space
        self.seen = []
        self._watch = subprocess.Popen(["kubectl", "-n", space.name, "get", "deployment", SERVICE, "--watch", "-o",
                                        r'jsonpath={.spec.replicas}{"\n"}'], stdout=subprocess.PIPE, text=True, env=CLUSTER.environment)
        threading.Thread(target=self._follow, daemon=True).start()
        self._proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, env=CLUSTER.environment)
        self._api = http.client.HTTPConnection("127.0.0.1", int(re.search(r":(\d+)", self._proxy.stdout.readline()).group(1)), timeout=20)
        eventually("the first number is seen", lambda: self.seen, 20)

    def _follow(self):
        for line in self._watch.stdout:
            if not self.seen or self.seen[-1] != int(line):
                self.seen.append(int(line))

    def write(self, number):
        """As the autoscaler does: through the subresource, under its controller's name."""
        path = f"/apis/apps/v1/namespaces/{self.space.name}/deployments/{SERVICE}/scale?fieldManager=kube-controller-manager"
        self._api.request("PATCH", path, json.dumps({"spec": {"replicas": number}}), {"Content-Type": "application/merge-patch+json"})
        answer = self._api.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise AssertionError(text)

    def settled_at(self, number):
        eventually(f"the watch has seen {number}", lambda: self.seen[-1] == number, 30)

    def stop(self):
        self._api.close()
        for process in (self._watch, self._proxy):
            process.kill()
            process.communicate()


class Scaling(unittest.TestCase):
    def setUp(self):
        self.space = Space(CLUSTER, "scaling")
        self.operator = Operator(CLUSTER, self.space.name)
        self.operator.ready()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        self.space.wait_ready()
        self.operator.at_rest()
        self.replicas = Replicas(self.space)

    def tearDown(self):
        self.replicas.stop()
        self.operator.kill()
        self.space.delete()

    def change(self, service):
        self.space.patch("pp", "quickstart", {"spec": {"services": {"payment": service}}})
        self.space.wait_ready()
        self.operator.at_rest()

    def owners_of_the_number(self):
        deployment = self.space.get("deployment", SERVICE)
        return [entry["manager"] for entry in deployment["metadata"]["managedFields"]
                if "f:replicas" in entry["fieldsV1"].get("f:spec", {})]

    def written_by_the_operator(self):
        return [line for line in self.operator.lines() if line["event"] == "apply" and line["object"] == f"Deployment {SERVICE}"]

    def test_a_thousand_numbers_of_the_autoscaler_are_all_left_alone_and_hand_overs_do_not_jump(self):
        before = self.written_by_the_operator()
        first = self.replicas.seen[-1]
        expected = [first]
        for turn in range(WRITES):
            number = 2 + (expected[-1] - 1) % 3      # 2 to 4, as the autoscaler is bound, and never the same again
            self.replicas.write(number)
            expected.append(number)
        self.replicas.settled_at(expected[-1])
        self.operator.at_rest()
        self.assertEqual(self.replicas.seen, expected, "every number that was written, and no other")
        self.assertEqual(self.written_by_the_operator(), before)
        self.assertEqual(self.owners_of_the_number(), ["kube-controller-manager"])

        # A roll leaves it alone too.
        self.change({"logLevel": "debug"})
        self.assertGreater(len(self.written_by_the_operator()), len(before))
        self.assertEqual(self.replicas.seen, expected)

        # Off: one step to what the spec says, and it is said.
        self.replicas.write(4)
        self.replicas.settled_at(4)
        expected = list(self.replicas.seen)
        self.change({"autoscaling": {"enabled": False}, "replicas": 3})
        self.replicas.settled_at(3)
        self.assertEqual(self.replicas.seen, [*expected, 3])
        self.assertIsNone(self.space.get("hpa", SERVICE))
        self.assertEqual(self.owners_of_the_number(), ["payment-operator-scale"])
        self.assertIn("replicas 4 -> 3, as spec.services.payment.replicas says",
                      [line["reason"] for line in self.written_by_the_operator()])

        # On again: the number stays until the autoscaler has another.
        self.change({"autoscaling": {"enabled": True}})
        eventually("the autoscaler is there", lambda: self.space.get("hpa", SERVICE), 20)
        self.assertEqual(self.replicas.seen, [*expected, 3])
        self.replicas.write(4)
        self.replicas.settled_at(4)
        self.operator.at_rest()
        self.assertEqual(self.replicas.seen, [*expected, 3, 4])
        self.assertEqual(self.owners_of_the_number(), ["kube-controller-manager"])


if __name__ == "__main__":
    main()

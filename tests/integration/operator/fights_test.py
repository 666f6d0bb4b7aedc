"""Somebody else changes an object of ours back, again and again. On the api tier: nobody but the two moves anything."""

import json
import time
import unittest

from harness import ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
QUICKSTART = str(ROOT / "examples/quickstart.yaml")
FIGHT_SECONDS = 25
QUIET_SECONDS = 60       # a write that stays so long has won: kRevertedWithin


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("api", name="it-fights")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class Fights(unittest.TestCase):
    def setUp(self):
        self.space = Space(CLUSTER, self.id().rsplit(".", 1)[1].replace("_", "-")[:50].strip("-"))
        self.operator = Operator(CLUSTER, self.space.name)
        self.operator.ready()
        self.space.kubectl("apply", "-f", QUICKSTART)
        eventually("the platform is installed", lambda: self.space.get("pvc", "data-mysql-0"), 60)
        self.operator.at_rest()

    def tearDown(self):
        self.operator.kill()
        self.space.delete()

    def replicas(self):
        return self.space.get("hpa", "payment-service")["spec"]["maxReplicas"]

    def writes(self):
        return [line for line in self.operator.lines() if line["event"] == "apply" and line["object"].endswith(" payment-service")
                and "Autoscaler" in line["object"]]

    def fight(self):
        """Changes it back as soon as the operator has written it, for a while."""
        end = time.monotonic() + FIGHT_SECONDS
        while time.monotonic() < end:
            self.space.kubectl("patch", "hpa", "payment-service", "--type=merge", "--field-manager=other-operator",
                               "-p", json.dumps({"spec": {"maxReplicas": 77}}))
            time.sleep(0.2)

    def test_end_in_a_condition_that_names_the_other_and_not_in_a_loop(self):
        wanted = self.replicas()
        before = len(self.writes())
        self.fight()
        self.assertLess(len(self.writes()) - before, 14, f"in {FIGHT_SECONDS} s")
        stalled = self.space.condition("quickstart", "Stalled")
        self.assertEqual((stalled["status"], stalled["reason"]), ("True", "LoopDetected"))
        for words in ("HorizontalPodAutoscaler payment-service", "spec.maxReplicas", '"other-operator"'):
            self.assertIn(words, stalled["message"])
        self.assertIn("LoopDetected", self.space.kubectl("get", "events.events.k8s.io", "-o", "yaml"))

        eventually("the other side having stopped, the field is put right", lambda: self.replicas() == wanted, 60)
        eventually("and nothing is said of a fight any more",
                   lambda: self.space.condition("quickstart", "Stalled")["reason"] == "NotStalled", QUIET_SECONDS + 30, 1)

    def test_do_not_keep_a_change_of_the_spec_waiting(self):
        self.fight()
        self.space.patch("pp", "quickstart", {"spec": {"services": {"payment": {"autoscaling": {"maxReplicas": 6}}}}})
        eventually("the new value is written", lambda: self.replicas() == 6, 3, 0.05)


if __name__ == "__main__":
    main()

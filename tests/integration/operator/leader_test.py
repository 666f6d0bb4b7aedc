"""Two real operators and one Lease, with the rights that the chart gives. On the api tier: nobody else moves anything."""

import json
import signal
import time
import unittest

from harness import HOME, ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
QUICKSTART = str(ROOT / "examples/quickstart.yaml")
TAKE_OVER_SECONDS = 18     # a lease of 15, a retry of at most 2.4, and the requests


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("api", name="it-leader")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class Candidate(Operator):
    def __init__(self, space):
        super().__init__(CLUSTER, space.name, arguments=["--leader-elect", f"--leader-elect-namespace={HOME}"])

    def leads(self):
        return 'leader_election_master_status{name="payment-operator"} 1\n' in self.read("metrics", "/metrics")

    def changes(self):
        """Its writes besides the Lease."""
        return [line for line in self.lines() if line["event"] in ("apply", "create", "delete")]


class Leadership(unittest.TestCase):
    def setUp(self):
        self.space = Space(CLUSTER, self.id().rsplit(".", 1)[1].replace("_", "-")[:50].strip("-"))
        self.candidates = [Candidate(self.space), Candidate(self.space)]
        for candidate in self.candidates:
            candidate.ready()
        eventually("one of the two leads", lambda: [one for one in self.candidates if one.leads()], TAKE_OVER_SECONDS)
        self.leader, self.standby = sorted(self.candidates, key=lambda candidate: not candidate.leads())
        self.space.kubectl("apply", "-f", QUICKSTART)
        eventually("the platform is installed", lambda: self.space.get("pvc", "data-mysql-0"), 60)

        def quiet():
            before = len(self.leader.changes())
            time.sleep(2)
            return len(self.leader.changes()) == before
        eventually("the leader comes to rest", quiet, 30)

    def tearDown(self):
        for candidate in self.candidates:
            if candidate.process.poll() is None:
                candidate.stop()     # gives the lease back, for the next test
        self.space.delete()

    def lease(self):
        return json.loads(CLUSTER.kubectl("-n", HOME, "get", "lease", "payment-operator", "-o", "json"))["spec"]

    def change(self, replicas):
        self.space.patch("pp", "quickstart", {"spec": {"services": {"callback": {"autoscaling": {"minReplicas": replicas}}}}})

    def changed(self, replicas):
        return self.space.get("hpa", "callback-service")["spec"]["minReplicas"] == replicas

    def test_is_handed_over_within_three_seconds_of_a_planned_stop(self):
        self.assertEqual(self.standby.changes(), [], "a standby writes nothing")
        self.assertIn('"UP"', self.standby.read("probes", "/healthz"))
        code, took = self.leader.stop()
        stopped = time.monotonic()
        self.assertEqual((code, self.lease()["holderIdentity"]), (0, ""), "given back")
        self.change(3)
        eventually("the other leads", self.standby.leads, 5, 0.02)
        led = time.monotonic() - stopped
        eventually("the change is made", lambda: self.changed(3), 10, 0.02)
        print(f"stop {took:.2f} s, the other leads {led:.2f} s later", flush=True)
        self.assertLess(led, 3)

    def test_is_taken_over_from_a_crashed_leader_when_its_lease_has_ended(self):
        self.leader.kill()
        killed = time.monotonic()
        eventually("the other leads", self.standby.leads, TAKE_OVER_SECONDS + 3)
        print(f"the other leads {time.monotonic() - killed:.1f} s after the crash", flush=True)
        self.change(3)
        eventually("the change is made", lambda: self.changed(3), 10)

    def test_is_not_what_a_paused_leader_still_has_when_it_goes_on(self):
        before = len(self.leader.changes())
        self.leader.process.send_signal(signal.SIGSTOP)
        try:
            self.change(3)      # waits in the sockets of the one that is stopped
            self.space.kubectl("delete", "configmap", "redis")
            eventually("the other leads", self.standby.leads, TAKE_OVER_SECONDS + 3)
            eventually("the change is made", lambda: self.changed(3) and self.space.get("configmap", "redis"), 10)
        finally:
            self.leader.process.send_signal(signal.SIGCONT)
        eventually("the paused one knows", lambda: any(line["event"] == "not leading" for line in self.leader.lines()), 15)
        self.space.kubectl("delete", "configmap", "redis")
        eventually("the new leader puts it back", lambda: self.space.get("configmap", "redis"), 10)
        self.assertEqual(len(self.leader.changes()), before)
        self.assertFalse(self.leader.leads())


if __name__ == "__main__":
    main()

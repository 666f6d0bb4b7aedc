"""Killed at any moment of a first install. On the api tier: no other controller moves anything."""

import json
import os
import random
import time
import unittest

from harness import ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
QUICKSTART = str(ROOT / "examples/quickstart.yaml")
SEED = int(os.environ.get("SEED", "20260101"))
ROUNDS = 10


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("api")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


def essence(space):
    """What must be the same after every crash: names and specs, without what the API server or a generator draws anew each time."""
    out = {}
    text = json.dumps([[*key, item] for key, item in space.children().items()])
    for kind, name, item in json.loads(text.replace(space.name, "NAMESPACE")):
        spec = dict(item.get("spec", {}))
        for drawn in ("clusterIP", "clusterIPs"):
            spec.pop(drawn, None)
        data = sorted(item.get("data", {})) if kind == "Secret" else item.get("data")
        out[(kind, name)] = {"spec": spec, "data": data, "labels": item["metadata"]["labels"]}
    return out


def without_rolls(objects):
    """Pod templates carry hashes of generated secrets, and Jobs are named by them: equal in kind, never in letters."""
    def scrub(value):
        if isinstance(value, dict):
            return {key: ("drawn" if "hash" in key or "checksum" in key else scrub(inner)) for key, inner in value.items()}
        return [scrub(inner) for inner in value] if isinstance(value, list) else value
    return {(kind, name.split("-")[0] if kind == "Job" else name): scrub(item) if kind != "Job" else "job"
            for (kind, name), item in objects.items()}


class Crashes(unittest.TestCase):
    def settle(self, space):
        operator = Operator(CLUSTER, space.name)
        operator.ready()
        eventually("the claim exists", lambda: space.get("pvc", "data-mysql-0"), 30)
        operator.at_rest()
        return operator

    def test_killed_at_random_moments_of_an_install_ends_with_the_same_objects(self):
        print(f"SEED={SEED}", flush=True)
        self.maxDiff = 4000
        dice = random.Random(SEED)
        undisturbed = Space(CLUSTER, "undisturbed")
        undisturbed.kubectl("apply", "-f", QUICKSTART)
        started = time.monotonic()
        operator = self.settle(undisturbed)
        length = min(time.monotonic() - started, 2.0)
        operator.kill()
        expected = without_rolls(essence(undisturbed))
        for number in range(ROUNDS):
            with self.subTest(seed=SEED, round=number):
                space = Space(CLUSTER, f"crash-{number}")
                space.kubectl("apply", "-f", QUICKSTART)
                secrets = set()
                jobs = set()
                for _ in range(dice.randint(1, 3)):
                    victim = Operator(CLUSTER, space.name)
                    time.sleep(dice.uniform(0.02, length))
                    victim.kill()
                    secrets |= {item["metadata"]["uid"] for (kind, _), item in space.children().items() if kind == "Secret"}
                    jobs |= {name for kind, name in space.children() if kind == "Job"}
                self.settle(space).kill()
                children = space.children()
                self.assertEqual(without_rolls(essence(space)), expected)
                secrets |= {item["metadata"]["uid"] for (kind, _), item in children.items() if kind == "Secret"}
                jobs |= {name for kind, name in children if kind == "Job"}
                self.assertEqual(len(secrets), 1, "the generated Secret was made once")
                self.assertEqual(len(jobs), 1, "the schema Job was made once")
                space.delete()


if __name__ == "__main__":
    main()

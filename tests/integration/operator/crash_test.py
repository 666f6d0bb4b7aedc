"""Killed at any moment of an install and of an upgrade: what stands in the end is what stands without. On the control tier, where pods
become Ready, migrations end, and a release rolls step by step. SEED=n draws other moments."""

import concurrent.futures
import json
import os
import random
import time
import unittest

from harness import ROOT, Cluster, Operator, Space, main

CLUSTER = None
QUICKSTART = str(ROOT / "examples/quickstart.yaml")
SEED = int(os.environ.get("SEED", "20260101"))
PLATFORMS = 13
KILLS = 2           # in each install and in each upgrade: 52 moments in all
AT_ONCE = 5         # half of the volumes that the cluster has of a class
UPGRADE = {"spec": {"version": "0.2.0", "redis": {"managed": {"maxMemory": "512mb"}}, "services": {"payment": {"logLevel": "debug"}}}}


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-crash")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


def essence(children, namespace):
    """What must be the same after every crash: names, labels, specs and data, without what is drawn anew for each platform. Pod templates
    carry hashes of generated secrets, and Jobs are named by them."""
    def scrub(value):
        if isinstance(value, dict):
            return {key: "drawn" if "hash" in key or "checksum" in key or key in ("clusterIP", "clusterIPs", "volumeName") else scrub(inner)
                    for key, inner in value.items()}
        return [scrub(inner) for inner in value] if isinstance(value, list) else value
    out = {}
    text = json.dumps([[*key, item] for key, item in children.items()])
    for kind, name, item in json.loads(text.replace(namespace, "NAMESPACE")):
        if kind == "Job":
            out[(kind, name.split("-")[0])] = "is there"
            continue
        data = sorted(item.get("data", {})) if kind == "Secret" else item.get("data")
        out[(kind, name)] = scrub({"spec": item.get("spec", {}), "data": data, "labels": item["metadata"]["labels"]})
    return out


class Life:
    """One platform in a namespace of its own, through an install and an upgrade."""

    def __init__(self, name):
        self.space = Space(CLUSTER, name)
        self.operator = None
        self.start()

    def start(self):
        self.operator = Operator(CLUSTER, self.space.name)
        self.operator.ready()

    def crash(self, after_seconds):
        time.sleep(after_seconds)
        self.operator.kill()
        self.start()

    def install(self):
        self.space.kubectl("apply", "-f", QUICKSTART)

    def upgrade(self):
        self.space.patch("pp", "quickstart", UPGRADE)

    def settled(self):
        """The children once the platform is Ready with its newest spec."""
        self.space.wait_ready(seconds=110)
        self.operator.at_rest()
        return self.space.children()

    def end(self):
        self.operator.kill()
        self.space.delete()


def uids(children, kind):
    return {child["metadata"]["uid"] for (of, _), child in children.items() if of == kind}


class Crashes(unittest.TestCase):
    maxDiff = 4000

    def undisturbed(self):
        """[(the objects, how long it took)] of the install and of the upgrade."""
        life = Life("undisturbed")
        stages = []
        for step in (life.install, life.upgrade):
            started = time.monotonic()
            step()
            children = life.settled()
            stages.append((essence(children, life.space.name), time.monotonic() - started - 2))
        life.end()
        return stages

    def live_and_die(self, number, stages):
        dice = random.Random(f"{SEED}/{number}")
        life = Life(f"crash-{number}")
        secrets = set()
        try:
            for step, (expected, seconds), jobs_most in zip((life.install, life.upgrade), stages, (1, 2)):
                step()
                for _ in range(KILLS):
                    life.crash(dice.uniform(0, seconds / KILLS))
                    secrets |= uids(life.space.children(), "Secret")
                children = life.settled()
                secrets |= uids(children, "Secret")
                self.assertEqual(essence(children, life.space.name), expected, step.__name__)
                self.assertEqual(len(secrets), 1, "the generated Secret was made once")
                self.assertLessEqual(len(uids(children, "Job")), jobs_most, "one migration for each release")
        finally:
            life.end()

    def test_at_random_moments_of_installs_and_upgrades_end_with_the_same_objects(self):
        print(f"SEED={SEED}", flush=True)
        stages = self.undisturbed()
        print(f"undisturbed: install {stages[0][1]:.1f} s, upgrade {stages[1][1]:.1f} s", flush=True)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            lives = {number: pool.submit(self.live_and_die, number, stages) for number in range(PLATFORMS)}
        for number, life in lives.items():
            with self.subTest(seed=SEED, platform=number):
                life.result()


if __name__ == "__main__":
    main()

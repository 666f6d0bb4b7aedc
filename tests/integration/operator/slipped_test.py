"""Bad input that slipped past the API server, which here has a definition without a schema: the operator says of each spec what is wrong with
it, touches nothing, and goes on when it is put right. On the api tier."""

import collections
import itertools
import json
import unittest

import yaml

from harness import CHILD_KINDS, MANAGED_BY_US, ROOT, Cluster, Operator, Space, eventually, main
from refusals_test import TABLE

CLUSTER = None
SPACES = [f"slipped-{number}" for number in range(len(TABLE))]
LIVING = SPACES[:len(TABLE) // 4]       # installed once their spec is right; the others are put right as paused ones, which make nothing


def without_schema():
    definition = yaml.safe_load((ROOT / "crds/paymentplatforms.yaml").read_text(encoding="utf-8"))
    for version in definition["spec"]["versions"]:
        version["schema"] = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return definition


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("api", name="it-slipped")
    CLUSTER.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(without_schema()))
    probe = Space(CLUSTER, "probe")
    bad = json.dumps(platform(probe.name, {"paused": "yes"}))
    eventually("the definition takes anything",
               lambda: CLUSTER.run("create", "--dry-run=server", "--validate=false", "-f", "-", stdin=bad).returncode == 0, 30)
    namespaces = list_of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in SPACES)
    CLUSTER.kubectl("create", "-f", "-", stdin=json.dumps(namespaces))


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


def platform(name_space, spec):
    return {"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform", "metadata": {"name": "p", "namespace": name_space},
            "spec": spec}


def list_of(items):
    return {"apiVersion": "v1", "kind": "List", "items": list(items)}


def dotted(path):
    """As the operator writes the members of maps."""
    return path.replace("[cpu]", ".cpu").replace("[memory]", ".memory")


class Slipped(unittest.TestCase):
    maxDiff = 4000

    def apply(self, specs):
        """{namespace: spec}"""
        CLUSTER.kubectl("apply", "--validate=false", "-f", "-", stdin=json.dumps(list_of(itertools.starmap(platform, specs.items()))))

    def stalled(self):
        """{namespace: condition Stalled}, once all speak of their newest spec."""
        def all_said():
            items = json.loads(CLUSTER.kubectl("get", "pp", "-A", "-o", "json"))["items"]
            found = {item["metadata"]["namespace"]: condition for item in items for condition in item.get("status", {}).get("conditions", [])
                     if condition["type"] == "Stalled" and condition["observedGeneration"] == item["metadata"]["generation"]}
            return found if len(found) == len(SPACES) else None
        return eventually("Stalled is said of all", all_said, 120, 1)

    def each_is_stalled_with_its_field(self, cases):
        said = self.stalled()
        for space, (path, spec, *_) in cases.items():
            with self.subTest(path=path, spec=json.dumps(spec)[:120]):
                self.assertEqual((said[space]["status"], said[space]["reason"]), ("True", "InvalidSpec"), said[space])
                self.assertIn(dotted(path), said[space]["message"])
                self.assertRegex(said[space]["message"], "must|remove it|is required|keep one")

    def none_is_stalled(self):
        for space, condition in self.stalled().items():
            self.assertEqual(condition["status"], "False", f"{space}: {condition}")

    def versions(self):
        """{namespace: {child: resourceVersion}}"""
        found = collections.defaultdict(dict)
        columns = "custom-columns=A:.metadata.namespace,B:.kind,C:.metadata.name,D:.metadata.resourceVersion"
        for line in CLUSTER.kubectl("get", CHILD_KINDS, "-A", "-l", MANAGED_BY_US, "--no-headers", "-o", columns).splitlines():
            space, kind, name, version = line.split()
            found[space][f"{kind}/{name}"] = version
        return found

    def test_is_named_touches_nothing_and_is_left_behind_when_it_is_put_right(self):
        self.assertGreaterEqual(len(TABLE), 50)
        quickstart = yaml.safe_load((ROOT / "examples/quickstart.yaml").read_text(encoding="utf-8"))["spec"]
        operator = Operator(CLUSTER, None)
        operator.ready()

        cases = dict(zip(SPACES, TABLE))
        self.apply({space: case[1] for space, case in cases.items()})
        self.each_is_stalled_with_its_field(cases)
        operator.at_rest()
        self.assertEqual(self.versions(), {})

        self.apply({space: quickstart if space in LIVING else {"paused": True} for space in SPACES})
        self.none_is_stalled()
        eventually("the living have a database",
                   lambda: CLUSTER.kubectl("get", "sts", "-A", "-o", "name").count("/mysql") == len(LIVING), 60, 1)
        operator.at_rest()
        installed = self.versions()
        self.assertEqual(set(installed), set(LIVING))

        for first in range(0, len(TABLE), len(LIVING)):      # each spec once more, of a platform that lives
            cases = dict(zip(LIVING, TABLE[first:]))
            self.apply({space: case[1] for space, case in cases.items()})
            self.each_is_stalled_with_its_field(cases)
        operator.at_rest()
        self.assertEqual(self.versions(), installed)

        self.apply({space: quickstart for space in LIVING})
        self.none_is_stalled()
        operator.at_rest()
        self.assertEqual(self.versions(), installed)
        self.assertEqual(operator.stop()[0], 0)


if __name__ == "__main__":
    main()

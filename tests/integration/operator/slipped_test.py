"""Bad input that slipped past the API server, which here has a definition without a schema: the operator says of each spec what is wrong with
it, touches nothing, and goes on when it is put right. On the api tier."""

import collections
import json
import unittest

import yaml

from harness import CHILD_KINDS, MANAGED_BY_US, ROOT, Cluster, Operator, Space, eventually, main
from refusals_test import TABLE

CLUSTER = None
SPACES = [f"slipped-{number}" for number in range(len(TABLE))]


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
        CLUSTER.kubectl("apply", "--validate=false", "-f", "-", stdin=json.dumps(list_of(map(platform, SPACES, specs))))

    def said(self, kind):
        """{namespace: condition}, once all speak of their newest spec."""
        def all_said():
            items = json.loads(CLUSTER.kubectl("get", "pp", "-A", "-o", "json"))["items"]
            found = {item["metadata"]["namespace"]: condition for item in items for condition in item.get("status", {}).get("conditions", [])
                     if condition["type"] == kind and condition["observedGeneration"] == item["metadata"]["generation"]}
            return found if len(found) == len(SPACES) else None
        return eventually(f"{kind} is said of all", all_said, 120, 1)

    def each_is_stalled_with_its_field(self):
        said = self.said("Stalled")
        for space, (path, spec, *_) in zip(SPACES, TABLE):
            with self.subTest(path=path, spec=json.dumps(spec)[:120]):
                self.assertEqual((said[space]["status"], said[space]["reason"]), ("True", "InvalidSpec"), said[space])
                self.assertIn(dotted(path), said[space]["message"])
                self.assertRegex(said[space]["message"], "must|remove it|is required|keep one")

    def each_goes_on(self):
        for space, condition in self.said("Stalled").items():
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
        bad = [spec for _, spec, *_ in TABLE]
        good = [quickstart] * len(TABLE)
        operator = Operator(CLUSTER, None)
        operator.ready()

        self.apply(bad)
        self.each_is_stalled_with_its_field()
        operator.at_rest()
        self.assertEqual(self.versions(), {})

        self.apply(good)
        self.each_goes_on()
        eventually("all have a database", lambda: CLUSTER.kubectl("get", "sts", "-A", "-o", "name").count("/mysql") == len(SPACES), 60, 1)
        operator.at_rest()
        installed = self.versions()
        self.assertEqual(len({json.dumps([name for name in children if not name.startswith("Job/")]) for children in installed.values()}), 1)

        self.apply(bad)      # the same of platforms that live
        self.each_is_stalled_with_its_field()
        operator.at_rest()
        self.assertEqual(self.versions(), installed)

        self.apply(good)
        self.each_goes_on()
        operator.at_rest()
        self.assertEqual(self.versions(), installed)
        self.assertEqual(operator.stop()[0], 0)


if __name__ == "__main__":
    main()

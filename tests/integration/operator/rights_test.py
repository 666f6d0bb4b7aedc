"""The real operator with the rights that the chart gives, and no others, over a platform's whole life. On the control tier."""

import copy
import json
import unittest

from harness import ROOT, Cluster, Operator, Space, eventually

CLUSTER = None
QUICKSTART = ROOT / "examples/quickstart.yaml"
ACCOUNT = "payment-operator"


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-rights")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class Rights(unittest.TestCase):
    def live(self, scope, home):
        """Installs, repairs, changes, shrinks and deletes a platform as the chart's service account."""
        space = Space(CLUSTER, f"platform-{scope}")
        values = ["--set", f"watchNamespaces={{{space.name}}}"] if scope == "namespaced" else []
        CLUSTER.kubectl("apply", "-f", "-", stdin=CLUSTER.render("--namespace", home.name, "--show-only", "templates/rbac.yaml", *values))
        with CLUSTER.kubeconfig_of(home.name, ACCOUNT) as kubeconfig:
            operator = Operator(CLUSTER, space.name if scope == "namespaced" else None, kubeconfig.name)
            operator.ready()
            self.may_only(space, home)

            manifest = json.loads(space.kubectl("create", "--dry-run=server", "-o", "json", "-f", str(QUICKSTART)))
            spec = copy.deepcopy(manifest["spec"])
            spec["deletionPolicy"] = "Delete"
            spec["ingress"] = {"enabled": True, "host": "pay.example.com"}
            space.kubectl("create", "secret", "generic", "payment-service-secret", "--from-literal=mysql-password=of-the-user")
            space.apply({"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": {"name": "quickstart"}, "spec": spec})

            def ready():
                return space.condition("quickstart", "Ready").get("status") == "True"
            eventually("the platform is Ready", ready, 90)
            mounts = json.dumps(space.get("statefulset", "mysql")["spec"]["template"]["spec"]["volumes"])
            self.assertIn("payment-service-secret", mounts, "the user's Secret was read by its name")

            space.kubectl("delete", "deployment", "redis", "--wait=false")
            eventually("redis is back", lambda: space.get("deployment", "redis"), 30)
            space.patch("pp", "quickstart", {"spec": {"ingress": {"enabled": False},
                                                      "services": {"payment": {"autoscaling": {"enabled": False}, "replicas": 1}}}})
            eventually("what is no longer wanted goes", lambda: not space.get("ingress", "payment-ingress")
                       and not space.get("hpa", "payment-service"), 30)
            eventually("the platform is Ready again", ready, 90)

            space.kubectl("delete", "pp", "quickstart", "--wait=false")
            eventually("volume, Secret and platform are gone", lambda: not space.get("pp", "quickstart")
                       and not space.get("secret", "payment-generated") and not space.get("pvc", "data-mysql-0"), 120)
            self.assertIsNotNone(space.get("secret", "payment-service-secret"), "the user's own is left alone")
            self.assertIn("PlatformReady", space.kubectl("get", "events.events.k8s.io", "-o", "yaml"))
            self.assertEqual(operator.answers(403), 0, [line for line in operator.lines() if "orbidden" in json.dumps(line)])
            operator.stop()
        space.delete()

    def may_only(self, space, home):
        user = f"system:serviceaccount:{home.name}:{ACCOUNT}"
        for expected, verb, what in (
                ("yes", "get", "secrets/any"), ("yes", "create", "secrets"), ("yes", "watch", "secrets/payment-generated"),
                ("yes", "delete", "secrets/payment-generated"), ("no", "list", "secrets"), ("no", "watch", "secrets"),
                ("no", "list", "secrets/any"), ("no", "delete", "secrets/any"), ("no", "patch", "secrets/payment-generated"),
                ("no", "update", "secrets/payment-generated"), ("no", "deletecollection", "secrets"), ("no", "create", "pods"),
                ("no", "create", "pods --subresource=exec"), ("no", "delete", "paymentplatforms"), ("no", "update", "paymentplatforms"),
                ("no", "create", "rolebindings"), ("no", "create", "serviceaccounts --subresource=token")):
            answer = CLUSTER.run("auth", "can-i", verb, *what.split(" "), "-n", space.name, "--as", user).stdout.strip().split(" ")[0]
            self.assertEqual(answer, expected, f"{verb} {what}")
        listed = CLUSTER.run("get", "secrets", "-n", space.name, "--as", user)
        self.assertIn("forbidden", listed.stderr)

    def test_of_one_namespace_are_enough_and_not_more(self):
        self.live("namespaced", Space(CLUSTER, "operator-namespaced"))

    def test_of_the_whole_cluster_are_enough_and_not_more(self):
        self.live("cluster", Space(CLUSTER, "operator-cluster"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

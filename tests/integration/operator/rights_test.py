"""The real operator with the rights that the chart gives, and no others, over a platform's whole life, in both modes. On the control tier,
with the admission plugin on that asks for the right to block an owner's deletion."""

import copy
import json
import unittest
import urllib.error

from harness import ACCOUNT, HOME, PREFIX, ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
QUICKSTART = ROOT / "examples/quickstart.yaml"


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-rights", admission="OwnerReferencesPermissionEnforcement")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


def user(home):
    return f"system:serviceaccount:{home}:{ACCOUNT}"


def metadata(name, owner_uid):
    """As of an object that the operator made for the platform quickstart."""
    owner = {"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform", "name": "quickstart", "uid": owner_uid,
             "controller": True, "blockOwnerDeletion": True}
    return {"name": name, "ownerReferences": [owner],
            "labels": {"app.kubernetes.io/managed-by": "payment-operator", "app.kubernetes.io/instance": "quickstart"}}


def of_an_older_release(owner_uid):
    """One object of every kind that the operator makes, under names that it no longer uses."""
    labels = {"app": "old"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none"}], "restartPolicy": "Never"}}
    always = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "none"}]}}
    backend = {"service": {"name": "old", "port": {"number": 80}}}
    specs = {
        ("v1", "ConfigMap"): {"data": {}},
        ("v1", "ServiceAccount"): {},
        ("v1", "Service"): {"spec": {"ports": [{"port": 80}]}},
        ("v1", "PersistentVolumeClaim"): {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}},
        ("apps/v1", "Deployment"): {"spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": always}},
        ("apps/v1", "StatefulSet"): {"spec": {"replicas": 0, "selector": {"matchLabels": labels}, "serviceName": "old",
                                              "template": always}},
        ("batch/v1", "Job"): {"spec": {"template": pod}},
        ("batch/v1", "CronJob"): {"spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": pod}}}},
        ("autoscaling/v2", "HorizontalPodAutoscaler"): {"spec": {
            "maxReplicas": 1, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "old"}}},
        ("policy/v1", "PodDisruptionBudget"): {"spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}},
        ("networking.k8s.io/v1", "Ingress"): {"spec": {"defaultBackend": backend}},
    }
    return [{"apiVersion": version, "kind": kind, "metadata": metadata("old", owner_uid), **rest}
            for (version, kind), rest in specs.items()]


class Rights(unittest.TestCase):
    def start(self, spec_changes, spaces):
        """A quickstart platform, changed so, in each of the spaces."""
        manifest = json.loads(spaces[0].kubectl("create", "--dry-run=client", "-o", "json", "-f", str(QUICKSTART)))
        spec = {**copy.deepcopy(manifest["spec"]), **spec_changes}
        for space in spaces:
            space.apply({"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": {"name": "quickstart"}, "spec": spec})

    def ready(self, space):
        eventually(f"the platform in {space.name} is Ready", lambda: space.condition("quickstart", "Ready").get("status") == "True", 90)

    def live(self, space):
        """Installs, repairs, changes, shrinks and deletes a platform."""
        space.kubectl("create", "secret", "generic", "payment-service-secret", "--from-literal=mysql-password=of-the-user")
        self.start({"deletionPolicy": "Delete", "ingress": {"enabled": True, "host": "pay.example.com"}}, [space])
        self.ready(space)
        mounts = json.dumps(space.get("statefulset", "mysql")["spec"]["template"]["spec"]["volumes"])
        self.assertIn("payment-service-secret", mounts, "the user's Secret was read by its name")

        space.kubectl("delete", "deployment", "redis", "--wait=false")
        eventually("redis is back", lambda: space.get("deployment", "redis"), 30)
        space.patch("pp", "quickstart", {"spec": {"ingress": {"enabled": False},
                                                  "services": {"payment": {"autoscaling": {"enabled": False}, "replicas": 1}}}})
        eventually("what is no longer wanted goes", lambda: not space.get("ingress", "payment-ingress")
                   and not space.get("hpa", "payment-service"), 30)
        self.ready(space)

        space.kubectl("delete", "pp", "quickstart", "--wait=false")
        eventually("volume, Secret and platform are gone", lambda: not space.get("pp", "quickstart")
                   and not space.get("secret", "payment-generated") and not space.get("pvc", "data-mysql-0"), 120)
        self.assertIsNotNone(space.get("secret", "payment-service-secret"), "the user's own is left alone")
        self.assertIn("PlatformReady", space.kubectl("get", "events.events.k8s.io", "-o", "yaml"))
        self.never_refused()

    def never_refused(self):
        """By rights; admission may refuse what it likes."""
        self.assertEqual([request for request in CLUSTER.requests() if not request.allowed], [])

    def may_only(self, space, home):
        for expected, verb, what in (
                ("yes", "get", "secrets/any"), ("yes", "create", "secrets"), ("yes", "watch", "secrets/payment-generated"),
                ("yes", "delete", "secrets/payment-generated"), ("no", "list", "secrets"), ("no", "watch", "secrets"),
                ("no", "list", "secrets/any"), ("no", "delete", "secrets/any"), ("no", "patch", "secrets/payment-generated"),
                ("no", "update", "secrets/payment-generated"), ("no", "deletecollection", "secrets"), ("no", "create", "pods"),
                ("no", "create", "pods --subresource=exec"), ("no", "delete", "paymentplatforms"), ("no", "update", "paymentplatforms"),
                ("no", "create", "rolebindings"), ("no", "create", "serviceaccounts --subresource=token")):
            answer = CLUSTER.run("auth", "can-i", verb, *what.split(" "), "-n", space.name, "--as", user(home)).stdout.strip().split(" ")[0]
            self.assertEqual(answer, expected, f"{verb} {what}")
        listed = CLUSTER.run("get", "secrets", "-n", space.name, "--as", user(home))
        self.assertIn("forbidden", listed.stderr)

    def test_of_the_whole_cluster_are_enough_and_not_more(self):
        space = Space(CLUSTER, "anywhere")
        self.owner_known(space)
        operator = Operator(CLUSTER, None, arguments=["--leader-elect", f"--leader-elect-namespace={HOME}", f"--leader-elect-id={ACCOUNT}"])
        operator.ready()
        self.may_only(space, HOME)
        self.live(space)
        operator.stop()
        space.delete()

    def test_of_some_namespaces_are_enough_there_and_nothing_elsewhere(self):
        first, second, other = (Space(CLUSTER, name) for name in ("listed-first", "listed-second", "not-listed"))
        self.owner_known(first)
        CLUSTER.give_rights("operator-of-some", f'watchNamespaces=["{first.name}","{second.name}"]')
        self.start({}, [other])
        with CLUSTER.kubeconfig_of("operator-of-some", ACCOUNT) as kubeconfig:
            operator = Operator(CLUSTER, [first.name, second.name], kubeconfig.name)
            operator.ready()
            self.may_only(first, "operator-of-some")
            for space in (other, Space(CLUSTER, "empty")):
                allowed = CLUSTER.kubectl("auth", "can-i", "--list", "--no-headers", "-n", space.name, "--as", user("operator-of-some"))
                self.assertNotRegex(allowed, "paymentplatforms|secrets|configmaps|pods")
            self.start({}, [second])
            self.live(first)
            self.ready(second)
            self.assertEqual(other.children(), {}, "a platform of another namespace is left alone")
            self.assertEqual(other.get("pp", "quickstart")["status"]["observedGeneration"], -1)
            operator.stop()
        for space in (first, second, other):
            space.delete()

    def test_that_are_missing_in_one_namespace_stop_no_other(self):
        """As after somebody deleted the namespace, and with it the Role there."""
        space = Space(CLUSTER, "still-there")
        self.owner_known(space)
        CLUSTER.give_rights("operator-of-one", f'watchNamespaces=["{space.name}"]', recorded=False)
        with CLUSTER.kubeconfig_of("operator-of-one", ACCOUNT) as kubeconfig:
            operator = Operator(CLUSTER, [space.name, "gone"], kubeconfig.name)
            self.start({}, [space])
            self.ready(space)
            with self.assertRaises(urllib.error.HTTPError) as answer:
                operator.read("probes", "/readyz")
            self.assertIn("in gone", answer.exception.read().decode())
            operator.stop()
        space.delete()

    def test_to_the_secret_of_a_prefix_serve_a_second_platform_in_the_namespace(self):
        space = Space(CLUSTER, "shared")
        self.owner_known(space)
        CLUSTER.give_rights("operator-of-a-prefix", f'watchNamespaces=["{space.name}"]', f'namePrefixes=["{PREFIX}"]')
        with CLUSTER.kubeconfig_of("operator-of-a-prefix", ACCOUNT) as kubeconfig:
            operator = Operator(CLUSTER, space.name, kubeconfig.name, arguments=[f"--name-prefix={PREFIX}"])
            operator.ready()
            self.start({}, [space])
            self.ready(space)
            before = {name: child["metadata"]["resourceVersion"] for name, child in space.children().items() if name[0] != "Deployment"}
            manifest = json.loads(space.kubectl("create", "--dry-run=client", "-o", "json", "-f", str(QUICKSTART)))
            manifest["metadata"] = {"name": "second"}
            manifest["spec"]["deletionPolicy"] = "Delete"
            same = {**manifest, "metadata": {"name": "same"}}
            manifest["spec"] = {**manifest["spec"], "namePrefix": PREFIX}
            space.apply({"apiVersion": "v1", "kind": "List", "items": [manifest, same]})
            eventually("the one with a prefix is Ready", lambda: space.condition("second", "Ready").get("status") == "True", 90)
            eventually("the one with the same names is not", lambda: space.condition("same", "Stalled").get("reason") == "NameConflict", 30)
            self.ready(space)
            after = space.children()
            self.assertEqual({name: after[name]["metadata"]["resourceVersion"] for name in before
                              if after[name]["kind"] in ("ConfigMap", "Secret", "Service", "ServiceAccount")},
                             {name: version for name, version in before.items()
                              if name[0] in ("ConfigMap", "Secret", "Service", "ServiceAccount")}, "nothing of the first is touched")
            refused = space.cluster.run("-n", space.name, "patch", "pp", "second", "--type=merge", "-p", '{"spec": {"namePrefix": "x-"}}')
            self.assertIn("cannot be changed after creation; put it back, or make another platform", refused.stderr)
            refused = space.cluster.run("-n", space.name, "patch", "pp", "quickstart", "--type=merge", "-p", '{"spec": {"namePrefix": "x-"}}')
            self.assertIn("cannot be changed after creation; put it back, or make another platform", refused.stderr)
            for name in ("same", "second"):
                space.kubectl("delete", "pp", name, "--wait=false")
            eventually("the second's volume and Secret are gone", lambda: not space.get("pp", "second")
                       and not space.get("secret", f"{PREFIX}payment-generated") and not space.get("pvc", f"{PREFIX}data-mysql-0"), 120)
            self.assertIsNotNone(space.get("secret", "payment-generated"), "the first's are left alone")
            self.assertIsNotNone(space.get("pvc", "data-mysql-0"))
            self.never_refused()
            operator.stop()
        space.delete()

    def test_are_enough_to_clear_away_what_an_older_release_made(self):
        space = Space(CLUSTER, "older-release")
        self.owner_known(space)
        operator = Operator(CLUSTER, space.name)
        operator.ready()
        self.start({}, [space])
        self.ready(space)
        uid = space.get("pp", "quickstart")["metadata"]["uid"]
        old = of_an_older_release(uid)
        space.apply({"apiVersion": "v1", "kind": "List", "items": old})
        for item in old:
            eventually(f"{item['kind']} old is gone", lambda kind=item["kind"]: not space.get(kind, "old"), 30)
        self.ready(space)
        self.never_refused()
        operator.stop()
        space.delete()

    def owned(self, space, who):
        """What the API server says to who makes an object that blocks the deletion of a platform."""
        uid = "00000000-0000-0000-0000-000000000000"
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("owned", uid)}
        return CLUSTER.run("create", "-n", space.name, "--dry-run=server", "-f", "-", "--as", who, stdin=json.dumps(manifest))

    def owner_known(self, space):
        """The plugin learns of a new kind within half a minute, and refuses its objects as owners until then."""
        eventually("admission knows the kind", lambda: self.owned(space, user(HOME)).returncode == 0, 60)

    def test_to_block_the_deletion_of_a_platform_are_needed_where_admission_asks_for_them(self):
        space = Space(CLUSTER, "owners")
        self.owner_known(space)
        space.kubectl("create", "role", "makes-configmaps", "--verb=create", "--resource=configmaps")
        space.kubectl("create", "rolebinding", "makes-configmaps", "--role=makes-configmaps", "--user=somebody")
        refused = self.owned(space, "somebody")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("blockOwnerDeletion", refused.stderr)
        space.delete()


if __name__ == "__main__":
    main()

"""The chart on a real API server: installs of both kinds, upgrades and removals that leave platforms alone, Pod Security, and every command
of docs/install.md. On the control tier, where pods become Ready without running."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

from harness import ROOT, Cluster, Space, eventually, main
from rendering import CHART, of_kind, render

CLUSTER = None
DEFINITION = "crd/paymentplatforms.paymentplatform.io"
QUICKSTART = str(ROOT / "examples/quickstart.yaml")
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob", "Pod")


def setUpModule():
    global CLUSTER
    CLUSTER = Cluster("control", name="it-chart", bare=True)


def tearDownModule():
    CLUSTER.down()


def helm(*arguments, kubeconfig=None, ok=True):
    environment = {**CLUSTER.environment, **({"KUBECONFIG": kubeconfig} if kubeconfig else {})}
    done = subprocess.run(["helm", *arguments], capture_output=True, text=True, timeout=180, env=environment)
    if ok and done.returncode != 0:
        raise AssertionError(f"helm {' '.join(arguments)}: {done.stderr.strip()}")
    return done


def older_chart(folder):
    """The chart as it might have been one release ago: its definition lacks a field and a column."""
    chart = pathlib.Path(folder) / "payment-operator"
    shutil.copytree(CHART, chart)
    file = chart / "files/paymentplatforms.yaml"
    definition = yaml.safe_load(file.read_text())
    version = definition["spec"]["versions"][0]
    del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["ingress"]
    version["additionalPrinterColumns"].pop()
    file.write_text(yaml.safe_dump(definition))
    return str(chart)


def knows_ingress():
    definition = json.loads(CLUSTER.kubectl("get", DEFINITION, "-o", "json"))
    return "ingress" in definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


class Chart(unittest.TestCase):
    """Each test starts and ends without the definition, even where the one before it failed."""

    def setUp(self):
        self.without_definition()
        self.spaces = []
        self.addCleanup(lambda: [space.delete() for space in self.spaces])
        self.addCleanup(self.without_definition)

    def without_definition(self):
        """The API server takes the definition's platforms away first, and on a busy machine it may be minutes before it has done."""
        CLUSTER.kubectl("delete", DEFINITION, "--ignore-not-found", "--wait=false")
        left = {}

        def gone():
            left["state"] = CLUSTER.kubectl("get", DEFINITION, "--ignore-not-found", "-o", "jsonpath={.metadata.finalizers} {.status.conditions}")
            return not left["state"]
        try:
            eventually(f"{DEFINITION} is gone", gone, 300)
        except AssertionError as error:
            raise AssertionError(f"{error}: {left['state']}") from error

    def space(self, name):
        self.spaces.append(Space(CLUSTER, name))
        return self.spaces[-1]

    def install(self, chart, space, *arguments, name="payment-operator", **options):
        self.addCleanup(helm, "uninstall", name, "--namespace", space.name, "--ignore-not-found", "--wait", ok=False)
        return helm("upgrade", "--install", name, chart, "--namespace", space.name, "--wait", "--timeout", "120s", *arguments, **options)


class Definition(Chart):
    def raw(self, space):
        """The platform as it is stored, with versions and managed fields: whoever touches it shows."""
        return space.get("pp", "quickstart")

    def test_is_upgraded_with_the_chart_and_platforms_stay_as_they_are(self):
        home, shop = self.space("upgrade-home"), self.space("upgrade-shop")
        with tempfile.TemporaryDirectory() as folder:
            self.install(older_chart(folder), home)
            self.assertFalse(knows_ingress())
            shop.kubectl("apply", "-f", QUICKSTART)
            before = self.raw(shop)
            ingress = json.dumps({"spec": {"ingress": {"enabled": True, "host": "pay.example.com"}}})
            patch = ("-n", shop.name, "patch", "pp", "quickstart", "--type=merge", "--dry-run=server", "-o", "json", "-p", ingress)
            self.assertNotIn("ingress", json.loads(CLUSTER.kubectl(*patch))["spec"], "the older definition knows no ingress")

            self.install(str(CHART), home)
            self.assertTrue(knows_ingress())
            eventually("the new field is taken", lambda: "pay.example.com" in CLUSTER.kubectl(*patch), 20)
            after = self.raw(shop)
            after["spec"].pop("ingress", None)     # the default of the new field, which is shown and not stored
            self.assertEqual(after, before)

            helm("rollback", "payment-operator", "1", "--namespace", home.name, "--wait")
            self.assertFalse(knows_ingress(), "a rollback brings the older one back")
            eventually("it is served", lambda: self.raw(shop) == before, 20)

            self.install(str(CHART), home)
            self.install(str(CHART), home, "--set", "crd.install=false")
            self.assertTrue(knows_ingress(), "crd.install=false leaves it where it is")
            refused = helm("rollback", "payment-operator", "1", "--namespace", home.name, ok=False)
            self.assertIn("no CustomResourceDefinition", refused.stderr, "Helm does not roll back over a release without the definition")
            self.install(str(CHART), home, "--set", "crd.install=true")
            self.assertEqual(self.raw(shop)["metadata"], before["metadata"])

    def test_and_platforms_outlive_the_release_and_are_found_again(self):
        home, shop = self.space("uninstall-home"), self.space("uninstall-shop")
        self.install(str(CHART), home)
        shop.kubectl("apply", "-f", QUICKSTART)
        before = self.raw(shop)
        helm("uninstall", "payment-operator", "--namespace", home.name, "--wait")
        self.assertEqual(CLUSTER.kubectl("get", "clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/name=payment-operator",
                                         "-o", "name"), "")
        self.assertNotIn("deletionTimestamp", json.loads(CLUSTER.kubectl("get", DEFINITION, "-o", "json"))["metadata"])
        self.assertEqual(self.raw(shop), before)
        self.install(str(CHART), home)
        self.assertEqual(self.raw(shop), before)

    def test_of_somebody_else_is_not_taken_over_unasked(self):
        home = self.space("foreign-home")
        CLUSTER.kubectl("apply", "--server-side", "-f", str(ROOT / "crds/paymentplatforms.yaml"))
        refused = helm("install", "payment-operator", str(CHART), "--namespace", home.name, ok=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("invalid ownership metadata", refused.stderr)
        self.install(str(CHART), home, "--set", "crd.install=false")


class Namespaced(Chart):
    def installer(self, *spaces):
        """A kubeconfig of somebody who is an administrator of the first of these namespaces, may give rights in all, and nothing else."""
        first = spaces[0]
        first.kubectl("create", "serviceaccount", "installer")
        for space in spaces:
            space.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "gives-rights"}, "rules": [
                {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["*"]}]})
            space.kubectl("create", "rolebinding", "gives-rights", "--role=gives-rights", f"--serviceaccount={first.name}:installer")
        first.kubectl("create", "rolebinding", "admin", "--clusterrole=admin", f"--serviceaccount={first.name}:installer")
        return CLUSTER.kubeconfig_of(first.name, "installer")

    def roles(self):
        return sorted(CLUSTER.kubectl("get", "roles,rolebindings", "-A", "-l", "app.kubernetes.io/name=payment-operator", "--no-headers",
                                      "-o", "custom-columns=KIND:.kind,PLACE:.metadata.namespace").split("\n")[:-1])

    def test_installs_without_a_right_in_the_cluster_beside_and_inside_of_its_namespaces(self):
        CLUSTER.kubectl("apply", "--server-side", "-f", str(ROOT / "crds/paymentplatforms.yaml"))
        for title, listed in (("beside", ["shop", "travel"]), ("inside", ["home", "shop"])):
            with self.subTest(title):
                spaces = {name: self.space(f"{title}-{name}") for name in {"home", *listed}}
                home = spaces["home"]
                names = [spaces[name].name for name in listed]
                with self.installer(home, *(space for name, space in spaces.items() if name != "home")) as kubeconfig:
                    who = f"system:serviceaccount:{home.name}:installer"
                    self.assertIn("no", CLUSTER.run("auth", "can-i", "create", "clusterroles", "--as", who).stdout)
                    self.install(str(CHART), home, "--set-json", f"watchNamespaces={json.dumps(names)}", "--set", "crd.install=false",
                                 kubeconfig=kubeconfig.name)
                self.assertEqual([line.split() for line in self.roles()],
                                 [[kind, name] for kind in ("Role", "RoleBinding") for name in sorted(names)])
                self.assertEqual(CLUSTER.kubectl("get", "clusterroles", "-l", "app.kubernetes.io/name=payment-operator", "-o", "name"), "")
                helm("uninstall", "payment-operator", "--namespace", home.name, "--wait")
                self.assertEqual(self.roles(), [])

    def test_refuses_a_namespace_that_is_not_there(self):
        home = self.space("missing-home")
        done = helm("install", "payment-operator", str(CHART), "--namespace", home.name, "--set", "watchNamespaces={not-there}", ok=False)
        self.assertIn('namespaces "not-there" not found', done.stderr)
        helm("uninstall", "payment-operator", "--namespace", home.name)


class PodSecurity(Chart):
    def pods(self):
        """Every pod that we make or have made: of the chart, and of the operator as the expected objects say."""
        sources = [render("replicas=2")] + [list(yaml.safe_load_all((ROOT / f"controllers/testdata/{example}.yaml").read_text()))
                                            for example in ("quickstart", "production")]
        for item in of_kind([item for source in sources for item in source if item], *WORKLOADS):
            spec = item["spec"]
            if item["kind"] != "Pod":
                spec = spec["jobTemplate"]["spec"] if item["kind"] == "CronJob" else spec
                if "template" not in spec:
                    continue     # a number of replicas, of a Deployment that comes as a whole too
                spec = spec["template"]["spec"]
            yield f"{item['kind']}/{item['metadata']['name']}", spec

    def test_restricted_admits_every_pod(self):
        space = self.space("restricted")
        CLUSTER.kubectl("label", "namespace", space.name, "pod-security.kubernetes.io/enforce=restricted")

        def create(spec):
            spec = {key: value for key, value in spec.items() if key != "serviceAccountName"}     # accounts are not looked at
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}
            return CLUSTER.run("-n", space.name, "create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
        eventually("namespace has its account", lambda: space.get("serviceaccount", "default"), 20)
        seen = []
        for name, spec in self.pods():
            done = create(spec)
            self.assertEqual(done.returncode, 0, f"{name}: {done.stderr}")
            seen.append(name)
        for expected in ("Deployment/payment-operator", "Pod/payment-operator-test", "StatefulSet/mysql", "Deployment/redis",
                         "Deployment/payment-service", "Deployment/callback-service", "Deployment/reconciliation-service",
                         "Deployment/channel-simulator", "CronJob/reconciliation-cronjob"):
            self.assertIn(expected, seen)
        loose = create({"containers": [{"name": "c", "image": "i"}]})
        self.assertIn("violates PodSecurity", loose.stderr, "the namespace refuses nothing")


class Document(Chart):
    def test_every_command_of_the_install_page_works(self):
        text = (ROOT / "docs/install.md").read_text()
        blocks = re.findall(r"<!-- run -->\n```sh\n(.*?)```", text, re.S)
        self.assertEqual(len(blocks), text.count("```sh"), "a block of commands is not run")
        self.assertGreater(len(blocks), 8)
        environment = {**CLUSTER.environment, "REGISTRY": "registry.example.com/payments", "TAG": "0.1.0"}
        try:
            for block in blocks:
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=ROOT, capture_output=True, text=True, timeout=300,
                                      env=environment)
                self.assertEqual(done.returncode, 0, f"{block}{done.stdout}{done.stderr}")
        finally:
            for namespace in ("payment-operator", "payment-operator-b"):
                helm("uninstall", "payment-operator", "--namespace", namespace, "--ignore-not-found")
            CLUSTER.run("delete", "namespace", "shop", "travel", "payment-operator", "payment-operator-b", "--ignore-not-found")


if __name__ == "__main__":
    main()

"""The real operator against a real API server with real controllers (control tier: pods become Ready, Jobs complete, claims bind)."""

import base64
import copy
import json
import pathlib
import time

from harness import CHILD_KINDS, ROOT, Cluster, InSpace, Operator, eventually, main

CLUSTER = None
QUICKSTART = ROOT / "examples/quickstart.yaml"


def setUpModule():
    global CLUSTER
    CLUSTER = InSpace.cluster = Cluster("control")


def tearDownModule():
    for operator in Operator.started:
        operator.kill()
    CLUSTER.down()


class OperatorTest(InSpace):
    def installed(self):
        """A quickstart platform that is Ready, and the operator that made it."""
        operator = self.operator()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        self.wait_ready()
        operator.at_rest()
        return operator

    def wait_ready(self, seconds=90):
        def ready():
            condition = self.space.condition("quickstart", "Ready")
            return condition if condition.get("status") == "True" else None
        try:
            eventually("quickstart is Ready", ready, seconds)
        except AssertionError as problem:
            raise AssertionError(f"{problem}; Ready is {self.space.condition('quickstart', 'Ready')}; log: {self.last_lines()}") from None

    def last_lines(self):
        return "\n".join(json.dumps(line) for operator in self.operators for line in list(operator.lines())[-10:])

    def object(self, kind, name):
        found = self.space.get(kind, name)
        self.assertIsNotNone(found, f"{kind} {name}")
        return found


class Install(OperatorTest):
    def test_creates_every_child_and_becomes_ready(self):
        self.installed()
        names = {f"{kind}/{name.split('-')[0] if kind == 'Job' else name}" for kind, name in self.space.children()}
        for expected in ("StatefulSet/mysql", "Service/mysql", "ConfigMap/mysql", "PersistentVolumeClaim/data-mysql-0", "Deployment/redis",
                         "Service/redis", "ConfigMap/redis", "Job/schema", "CronJob/reconciliation-cronjob", "Secret/payment-generated",
                         "Deployment/payment-service", "Service/payment-service", "Service/payment-gateway", "ConfigMap/payment-service",
                         "HorizontalPodAutoscaler/payment-service", "PodDisruptionBudget/payment-service", "Deployment/callback-service",
                         "HorizontalPodAutoscaler/callback-service", "Deployment/reconciliation-service",
                         "Deployment/channel-simulator"):
            self.assertIn(expected, names)
        platform = self.object("pp", "quickstart")
        self.assertEqual(platform["status"]["observedGeneration"], platform["metadata"]["generation"])

    def test_restart_on_a_settled_platform_writes_nothing(self):
        first = self.installed()
        self.assertEqual(first.stop()[0], 0)
        second = self.operator()
        second.at_rest(seconds=5)
        self.assertEqual(second.writes(), {})

    def test_a_steady_platform_costs_no_request_for_a_minute(self):
        operator = self.installed()

        def versions():
            selected = json.loads(self.space.kubectl("get", CHILD_KINDS + ",pods", "-o", "json"))["items"]
            return {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in selected}

        # A minute in which others changed something (the simulated node's heartbeat fails on a busy machine) proves nothing.
        for _ in range(4):
            before, requests = versions(), operator.others()
            time.sleep(60)
            after = operator.others()
            if versions() == before:
                self.assertEqual(after, requests)
                return
        self.fail("the cluster did not keep still for a minute")

    def test_sigterm_in_the_middle_of_an_install_ends_within_five_seconds(self):
        operator = self.operator()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        eventually("the install has begun", lambda: any(line["event"] == "apply" for line in operator.lines()), 20, 0.005)
        code, seconds = operator.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5.5)
        self.operator()
        self.wait_ready()


class Passwords(OperatorTest):
    def test_of_the_user_that_change_wait_for_an_approval_which_runs_the_schema_job_and_restarts_nothing(self):
        values = ["the-first-of-them", "the-second-of-them"]
        self.space.kubectl("create", "secret", "generic", "payment-service-secret", f"--from-literal=mysql-application-password={values[0]}")
        operator = self.installed()

        def rolled_out():
            return {name: (child["metadata"]["uid"], child["metadata"]["generation"]) for (kind, name), child in self.space.children().items()
                    if kind in ("Deployment", "StatefulSet", "CronJob")}

        def schema_jobs():
            return [name for kind, name in self.space.children() if kind == "Job"]

        def pending():
            return self.object("pp", "quickstart")["status"].get("pendingChanges", [])

        before, jobs = rolled_out(), schema_jobs()
        self.space.patch("secret", "payment-service-secret", {"stringData": {"mysql-application-password": values[1]}})
        self.space.kubectl("annotate", "pp", "quickstart", "look=now")     # not in five minutes
        waiting = eventually("the change waits", pending, 30)
        self.assertEqual([(one["reason"], one["component"]) for one in waiting], [("PasswordRotation", f"Job {jobs[0]}")])
        self.assertIn("payment-service-secret has another value of mysql-application-password", waiting[0]["change"])
        operator.at_rest()
        self.assertEqual(schema_jobs(), jobs)

        command = waiting[0]["waitsFor"].split("kubectl ")[1].split(" ")
        self.space.kubectl(*command)
        eventually("it is carried out", lambda: not pending() and schema_jobs() != jobs, 60)
        self.wait_ready()
        operator.at_rest()
        self.assertEqual(len(schema_jobs()), 1)
        self.assertEqual(rolled_out(), before)
        told = self.space.kubectl("get", "pp,jobs,events", "-o", "json") + pathlib.Path(operator.log.name).read_text(encoding="utf-8")
        for value in values:
            for text in (value, base64.b64encode(value.encode()).decode()):
                self.assertNotIn(text, told)


class Drift(OperatorTest):
    def test_deleted_children_come_back(self):
        self.installed()
        for kind, name in (("deployment", "redis"), ("statefulset", "mysql"), ("service", "payment-service"), ("configmap", "mysql"),
                           ("hpa", "payment-service"), ("pdb", "callback-service"), ("cronjob", "reconciliation-cronjob"),
                           ("serviceaccount", "payment-service")):
            uid = self.object(kind, name)["metadata"]["uid"]
            self.space.kubectl("delete", kind, name, "--wait=false")

            def is_back():
                found = self.space.get(kind, name)
                return found is not None and found["metadata"]["uid"] != uid
            eventually(f"{kind} {name} is back", is_back, 20)
        self.wait_ready()

    def test_edited_children_are_put_right(self):
        self.installed()
        self.space.kubectl("patch", "deployment", "redis", "--type=json", "-p", json.dumps([
            {"op": "replace", "path": "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem", "value": False}]))
        self.space.patch("configmap", "redis", {"data": {"redis.conf": "maxmemory 1"}})
        self.space.patch("pdb", "payment-service", {"spec": {"maxUnavailable": 2}})
        self.space.patch("service", "redis", {"spec": {"selector": {"app": "other"}}})
        eventually("the root file system is read-only again", lambda: self.object("deployment", "redis")["spec"]["template"]["spec"]
                   ["containers"][0]["securityContext"]["readOnlyRootFilesystem"], 20)
        eventually("the configuration is right", lambda: self.object("configmap", "redis")["data"]["redis.conf"] != "maxmemory 1", 20)
        eventually("the budget is right", lambda: self.object("pdb", "payment-service")["spec"]["maxUnavailable"] == 1, 20)
        eventually("the selector is right", lambda: self.object("service", "redis")["spec"]["selector"]["app"] == "redis", 20)

    def test_foreign_labels_annotations_and_the_autoscalers_number_survive(self):
        operator = self.installed()
        self.space.kubectl("label", "deployment", "payment-service", "team=shop")
        self.space.kubectl("annotate", "deployment", "payment-service", "backup.example.com/keep=yes")
        self.space.kubectl("scale", "deployment", "payment-service", "--replicas=4")      # as the autoscaler would, through /scale
        self.space.patch("pp", "quickstart", {"spec": {"services": {"payment": {"logLevel": "debug"}}}})
        eventually("the change of the spec is rolled out",
                   lambda: "debug" in json.dumps(self.object("configmap", "payment-service")["data"]), 20)
        operator.at_rest()
        deployment = self.object("deployment", "payment-service")
        self.assertEqual(deployment["metadata"]["labels"]["team"], "shop")
        self.assertEqual(deployment["metadata"]["annotations"]["backup.example.com/keep"], "yes")
        self.assertEqual(deployment["spec"]["replicas"], 4)

    def test_an_object_of_the_user_under_our_name_stalls_the_platform_and_is_not_touched(self):
        self.space.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "redis"}, "data": {"mine": "yes"}})
        before = self.object("configmap", "redis")
        operator = self.operator()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        stalled = eventually("the platform is stalled", lambda: self.space.condition("quickstart", "Stalled").get("status") == "True"
                             and self.space.condition("quickstart", "Stalled"), 20)
        self.assertEqual(stalled["reason"], "NameConflict")
        self.assertIn("redis", stalled["message"])
        self.assertEqual(self.space.children(), {}, "nothing is touched while a name is taken")
        operator.at_rest()
        self.assertEqual(self.object("configmap", "redis"), before)
        self.space.kubectl("delete", "configmap", "redis")
        self.wait_ready()      # without a restart


class Healing(OperatorTest):
    def test_a_wrong_storage_class_is_told_and_heals_when_the_spec_is_put_right(self):
        self.operator()
        manifest = json.loads(CLUSTER.kubectl("create", "--dry-run=server", "-n", self.space.name, "-o", "json", "-f", str(QUICKSTART)))
        wrong = {"apiVersion": manifest["apiVersion"], "kind": manifest["kind"], "metadata": {"name": "quickstart"},
                 "spec": copy.deepcopy(manifest["spec"])}
        wrong["spec"]["database"]["managed"]["storage"]["storageClassName"] = "no-such-class"
        self.space.apply(wrong)
        ready = eventually("Ready says why not", lambda: "no-such-class" in self.space.condition("quickstart", "Ready").get("message", "")
                           and self.space.condition("quickstart", "Ready"), 60)
        self.assertEqual(ready["status"], "False")
        uid = self.object("pvc", "data-mysql-0")["metadata"]["uid"]
        self.space.patch("pp", "quickstart", {"spec": {"database": {"managed": {"storage": {"storageClassName": "standard"}}}}})
        self.wait_ready()
        self.assertNotEqual(self.object("pvc", "data-mysql-0")["metadata"]["uid"], uid)

    def test_a_refused_child_is_told_with_the_api_servers_words_and_heals(self):
        self.space.kubectl("create", "quota", "none", "--hard=count/deployments.apps=0")
        self.operator()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        eventually("the status tells of the quota", lambda: "quota" in json.dumps(self.object("pp", "quickstart").get("status", {})), 60)
        self.space.kubectl("delete", "quota", "none")
        self.wait_ready()


    def test_a_patch_of_pods_that_only_the_api_server_can_refuse_is_told_in_its_words_and_heals(self):
        self.installed()
        callback = {"name": "callback-service"}
        for patch, words in (({"containers": [{**callback, "imag": "x"}]}, "imag: field not declared in schema"),
                             ({"containers": [{**callback, "resources": {"limits": {"memory": "lots"}}}]}, "quantities must match"),
                             ({"terminationGracePeriodSeconds": "ten"}, "terminationGracePeriodSeconds"),
                             ({"tolerations": [{"key": "a", "operator": "Nope"}]}, "tolerations")):
            with self.subTest(words=words):
                self.space.patch("pp", "quickstart", {"spec": {"services": {"callback": {"podTemplate": {"spec": patch}}}}})

                def told(words=words):
                    ready = self.space.condition("quickstart", "Ready")
                    return ready if words in ready.get("message", "") else None
                said = eventually("the status tells", told, 60)
                self.assertEqual((said["status"], said["reason"]), ("False", "ObjectRefused"), said)
                self.assertEqual(self.space.condition("quickstart", "Stalled")["status"], "True")
                self.space.patch("pp", "quickstart", {"spec": {"services": {"callback": {"podTemplate": None}}}})
                self.wait_ready()
                self.assertEqual(self.space.condition("quickstart", "Stalled")["status"], "False")


class Deletion(OperatorTest):
    def test_under_retain_leaves_volume_and_secret_which_a_platform_of_the_same_name_finds_with_their_image(self):
        first = self.installed()
        image = self.database_image()
        kept = {name: self.object(*name)["metadata"]["uid"] for name in (("pvc", "data-mysql-0"), ("secret", "payment-generated"))}
        self.space.kubectl("delete", "pp", "quickstart")
        eventually("the children are collected", lambda: not self.space.get("deployment", "payment-service"), 60)
        eventually("the database is collected", lambda: not self.space.get("statefulset", "mysql"), 60)
        first.stop()
        newer = Operator(CLUSTER, self.space.name, arguments=["--mysql-image=localhost/mariadb:99"])
        self.operators.append(newer)
        newer.ready()
        self.space.kubectl("apply", "-f", str(QUICKSTART))
        self.wait_ready()
        newer.at_rest()
        self.assertEqual({name: self.object(*name)["metadata"]["uid"] for name in kept}, kept, "adopted, not made anew")
        self.assertEqual(self.database_image(), image, "a newer default does not get at older data by itself")

    def test_under_delete_takes_volume_and_secret_when_the_last_pod_is_gone(self):
        operator = self.installed()
        self.space.patch("pp", "quickstart", {"spec": {"deletionPolicy": "Delete"}})
        eventually("the finalizer is there", lambda: self.object("pp", "quickstart")["metadata"].get("finalizers"), 20)
        self.space.patch("pod", "mysql-0", {"metadata": {"finalizers": ["example.com/still-writing"]}})
        self.space.kubectl("delete", "pp", "quickstart", "--wait=false")
        eventually("the database is told to go", lambda: "deletionTimestamp" in self.object("pod", "mysql-0")["metadata"], 60)
        operator.at_rest()
        for kind, name in (("pvc", "data-mysql-0"), ("secret", "payment-generated")):
            self.assertNotIn("deletionTimestamp", self.object(kind, name)["metadata"], name)
        self.space.patch("pod", "mysql-0", {"metadata": {"finalizers": None}})
        eventually("the platform is gone", lambda: not self.space.get("pp", "quickstart"), 60)
        eventually("nothing is left", lambda: not self.space.children(), 60)

    def database_image(self):
        return self.object("statefulset", "mysql")["spec"]["template"]["spec"]["containers"][0]["image"]


if __name__ == "__main__":
    main()

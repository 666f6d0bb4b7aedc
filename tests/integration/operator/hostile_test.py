"""What users, tools and other controllers do to a platform behind the operator's back, on a real API server: it says what it will not
touch, puts right what is its own, and grows neither slow nor loud. On the api tier: nobody but the two sides moves anything."""

import base64
import json
import unittest

import yaml

from harness import ROOT, Cluster, Operator, Space, eventually, main

CLUSTER = None
OPERATOR = None
QUICKSTART = ROOT / "examples/quickstart.yaml"
OTHER_OWNER = {"apiVersion": "apps.example.com/v1", "kind": "App", "name": "other", "uid": "11111111-2222-3333-4444-555555555555",
               "controller": True}
ANNOTATED = ("pp/quickstart", "deployment/redis", "deployment/payment-service", "deployment/callback-service")
NOTE_BYTES = 250 << 10     # the API server takes 256 KiB of annotations an object: these four have a megabyte together
MERCHANT_KEYS = ("wechat-app-id", "wechat-mch-id", "wechat-private-key", "wechat-merchant-serial-no", "wechat-api-v3-key",
                 "wechat-public-key", "wechat-public-key-id")


def setUpModule():
    global CLUSTER, OPERATOR
    CLUSTER = Cluster("api", name="it-hostile")
    unittest.addModuleCleanup(CLUSTER.down)
    unittest.addModuleCleanup(lambda: [operator.kill() for operator in Operator.started])
    OPERATOR = Operator(CLUSTER, None)
    OPERATOR.ready()


class Hostile(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.space = Space(CLUSTER, self.id().rsplit(".", 1)[1].replace("_", "-")[:50].strip("-"))
        self.manifest = yaml.safe_load(QUICKSTART.read_text(encoding="utf-8"))

    def tearDown(self):
        CLUSTER.run("-n", self.space.name, "delete", "pp", "quickstart", "--wait=false")

    def install(self):
        self.space.apply(self.manifest)
        eventually("the platform is installed", lambda: self.space.get("sts", "mysql"), 60)
        OPERATOR.at_rest()

    def set(self, kind_and_name, patch, *arguments):
        """By standard input: an argument may have 128 KiB."""
        self.space.kubectl("patch", kind_and_name, "--type=merge", "--patch-file=/dev/stdin", *arguments, stdin=json.dumps(patch))

    def versions(self):
        return {key: child["metadata"]["resourceVersion"] for key, child in self.space.children().items()}

    def stalled_for(self, reason):
        def said():
            stalled = self.space.condition("quickstart", "Stalled")
            return stalled if stalled.get("reason") == reason else None
        return eventually(f"Stalled is {reason}", said, 90)

    def test_a_megabyte_of_annotations_stays_where_it_is_and_holds_up_no_change(self):
        self.install()
        with self.assertRaisesRegex(AssertionError, "metadata.annotations"):
            self.set("pp/quickstart", {"metadata": {"annotations": {"example.com/note": "x" * (1 << 20)}}})
        for name in ANNOTATED:
            self.set(name, {"metadata": {"annotations": {"example.com/note": "x" * NOTE_BYTES}}})
        OPERATOR.at_rest()
        self.space.patch("pp", "quickstart", {"spec": {"redis": {"managed": {"maxMemory": "512mb"}},
                                                       "services": {"payment": {"logLevel": "debug"}}}})
        eventually("the change is written", lambda: "maxmemory 512mb" in json.dumps(self.space.get("configmap", "redis")["data"])
                   and "logLevel: debug" in json.dumps(self.space.get("configmap", "payment-service")["data"]), 20)
        OPERATOR.at_rest()
        carry = {(kind, name) for (kind, name), child in self.space.children().items() if "example.com/note" in json.dumps(child)}
        self.assertEqual(carry, {("Deployment", name.split("/")[1]) for name in ANNOTATED[1:]})
        for name in ANNOTATED:
            note = self.space.get(*name.split("/"))["metadata"]["annotations"]["example.com/note"]
            self.assertEqual(len(note), NOTE_BYTES, name)

    def test_twenty_unknown_fields_are_refused_by_their_names_or_never_stored(self):
        unknown = {f"unknown{number}": number for number in range(20)}
        self.manifest["spec"].update(unknown)
        refused = CLUSTER.run("-n", self.space.name, "create", "--validate=strict", "-f", "-", stdin=json.dumps(self.manifest))
        self.assertNotEqual(refused.returncode, 0)
        for name in unknown:
            self.assertIn(f'"spec.{name}"', refused.stderr)
        self.space.kubectl("create", "--validate=false", "-f", "-", stdin=json.dumps(self.manifest))
        eventually("the platform is installed", lambda: self.space.get("sts", "mysql"), 60)
        self.assertEqual(self.space.condition("quickstart", "Stalled")["status"], "False")
        self.assertFalse(unknown.keys() & self.space.get("pp", "quickstart")["spec"].keys())

    def test_a_child_that_another_controller_took_over_is_left_to_it_until_it_is_given_back(self):
        self.install()
        ours = self.space.get("deployment", "redis")["metadata"]["ownerReferences"]
        self.set("deployment/redis", {"metadata": {"ownerReferences": [OTHER_OWNER]}, "spec": {"replicas": 0}})
        self.assertIn("Deployment redis", self.stalled_for("NameConflict")["message"])
        taken = self.versions()
        self.space.patch("pp", "quickstart", {"spec": {"redis": {"managed": {"maxMemory": "512mb", "image": "localhost/redis:8"}}}})
        eventually("the new spec was looked at", lambda: self.space.condition("quickstart", "Stalled")["observedGeneration"]
                   == self.space.get("pp", "quickstart")["metadata"]["generation"], 20)
        OPERATOR.at_rest()
        self.assertEqual(self.versions(), taken)
        self.assertEqual(self.space.get("deployment", "redis")["spec"]["replicas"], 0)

        self.set("deployment/redis", {"metadata": {"ownerReferences": None}})
        self.stalled_for("NotStalled")
        OPERATOR.at_rest()
        redis = self.space.get("deployment", "redis")
        self.assertEqual(redis["metadata"]["ownerReferences"], ours)
        self.assertEqual(redis["spec"]["template"]["spec"]["containers"][0]["image"], "localhost/redis:8")

    def test_a_secret_of_another_type_is_named_with_what_it_lacks(self):
        self.manifest["spec"]["channels"]["simulator"]["enabled"] = False
        name = "payment-service-secret"
        self.space.kubectl("apply", "-f", "-", stdin=json.dumps(
            {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": name},
             "data": {"tls.crt": "eA==", "tls.key": "eA=="}}))
        self.space.apply(self.manifest)
        message = self.stalled_for("SecretIncomplete")["message"]
        for words in (name, *MERCHANT_KEYS):
            self.assertIn(words, message)
        self.assertEqual(self.space.get("secret", name)["data"].keys(), {"tls.crt", "tls.key"})

        self.space.kubectl("delete", "secret", name)
        self.space.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
                          "data": {key: base64.b64encode(b"theirs").decode() for key in MERCHANT_KEYS}})
        self.stalled_for("NotStalled")

    def test_a_status_that_somebody_wrote_is_put_right_and_moves_nothing_else(self):
        self.install()
        truth, before = self.claims(), self.versions()
        ready = {"type": "Ready", "status": "True", "reason": "Settled", "message": "trust me", "observedGeneration": 99,
                 "lastTransitionTime": "2020-01-01T00:00:00Z"}
        lie = {"observedGeneration": 99, "version": "9.9.9", "conditions": [ready], "endpoints": {"payment": "http://evil.example.com"}}
        for forged in (lie, {"conditions": [], "components": []}, None):
            with self.subTest(forged=forged):
                self.set("pp/quickstart", {"status": forged}, "--subresource=status")
                eventually("the status is honest again", lambda: self.claims() == truth, 30)
        OPERATOR.at_rest()
        self.assertEqual(self.versions(), before)

    def claims(self):
        """What of the status does not move while pods are waited for, which nobody starts here."""
        status = self.space.get("pp", "quickstart").get("status", {})
        conditions = status.pop("conditions", [])
        parts = status.pop("components", [])
        return {**status, "parts": [[part.get(key) for key in ("kind", "name", "ready", "desired")] for part in parts],
                "conditions": {condition["type"]: condition["observedGeneration"] for condition in conditions},
                "ready": [condition["status"] for condition in conditions if condition["type"] == "Ready"]}


if __name__ == "__main__":
    main()

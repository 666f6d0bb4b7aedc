"""Bad input is refused by the API server itself, with the path of the field; no operator runs. On the api tier."""

import json
import unittest

from harness import ROOT, Cluster, Space, main

CLUSTER = None
SPACE = None


def setUpModule():
    global CLUSTER, SPACE
    CLUSTER = Cluster("api", name="it-refusals")
    SPACE = Space(CLUSTER, "refusals")


def tearDownModule():
    CLUSTER.down()


def create(spec, name="p"):
    """What the API server answers; nothing is stored."""
    manifest = {"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform", "metadata": {"name": name}, "spec": spec}
    return CLUSTER.run("-n", SPACE.name, "create", "--dry-run=server", "--validate=strict", "-f", "-", stdin=json.dumps(manifest))


def inside(path, value):
    """{"a": {"b": value}} of "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def payment(**fields):
    return {"services": {"payment": fields}}


MYSQL = "database.managed"
CPU = "services.payment.resources.requests"

# (the path that the answer names, the spec, further words of the answer)
TABLE = [
    # Fields and modes that there are not.
    ("spec.channels.paypal", {"channels": {"paypal": {"enabled": True}}}),
    ("spec.surprise", {"surprise": 1}),
    ("spec.database.external", {"database": {"managed": {}, "external": {"host": "db"}}}),
    ("spec.database.engine", inside("database.engine", "oracle")),
    ("spec.deletionPolicy", {"deletionPolicy": "Perhaps"}),
    ("spec.security.apiAuthentication", inside("security.apiAuthentication", "None")),
    ("spec.channels.wechatPay.apiVersion", inside("channels.wechatPay.apiVersion", "v2")),
    ("spec.redis.managed.maxMemoryPolicy", inside("redis.managed.maxMemoryPolicy", "forget")),
    ("spec.paused", {"paused": "yes"}),
    # Replicas and scaling.
    ("spec.services.payment.replicas", payment(replicas=-1)),
    ("spec.services.payment.replicas", payment(replicas=1001)),
    ("spec.services.payment.replicas", payment(replicas=1.5)),
    ("spec.services.payment.autoscaling.minReplicas", payment(autoscaling={"minReplicas": 5, "maxReplicas": 2}),
     "must not exceed maxReplicas"),
    ("spec.services.payment.autoscaling.minReplicas", payment(autoscaling={"minReplicas": 0})),
    ("spec.services.callback.autoscaling.minReplicas", inside("services.callback.autoscaling.minReplicas", 11)),
    ("spec.services.payment.autoscaling.targetCPUUtilizationPercentage", payment(autoscaling={"targetCPUUtilizationPercentage": 0})),
    # Amounts.
    (f"spec.{CPU}[cpu]", inside(f"{CPU}.cpu", "much"), "above zero"),
    (f"spec.{CPU}[cpu]", inside(f"{CPU}.cpu", 0), "above zero"),
    (f"spec.{CPU}[cpu]", inside(f"{CPU}.cpu", "0m")),
    (f"spec.{CPU}[memory]", inside(f"{CPU}.memory", "-1Gi")),
    (f"spec.{CPU}[memory]", inside(f"{CPU}.memory", -1)),
    ("spec.services.reconciliation.resources.limits[memory]", inside("services.reconciliation.resources.limits.memory", "0")),
    (f"spec.{MYSQL}.storage.size", inside(f"{MYSQL}.storage.size", "0Gi"), "above zero"),
    (f"spec.{MYSQL}.storage.size", inside(f"{MYSQL}.storage.size", -5)),
    (f"spec.{MYSQL}.storage.size", inside(f"{MYSQL}.storage.size", "0.0Gi")),
    (f"spec.{MYSQL}.resources.requests[cpu]", inside(f"{MYSQL}.resources.requests.cpu", "0")),
    ("spec.redis.managed.storage.size", inside("redis.managed.storage.size", 0)),
    ("spec.redis.managed.maxMemory", inside("redis.managed.maxMemory", "0")),
    # The database server's settings.
    (f"spec.{MYSQL}.maxConnections", inside(f"{MYSQL}.maxConnections", 1)),
    (f"spec.{MYSQL}.flushLogAtTrxCommit", inside(f"{MYSQL}.flushLogAtTrxCommit", 3)),
    (f"spec.{MYSQL}.innodbBufferPoolSize", inside(f"{MYSQL}.innodbBufferPoolSize", "big")),
    (f"spec.{MYSQL}.config.max_allowed_packet", inside(f"{MYSQL}.config", {"max_allowed_packet": "1M\nport = 1"})),
    (f"spec.{MYSQL}.config", inside(f"{MYSQL}.config", {"innodb_flush_log_at_trx_commit": "0"}), "what the operator manages"),
    (f"spec.{MYSQL}.config", inside(f"{MYSQL}.config", {"innodb-flush-log-at-trx-commit": "0"})),
    (f"spec.{MYSQL}.config", inside(f"{MYSQL}.config", {"slow_query_log": "1", "datadir": "/tmp"})),
    (f"spec.{MYSQL}.config", inside(f"{MYSQL}.config", {f"setting_{number}": "1" for number in range(65)})),
    # Schedules.
    ("spec.reconciliation.schedule", inside("reconciliation.schedule", "61 * * * *"), "five numeric cron fields"),
    ("spec.reconciliation.schedule", inside("reconciliation.schedule", "TZ=UTC 0 * * * *")),
    ("spec.reconciliation.schedule", inside("reconciliation.schedule", "* * * * * *")),
    ("spec.reconciliation.schedule", inside("reconciliation.schedule", "@every 5m")),
    ("spec.reconciliation.timeZone", inside("reconciliation.timeZone", "Mars/Olympus")),
    ("spec.reconciliation.lookbackDays", inside("reconciliation.lookbackDays", 0)),
    ("spec.reconciliation.timeoutSeconds", inside("reconciliation.timeoutSeconds", 5)),
    # Addresses and names.
    ("spec.channels.wechatPay.baseUrl", inside("channels.wechatPay.baseUrl", "http://x:"), "a URL such as"),
    ("spec.channels.wechatPay.baseUrl", inside("channels.wechatPay.baseUrl", "http://x:70000")),
    ("spec.channels.wechatPay.baseUrl", inside("channels.wechatPay.baseUrl", "http://x: {a: b}")),
    ("spec.channels.wechatPay.baseUrl", inside("channels.wechatPay.baseUrl", "file:///etc/passwd")),
    ("spec.ingress.host", {"ingress": {"enabled": True}}, "host is required"),
    ("spec.ingress.host", inside("ingress.host", "Not A Host")),
    ("spec.ingress.host", inside("ingress.host", "a" * 64 + ".example.com")),
    ("spec.ingress.host", inside("ingress.host", ".".join(["a" * 57] * 4)[:229])),
    ("spec.ingress.rateLimit.requestsPerSecond", inside("ingress.rateLimit.requestsPerSecond", -1)),
    ("spec.secretRef.name", inside("secretRef.name", "Not A Name")),
    ("spec.namePrefix", {"namePrefix": "Shop-"}),
    ("spec.namePrefix", {"namePrefix": "a" * 31}, "30"),
    ("spec.image", {"image": "a b"}),
    ("spec.image", {"image": "a" * 513}),
    ("spec.imagePullSecrets", {"imagePullSecrets": [{"name": f"s{number}"} for number in range(9)]}),
    ("spec.services.payment.logLevel", payment(logLevel="loud")),
    ("spec.services.payment.env[0].name", payment(env=[{"value": "x"}])),
    ("spec.services.payment.env[0].name", payment(env=[{"name": "A B"}])),
    ("spec.services.payment.env[1]", payment(env=[{"name": "A"}, {"name": "A"}])),
]


class Refusals(unittest.TestCase):
    def test_name_the_field(self):
        for path, spec, *words in TABLE:
            with self.subTest(path=path, spec=json.dumps(spec)[:120]):
                done = create(spec)
                self.assertNotEqual(done.returncode, 0, "it was taken")
                for word in (path, *words):
                    self.assertIn(word, done.stderr)

    def test_of_a_name_that_is_no_label(self):
        done = create({}, name="p" * 64)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("metadata.name", done.stderr)
        self.assertEqual(create({}, name="p" * 63).returncode, 0)

    def test_do_not_meet_what_is_right(self):
        for spec in ({}, inside(f"{MYSQL}.storage.size", 1), inside(f"{CPU}", {"cpu": "0.5", "memory": "128Mi"}), inside(f"{CPU}.cpu", 2),
                     inside("channels.wechatPay.baseUrl", "http://127.0.0.1:9200/v3"), inside("channels.wechatPay.baseUrl", ""),
                     inside("ingress", {"enabled": True, "host": ".".join(["a" * 56] * 4)}),
                     inside(f"{MYSQL}.config", {"slow_query_log": "1", "innodb_log_file_size": "256M"}),
                     inside("reconciliation.schedule", "@hourly")):
            with self.subTest(spec=json.dumps(spec)):
                done = create(spec)
                self.assertEqual(done.returncode, 0, done.stderr)
        for example in ("quickstart", "production"):
            SPACE.kubectl("create", "--dry-run=server", "--validate=strict", "-f", str(ROOT / f"examples/{example}.yaml"))


if __name__ == "__main__":
    main()

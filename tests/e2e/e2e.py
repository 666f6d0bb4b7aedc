#!/usr/bin/env python3
"""A day in a platform's life, on a real node: install, pay, reconcile, break things, delete. Run by tests/e2e/run."""

import calendar
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/cluster"))
import audit  # noqa: E402
from cluster import (EMBEDDED, Failed, Operator, Watch, apply, check, condition, eventually, get, items, kubectl, main, make_namespace,
                     patch_spec, query, ready, test)
from load import Load
from payments import SERVICES, beijing_day, close_bill, create, create_and_pay, payment, reconcile, simulator

QUICKSTART = (ROOT / "examples/quickstart.yaml").read_text()
RUN = str(int(time.time()))


def children(namespace="payment"):
    """What the operator made, by kind and name, with uid."""
    kinds = "statefulset,deployment,service,configmap,persistentvolumeclaim,secret,cronjob,hpa,pdb,serviceaccount,job"
    return {(o["kind"], o["metadata"]["name"]): o["metadata"]["uid"]
            for o in items(kinds, namespace, "app.kubernetes.io/managed-by=payment-operator")
            if o["kind"] != "Job" or o["metadata"]["name"].startswith("schema-")}


@test
def quickstart_becomes_ready():
    make_namespace("payment")
    apply(QUICKSTART)
    first = eventually("a status on the first write", lambda: get("pp", "quickstart").get("status", {}).get("conditions"), 10)
    check({"Ready", "Reconciling", "Stalled"} <= {c["type"] for c in first}, f"the first status lacks a condition: {first}")
    ready(seconds=240)


@test
def status_names_the_simulator_and_development_authentication():
    text = json.dumps(get("pp", "quickstart")["status"])
    check("Development" in text, f"no warning of Development authentication in {text}")
    check("simulator" in text.lower(), f"no warning that no real money moves in {text}")


@test
def printer_columns_tell_the_state():
    table = kubectl("get", "pp", "-n", "payment")
    check(re.search(r"NAME\s+READY\s+REASON\s+SERVICES\s+DATABASE\s+VERSION\s+AGE", table), table)
    check(re.search(r"quickstart\s+True\s+\S+\s+\d/\d", table), table)


@test
def a_payment_is_created_paid_and_queried():
    data = create_and_pay(f"E2E_{RUN}_1")
    check(data["amount"] == "100.00" and data["codeUrl"].startswith("weixin://"), f"unexpected data {data}")


@test
def a_second_create_is_refused_with_409():
    status, answer, _ = create(f"E2E_{RUN}_1")
    check(status == 409 and answer["code"] == 40901, f"{status} {answer}")
    check("重复支付请求" in answer["message"], answer["message"])


@test
def an_unknown_payment_is_404():
    status, answer, _ = query(payment(), "NEVER_MADE")
    check(status == 404 and answer["code"] == 40401, f"{status} {answer}")


@test
def bad_requests_are_400_with_the_field_and_store_nothing():
    good = {"businessNo": f"BAD_{RUN}", "amount": 100, "paymentChannel": "wechat"}
    cases = [({**good, "amount": 0}, "amount"), ({**good, "amount": -1}, "amount"), ({**good, "amount": "1.001"}, "amount"),
             ({**good, "amount": "100000000.00"}, "amount"), ({**good, "paymentChannel": "cash"}, "paymentChannel"),
             ({**good, "businessNo": ""}, "businessNo"), ({**good, "businessNo": "x" * 65}, "businessNo"),
             ({**good, "notifyUrl": "http://example.com/"}, "notifyUrl"),
             (f'{{"businessNo":"BAD_{RUN}","amount":1e2,"paymentChannel":"wechat"}}', "amount"), ("{not json", "")]
    for body, field in cases:
        status, answer, _ = payment().post("/api/payment/create", body)
        check(status == 400, f"{body} answered {status} {answer}")
        check(field in json.dumps(answer), f"{body}: the answer does not name {field}: {answer}")
    check(query(payment(), f"BAD_{RUN}")[0] == 404, "a refused payment was stored")


@test
def reconciliation_job_reports_no_difference():
    report = reconcile(f"reconcile-{RUN}")
    check(report["differences"] == 0, f"differences in {report}")


@test
def a_row_dropped_from_a_bill_is_exactly_one_difference():
    day = beijing_day(calendar.timegm(time.strptime(create_and_pay(f"E2E_{RUN}_DROPPED")["paidAt"][:19], "%Y-%m-%dT%H:%M:%S")))
    status, answer, _ = simulator().post("/_control/bills", {"channel": "wechat", "day": day, "drop": 1, "extra": 0, "alter": 0, "seed": 1})
    check(status == 200, f"{status} {answer}")
    close_bill(day)
    report = reconcile(f"reconcile-drop-{RUN}")
    check(report["differences"] == 1, f"wanted exactly one difference: {report}")


def kubectl_payment(*arguments, code=0, stdin=None):
    """As users have it: kubectl finds the program on the PATH."""
    done = kubectl("payment", *arguments, "-n", "payment", stdin=stdin, ok=False)
    check(done.returncode == code, f"kubectl payment {' '.join(arguments)}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def verified():
    """The checklist's lines. An autoscaler has its first figures a minute after its first pod, and follows a change after a while."""
    done = kubectl("payment", "verify", "-n", "payment", "--payments", "-o", "json", ok=False)
    lines = json.loads(done.stdout)["lines"]
    failed = [line for line in lines if line["result"] == "failed"]
    check(done.returncode == (1 if failed else 0), f"exit {done.returncode} with {len(failed)} failed lines: {done.stderr}")
    check(not failed, f"{failed}")
    return lines


@test
def kubectl_payment_tells_how_a_ready_platform_is():
    check("PaymentPlatform payment/quickstart: Ready" in kubectl_payment("status"), "status does not say Ready")

    lines = eventually("the checklist has no failed line", verified, 120, 2)
    check(all(line["evidence"] for line in lines), "a line without evidence or reason")
    fine = {line["line"] for line in lines if line["result"] == "ok"}
    wanted = {"images can be pulled from the registry", "every Service has its endpoints", "the payment service is healthy",
              "the same request again is refused", "the reconciliation job succeeds"}
    check(wanted <= fine, f"not ok: {wanted - fine}")


@test
def kubectl_payment_reconciles_now_and_shows_the_log():
    close_bill(beijing_day(time.time() - 24 * 3600))
    log = [json.loads(line) for line in kubectl_payment("reconcile").splitlines() if line.startswith("{")]
    check([line for line in log if line.get("event") == "reconciled" and "differences" in line], f"no report in the log: {log}")


@test
def kubectl_payment_plans_pauses_and_resumes():
    kubectl_payment("plan", "-f", str(ROOT / "examples/quickstart.yaml"))
    kubectl_payment("pause")
    eventually("Paused", lambda: condition("quickstart", "Reconciling").get("reason") == "Paused", 30)
    kubectl("delete", "configmap", "redis", "-n", "payment")
    told = kubectl_payment("plan", code=1)
    check("create  ConfigMap redis" in told and "kubectl payment resume" in told, told)
    check(get("configmap", "redis") is None, "the operator went on")
    kubectl_payment("resume")
    eventually("the ConfigMap is back", lambda: get("configmap", "redis"), 30)
    ready()


@test
def helm_test_pays_once():
    kubectl("get", "namespace", "payment")
    done = subprocess.run(["helm", "test", "payment-operator", "-n", os.environ["OPERATOR_NAMESPACE"], "--timeout", "2m"],
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stdout + done.stderr)


@test
def redis_down_payments_go_on_and_duplicates_are_refused():
    patch_spec({"paused": True})
    eventually("Paused", lambda: condition("quickstart", "Reconciling").get("reason") == "Paused", 30)
    kubectl("scale", "deployment/redis", "--replicas=0", "-n", "payment")
    eventually("no redis pod", lambda: not items("pods", selector="app=redis"), 60)
    status, answer, _ = create(f"E2E_{RUN}_REDIS")
    check(status == 200, f"{status} {answer}")
    status, answer, _ = create(f"E2E_{RUN}_REDIS")
    check(status == 409, f"{status} {answer}")
    status, answer, _ = create(f"E2E_{RUN}_1")
    check(status == 409, f"{status} {answer}")
    kubectl("scale", "deployment/redis", "--replicas=1", "-n", "payment")
    patch_spec({"paused": False})
    ready()


@test
def mysql_down_is_503_with_retry_after_and_heals_with_nothing_lost():
    restarts = {p["metadata"]["name"]: p["status"]["containerStatuses"][0]["restartCount"] for p in items("pods", selector="app=payment-service")}
    patch_spec({"paused": True})
    eventually("Paused", lambda: condition("quickstart", "Reconciling").get("reason") == "Paused", 30)
    kubectl("scale", "statefulset/mysql", "--replicas=0", "-n", "payment")
    eventually("no mysql pod", lambda: not items("pods", selector="app=mysql"), 60)

    def unavailable():
        status, answer, headers = create(f"E2E_{RUN}_DOWN")
        return status == 503 and "retry-after" in headers or (_ for _ in ()).throw(Failed(f"{status} {answer} {headers}"))
    eventually("503 with Retry-After", unavailable, 30)
    patch_spec({"paused": False})
    kubectl("scale", "statefulset/mysql", "--replicas=1", "-n", "payment")
    ready()
    eventually("creates work again", lambda: create(f"E2E_{RUN}_AFTER")[0] in (200, 409), 60)
    check(query(payment(), f"E2E_{RUN}_1")[1]["data"]["status"] == 1, "a paid payment was lost")
    for pod in items("pods", selector="app=payment-service"):
        name = pod["metadata"]["name"]
        check(pod["status"]["containerStatuses"][0]["restartCount"] == restarts.get(name, 0), f"{name} restarted")


def two_payment_pods():
    patch_spec({"services": {"payment": {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 2}}}})
    eventually("two payment pods", lambda: get("deployment", "payment-service")["status"].get("readyReplicas") == 2, 120)
    ready()


def check_nothing_lost(load):
    lost = load.lost()
    check(not lost, f"{len(lost)} answered 200 and not there: {lost[:3]}")


@test
def deleting_a_payment_pod_under_load_fails_no_request():
    if not EMBEDDED:
        return "skip"   # a port-forward pins one pod; the Service's address is not reachable from here
    two_payment_pods()
    with Load(payment(), f"LOAD_{RUN}") as load:
        victim = items("pods", selector="app=payment-service")[0]["metadata"]["name"]
        kubectl("delete", "pod", victim, "-n", "payment")          # returns when it is gone
        load.goes_on()
        eventually("two again", lambda: get("deployment", "payment-service")["status"].get("readyReplicas") == 2, 120)
    check(not load.failures, f"{len(load.failures)} of {load.requests()} requests failed, first: {load.failures[:3]}")


def next_release():
    """The same program under another tag, in the node's store of images; its image as the platform knows it."""
    done = subprocess.run([ROOT / "scripts/images", "load", "payment-runtime", "--cluster", os.environ["CLUSTER_NAME"]],
                          capture_output=True, text=True, env={**os.environ, "TAG": "next"})
    check(done.returncode == 0, done.stdout + done.stderr)
    return "localhost/payment-runtime:next"


def release_of(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


@test
def a_release_rolls_step_by_step_under_load_and_fails_no_request():
    if not EMBEDDED:
        return "skip"   # as above
    two_payment_pods()
    image, before = next_release(), release_of(get("deployment", "payment-service"))
    platform = get("pp", "quickstart")
    wanted = {"apiVersion": platform["apiVersion"], "kind": platform["kind"], "metadata": {"name": "quickstart"},
              "spec": {**platform["spec"], "version": "next"}}
    planned = json.loads(kubectl_payment("plan", "-f", "-", "-o", "json", stdin=json.dumps(wanted), code=1))
    watch = Watch("deployments", "payment")
    with Load(payment(), f"ROLL_{RUN}") as load:
        patch_spec({"version": "next"})
        ready(seconds=240)
        load.goes_on()
    order = list(dict.fromkeys(d["metadata"]["name"] for d in watch.versions() if release_of(d) == image))
    check(order == ["channel-simulator", "callback-service", "reconciliation-service", "payment-service"], f"rolled in this order: {order}")
    restarts = {change["name"] for change in planned["objects"] if "restarts" in change}
    check(restarts == set(order), f"the plan named {restarts}")
    check(get("pp", "quickstart")["status"]["version"] == "next", f"{get('pp', 'quickstart')['status']}")
    check(not load.failures, f"{len(load.failures)} of {load.requests()} requests failed, first: {load.failures[:3]}")
    check_nothing_lost(load)
    patch_spec({"version": before.rpartition(":")[2]})       # and back, as an ordinary edit
    ready(seconds=240)
    check(release_of(get("deployment", "payment-service")) == before, "the way back did not arrive")


def runtime_pods():
    """Of the services, by uid: the template that each is made from, and how often its containers were restarted. Autoscalers add and take pods."""
    return {pod["metadata"]["uid"]: (pod["metadata"]["labels"]["pod-template-hash"],
                                     sum(container["restartCount"] for container in pod["status"].get("containerStatuses", [])))
            for pod in items("pods", selector="app in (payment-service, callback-service)")}


def opens_the_database(password):
    done = kubectl("exec", "mysql-0", "-n", "payment", "--", "mariadb", "--protocol=tcp", "--host=127.0.0.1", "--user=payment_app",
                   f"--password={password}", "--execute=SELECT 1", ok=False)
    check(done.returncode == 0 or "Access denied" in done.stderr, done.stderr)
    return done.returncode == 0


def pending_changes():
    return get("pp", "quickstart")["status"].get("pendingChanges", [])


@test
def a_changed_database_password_waits_and_reaches_the_database_on_approval_under_load():
    if not EMBEDDED:
        return "skip"   # as above
    first, second = (f"{word}-password-{RUN}" for word in ("first", "second"))
    kubectl("create", "secret", "generic", "payment-service-secret", "-n", "payment", f"--from-literal=mysql-application-password={first}")
    patch_spec({"services": {"payment": {"logLevel": "debug"}}})      # an edit that restarts pods takes the user's password along
    ready()
    check(opens_the_database(first), "the user's password did not take the generated one's place")
    eventually("the former pods are gone", lambda: all("deletionTimestamp" not in pod["metadata"] for pod in
                                                       items("pods", selector="app in (payment-service, callback-service)")), 120)
    before = runtime_pods()

    with Load(payment(), f"PASS_{RUN}") as load:
        change = {"stringData": {"mysql-application-password": second}}
        kubectl("patch", "secret", "payment-service-secret", "-n", "payment", "-p", json.dumps(change))
        kubectl("annotate", "pp", "quickstart", "-n", "payment", "look=now")      # not in five minutes
        waiting = eventually("the change waits", pending_changes, 30)
        check([one["reason"] for one in waiting] == ["PasswordRotation"], f"{waiting}")
        check("PasswordRotation" in kubectl_payment("status", "-o", "json"), "kubectl payment status is silent about it")
        load.goes_on()
        check(opens_the_database(first) and not opens_the_database(second), "the database was told without an approval")
        kubectl(*waiting[0]["waitsFor"].split("kubectl ")[1].split(" "), "-n", "payment")
        eventually("it is carried out", lambda: not pending_changes() and opens_the_database(second), 90)
        ready()
        load.goes_on()
    check(not opens_the_database(first), "the former password still opens the database")
    after = runtime_pods()
    check({template for template, _ in after.values()} <= {template for template, _ in before.values()}, "pods were made anew")
    check(all(after[uid] == before[uid] for uid in before.keys() & after.keys()), f"containers were restarted: {before}, {after}")
    check(not load.failures, f"{len(load.failures)} of {load.requests()} requests failed, first: {load.failures[:3]}")
    check_nothing_lost(load)
    patch_spec({"services": {"payment": {"logLevel": "info"}}})      # new pods have the new password
    ready()


@test
def a_killed_database_loses_nothing_that_was_answered():
    if not EMBEDDED:
        return "skip"   # as above
    with Load(payment(), f"KILL_{RUN}") as load:
        kubectl("delete", "pod", "mysql-0", "-n", "payment", "--grace-period=0", "--force")
        load.goes_on(seconds=120)
    check_nothing_lost(load)
    status, answer, _ = create(load.accepted[0])
    check(status == 409, f"a second create of an accepted one answered {status} {answer}")
    ready()


@test
def a_drained_node_recovers_without_help():
    if not EMBEDDED:
        return "skip"   # it would take the node away from others
    node = items("nodes")[0]["metadata"]["name"]
    with Load(payment(), f"DRAIN_{RUN}") as load:
        # On one node there is nowhere to go: budgets hold back what they can, the database waits for the node.
        kubectl("drain", node, "--pod-selector=app.kubernetes.io/managed-by=payment-operator", "--delete-emptydir-data", "--timeout=20s", ok=False)
        eventually("the platform says so", lambda: condition("quickstart").get("status") == "False", 60)
        kubectl("uncordon", node)
        load.goes_on(seconds=180)
    ready()
    check_nothing_lost(load)


@test
def edited_and_deleted_children_come_back():
    before = get("service", "payment-service")["metadata"]["uid"]
    kubectl("delete", "service", "payment-service", "-n", "payment")
    SERVICES.pop("payment-service", None)
    eventually("Service comes back", lambda: (get("service", "payment-service") or {"metadata": {"uid": before}})["metadata"]["uid"] != before, 30)
    kubectl("patch", "configmap", "redis", "-n", "payment", "--type=merge", "-p", '{"data":{"redis.conf":"broken"}}')
    eventually("ConfigMap is put right", lambda: get("configmap", "redis")["data"]["redis.conf"] != "broken", 30)
    kubectl("label", "deployment", "redis", "-n", "payment", "team=payments")
    check(get("deployment", "redis")["metadata"]["labels"].get("team") == "payments", "a foreign label was taken away")
    ready()


@test
def a_missing_image_is_told_within_a_minute_and_heals():
    patch_spec({"image": "localhost/payment-runtime:missing"})
    entry = eventually("Ready=False names the image", lambda: (lambda c: c if c.get("status") == "False" and "missing" in c.get("message", "") else None)(
        condition("quickstart")), 60)
    check(entry["reason"] and entry["observedGeneration"], f"{entry}")
    kubectl("patch", "pp", "quickstart", "-n", "payment", "--type=json", "-p", '[{"op":"remove","path":"/spec/image"}]')
    ready(seconds=120)


@test
def a_bad_storage_class_is_told_and_replaced_when_put_right():
    make_namespace("payment-b")
    text = QUICKSTART.replace("name: quickstart", "name: second")
    apply(text, "payment-b")
    kubectl("patch", "pp", "second", "-n", "payment-b", "--type=merge", "-p",
            '{"spec":{"database":{"managed":{"storage":{"storageClassName":"no-such-class"}}}}}')

    def told():
        entry = condition("second", namespace="payment-b")
        return entry if entry.get("status") == "False" and "no-such-class" in entry.get("message", "") else None
    eventually("Ready=False names the class", told, 60)
    kubectl("patch", "pp", "second", "-n", "payment-b", "--type=json", "-p",
            '[{"op":"remove","path":"/spec/database/managed/storage/storageClassName"}]')
    ready("second", "payment-b", 240)
    kubectl("delete", "pp", "second", "-n", "payment-b")
    kubectl("delete", "namespace", "payment-b", "--wait=false")


@test
def bad_platforms_are_refused_by_the_api_server_with_the_path():
    base = {"apiVersion": "paymentplatform.io/v1alpha1", "kind": "PaymentPlatform", "metadata": {"name": "bad"}}
    cases = [({"channels": {"bitcoin": {"enabled": True}}}, "spec.channels.bitcoin"),
             ({"services": {"payment": {"replicas": -1}}}, "spec.services.payment.replicas"),
             ({"services": {"payment": {"autoscaling": {"minReplicas": 5, "maxReplicas": 2}}}}, "spec.services.payment.autoscaling"),
             ({"database": {"managed": {}, "external": {"host": "db"}}}, "spec.database"),
             ({"reconciliation": {"schedule": "61 * * * *"}}, "spec.reconciliation.schedule"),
             ({"reconciliation": {"schedule": "@every 5m"}}, "spec.reconciliation.schedule")]
    for spec, path in cases:
        done = apply({**base, "spec": spec}, ok=False)
        check(done.returncode != 0, f"{spec} was accepted")
        check(path in done.stderr, f"{spec}: the refusal does not name {path}: {done.stderr}")
    done = apply({**base, "metadata": {"name": "n" * 64}, "spec": {}}, ok=False)
    check(done.returncode != 0 and "name" in done.stderr, f"a 64-character name: {done.stderr}")
    check(get("pp", "bad") is None, "a refused platform exists")


@test
def the_operator_killed_three_times_ends_with_the_same_objects():
    before = children()
    operators = os.environ["OPERATOR_NAMESPACE"]
    for _ in range(3):
        kubectl("delete", "pod", "-n", operators, "-l", "app.kubernetes.io/name=payment-operator", "--grace-period=0", "--force")
    kubectl("rollout", "status", "deployment", "-n", operators, "-l", "app.kubernetes.io/name=payment-operator", "--timeout=60s")
    ready()
    check(children() == before, f"objects changed: {set(children().items()) ^ set(before.items())}")


@test
def the_operator_killed_during_a_first_install_ends_with_the_same_objects():
    """Twice in each of three installs, at moments that SEED repeats: once while objects are written, once later on the way to Ready."""
    seed = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"     SEED={seed}", flush=True)
    moments = random.Random(seed)
    if get("pp", "quickstart") is None:
        quickstart_becomes_ready()
    undisturbed = kinds_and_names(children())
    for turn in range(3):
        install_and_kill(f"payment-killed-{turn}", sorted([moments.uniform(0.1, 2), moments.uniform(2, 15)]), undisturbed)


def kinds_and_names(objects):
    """Without the hash in the schema Job's name, which covers the name of the namespace."""
    return {(kind, re.sub("^schema-[0-9a-f]{10}$", "schema", name)) for kind, name in objects}


def install_and_kill(namespace, moments, undisturbed):
    # A new pod: the kubelet restarts its container at once, and only after a second kill with a growing pause.
    operator = ["-n", os.environ["OPERATOR_NAMESPACE"], "-l", "app.kubernetes.io/name=payment-operator"]
    kubectl("delete", "pod", *operator, "--now")
    kubectl("rollout", "status", "deployment", *operator, "--timeout=60s")
    make_namespace(namespace)
    secrets, jobs = Watch("secrets", namespace), Watch("jobs", namespace)
    operator, started, at = Operator(), time.monotonic(), []
    with tempfile.NamedTemporaryFile("w") as manifest:
        manifest.write(QUICKSTART)
        manifest.flush()
        applying = subprocess.Popen(["kubectl", "apply", "-n", namespace, "-f", manifest.name], stdout=subprocess.DEVNULL)
        for moment in moments:
            operator = operator or Operator()
            time.sleep(max(0.0, started + moment - time.monotonic()))
            operator.kill()
            operator = None
            at.append(f"{time.monotonic() - started:.2f}")
        check(applying.wait(60) == 0, "kubectl apply failed")
    ready(namespace=namespace, seconds=240)
    print(f"     {namespace}: killed at {', '.join(at)} s, Ready at {time.monotonic() - started:.1f} s", flush=True)

    first = children(namespace)
    others = kinds_and_names(first) ^ undisturbed
    check(not others, f"not the objects of an undisturbed install: {others}")
    # A change makes the operator go through everything once more; what it made stays what it is.
    patch_spec({"services": {"callback": {"autoscaling": {"maxReplicas": 2}}}}, namespace=namespace)
    eventually("the autoscaler follows", lambda: get("hpa", "callback-service", namespace)["spec"]["maxReplicas"] == 2, 60)
    ready(namespace=namespace)
    check(children(namespace) == first, f"objects were made anew: {set(children(namespace).items()) ^ set(first.items())}")

    made = [o for o in secrets.versions() if o["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") == "payment-operator"]
    check({o["metadata"]["name"] for o in made} == {"payment-generated"}, f"Secrets: {[o['metadata']['name'] for o in made]}")
    check(len({(o["metadata"]["uid"], json.dumps(o["data"], sort_keys=True)) for o in made}) == 1, "the generated Secret changed")
    schema = {(o["metadata"]["name"], o["metadata"]["uid"]) for o in jobs.versions() if o["metadata"]["name"].startswith("schema-")}
    check(len(schema) == 1, f"schema Jobs ever made: {schema}")
    log = kubectl("logs", "-n", namespace, "-l", "app.kubernetes.io/component=schema", "--tail=-1")
    applied = [json.loads(line)["applied"] for line in log.splitlines() if '"migrated"' in line]
    check(len([n for n in applied if n]) == 1, f"schema runs by number of migrations applied: {applied}")
    kubectl("delete", "namespace", namespace, "--wait=false")


@test
def documented_commands_work():
    """Runs the right column of docs/from-the-source-documents.md, row by row."""
    if not EMBEDDED:
        return "skip"   # rows address Services by their cluster IP
    text = (ROOT / "docs/from-the-source-documents.md").read_text()
    rows = [re.split(r"(?<!\\)\|", line)[2] for line in text.splitlines() if line.startswith("| `")]
    check(len(rows) > 20, f"only {len(rows)} rows were read")
    for row in rows:
        command = row[row.index("`") + 1:row.rindex("`")].replace("\\|", "|")
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=320)
        check(done.returncode == 0, f"{command}: exit {done.returncode}: {done.stdout}{done.stderr}")
    ready()


@test
def readme_commands_work():
    """Runs the shell blocks of README.md that say so, each as one script."""
    blocks = re.findall(r"<!-- run by tests/e2e[^\n]*-->\n```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    check(len(blocks) == 2, f"{len(blocks)} blocks were read")
    repository, _, tag = os.environ["RUNTIME_IMAGE"].rpartition(":")
    registry = repository.rpartition("/")[0]
    for block in blocks:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=ROOT, capture_output=True, text=True, timeout=400,
                              env={**os.environ, "REGISTRY": registry, "TAG": tag})
        check(done.returncode == 0, f"{block}: exit {done.returncode}: {done.stdout}{done.stderr}")


@test
def the_page_of_kubectl_payment_works():
    """Runs the shell blocks of docs/reference/kubectl-payment.md, in order, in a folder that looks like the checkout."""
    page = (ROOT / "docs/reference/kubectl-payment.md").read_text()
    blocks = re.findall(r"<!-- run by tests/e2e -->\n```sh\n(.*?)```", page, re.S)
    check(len(blocks) == page.count("```sh") > 8, f"{len(blocks)} blocks were read")
    eventually("the checklist has no failed line", verified, 120, 2)
    kubeconfig = os.environ.get("KUBECONFIG") or str(pathlib.Path.home() / ".kube/config")
    with tempfile.TemporaryDirectory() as folder:
        for entry in ROOT.iterdir():
            (pathlib.Path(folder) / entry.name).symlink_to(entry)
        # In the checkout itself, to whose folder its build is bound, and with the caches of who runs this.
        make = pathlib.Path(folder) / ".local/bin/make"
        make.parent.mkdir(parents=True)
        make.write_text(f'#!/bin/sh\nHOME={pathlib.Path.home()} exec {shutil.which("make")} -C {ROOT} "$@"\n')
        make.chmod(0o755)
        for block in blocks:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder, capture_output=True, text=True, timeout=400,
                                  env={**os.environ, "HOME": folder, "KUBECONFIG": kubeconfig, "PATH": f"{folder}/.local/bin:{os.environ['PATH']}"})
            check(done.returncode == 0, f"{block}: exit {done.returncode}: {done.stdout}{done.stderr}")
    ready()


@test
def deleting_the_platform_keeps_volumes_and_its_return_finds_them():
    claim = get("pvc", "data-mysql-0")["metadata"]["uid"]
    secret = get("secret", "payment-generated")["metadata"]["uid"]
    kubectl("delete", "pp", "quickstart", "-n", "payment")
    eventually("pods gone", lambda: not items("pods", selector="app.kubernetes.io/managed-by=payment-operator"), 120)
    check(get("pvc", "data-mysql-0")["metadata"]["uid"] == claim, "the volume claim is gone")
    check(get("secret", "payment-generated")["metadata"]["uid"] == secret, "the generated Secret is gone")
    SERVICES.clear()
    apply(QUICKSTART)
    ready(seconds=240)
    eventually("the old payment is there", lambda: query(payment(), f"E2E_{RUN}_1")[1]["data"]["status"] == 1, 60)
    check(get("pvc", "data-mysql-0")["metadata"]["uid"] == claim, "the volume claim was replaced")


@test
def the_operator_asked_for_nothing_beyond_its_rights():
    """In all that went before. What it used of them is compared by tests/integration/operator/rights_used_test.py."""
    if not EMBEDDED:
        return "skip"   # needs the API server's audit log
    asked = audit.requests_of(os.environ["CLUSTER_AUDIT_LOG"], f"{os.environ['OPERATOR_NAMESPACE']}:payment-operator")
    check(len(asked) > 20, f"only {len(asked)} requests were recorded")
    check(all(request.allowed for request in asked), f"refused: {[request for request in asked if not request.allowed]}")


if __name__ == "__main__":
    sys.exit(main())

"""The simulator's API server (tests/sim/operator) against a real kube-apiserver: the same rows of requests by several managers, step by
step, and after each of them the same answer, the same object, the same managedFields, and a new version or none. On the api tier; nothing
else writes. One row again: APPLY_SEEDS=17 python3 tests/integration/operator/apply_test.py"""

import concurrent.futures
import contextlib
import http.client
import json
import os
import subprocess
import unittest

from harness import ROOT, Cluster, Space, main

SIMULATOR = os.environ.get("OPERATOR_SIM", str(ROOT / "build/release/bin/operator-sim"))
SEEDS = os.environ.get("APPLY_SEEDS", "1..300")
AT_A_TIME = 4
DIFFERENCES_SHOWN = 12
ROWS_SHOWN = 20
ITS_UID, ITS_VERSION = "ITS-UID", "ITS-VERSION"     # in what operator-sim prints: of the object at that moment
CUT_SHORT_PERCENT_MAX = 5     # rows that the real server's validation ends early: the simulator has only the rules that an operator can meet

CLUSTER = None
SPACE = None
PROXY = None


def setUpModule():
    global CLUSTER, SPACE, PROXY
    CLUSTER = Cluster("api", name="it-apply")
    unittest.addModuleCleanup(CLUSTER.down)
    SPACE = Space(CLUSTER, "apply")
    PROXY = Proxy()
    unittest.addModuleCleanup(PROXY.close)


class Proxy:
    """kubectl proxy: plain HTTP to the API server, as the administrator."""

    def __init__(self):
        self.process = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, env=CLUSTER.environment)
        self.address = self.process.stdout.readline().strip().rsplit(" ", 1)[1]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=60)


class Row:
    """One object and what is asked about it, on the real server."""

    def __init__(self, line):
        self.seed = line["seed"]
        self.operations = line["operations"]
        self.connection = None
        self.live = None
        self.compared = 0
        self.cut_short = False

    def ask(self, method, path, kind=None, body=None):
        self.connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def identified(self, body):
        text = json.dumps(body).replace('"namespace": "pay"', f'"namespace": "{SPACE.name}"')
        metadata = (self.live or {}).get("metadata", {})
        return text.replace(ITS_UID, metadata.get("uid", ITS_UID)).replace(ITS_VERSION, metadata.get("resourceVersion", ITS_VERSION))

    def play(self):
        """What is otherwise than simulated, in words; at the first difference it ends."""
        with contextlib.closing(PROXY.connect()) as self.connection:
            return self.compare()

    def compare(self):
        path = next(one["path"] for one in self.operations if one["method"] != "POST").split("?")[0].replace("/status", "")
        path = path.replace("/pay/", f"/{SPACE.name}/")
        ours = None
        for step, one in enumerate(self.operations):
            status, answer = self.ask(one["method"], one["path"].replace("/pay/", f"/{SPACE.name}/"), one["type"], self.identified(one["body"]))
            if status in (400, 422) and one["status"] < 300:
                self.cut_short = answer["message"]
                return []
            found, now = self.ask("GET", path)
            now = None if found == 404 else now
            moved = version(self.live) != version(now), version(ours) != version(one["after"])
            differences = list(different(essence(one["after"]), essence(now)))
            if status != one["status"]:
                differences.insert(0, f"answer: simulated {one['status']}, real {status} {answer.get('message', '')[:300]}")
            # The default status of a platform is stored with the first write after its creation, which is a new version then.
            if moved[0] != moved[1] and not (moved[0] and path.find("/paymentplatforms/") >= 0):
                differences.append(f"a new version: simulated {moved[1]}, real {moved[0]}")
            if differences:
                return [f"seed {self.seed}, step {step}: {one['method']} {one['path']}", *(f"    {line}" for line in differences[:DIFFERENCES_SHOWN]),
                        f"    sent: {json.dumps(one['body'])[:1500]}",
                        f"    again: APPLY_SEEDS={self.seed} python3 tests/integration/operator/apply_test.py"]
            self.live, ours = now, one["after"]
            self.compared += 1
        return []


def version(thing):
    return thing and (thing["metadata"]["uid"], thing["metadata"]["resourceVersion"])


def essence(thing):
    """What both servers must agree on: not times, addresses, nor the status of what a controller would tell of. The object's uid, wherever
    it is said, is the same word on both."""
    if thing is None:
        return None
    thing = json.loads(json.dumps(thing).replace(thing["metadata"]["uid"], ITS_UID))
    metadata = thing["metadata"]
    metadata["managedFields"] = {f"{entry['manager']} {entry['operation']} {entry.get('subresource', '')}": entry["fieldsV1"]
                                 for entry in metadata.get("managedFields", [])}
    for key in ("resourceVersion", "creationTimestamp", "namespace"):
        metadata.pop(key, None)
    if "deletionTimestamp" in metadata:
        metadata["deletionTimestamp"] = "some time"
    rest = {key: value for key, value in thing.items() if key != "metadata" and (key != "status" or thing["kind"] == "PaymentPlatform")}
    spec = rest.get("spec", {})
    for key in ("clusterIP", "clusterIPs"):
        spec.pop(key, None)
    return {"metadata": metadata, **rest, "spec": spec}


def different(ours, real, path=""):
    if isinstance(ours, dict) and isinstance(real, dict):
        for key in sorted(set(ours) | set(real)):
            yield from different(ours.get(key), real.get(key), f"{path}.{key}")
    elif isinstance(ours, list) and isinstance(real, list) and len(ours) == len(real):
        for index, (left, right) in enumerate(zip(ours, real)):
            yield from different(left, right, f"{path}[{index}]")
    elif ours != real:
        yield f"{path}: simulated {json.dumps(ours)}, real {json.dumps(real)}"


class Apply(unittest.TestCase):
    def test_every_request_ends_as_on_a_real_server(self):
        lines = subprocess.run([SIMULATOR, "--operations", SEEDS], check=True, capture_output=True, text=True, timeout=120).stdout.splitlines()
        rows = [Row(json.loads(line)) for line in lines]
        with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
            found = [row for row in pool.map(Row.play, rows) if row]
        compared = sum(row.compared for row in rows)
        cut_short = [f"seed {row.seed}: {row.cut_short}" for row in rows if row.cut_short]
        print(f"seeds {SEEDS}: {compared} requests compared, {len(cut_short)} of {len(rows)} rows cut short by validation")
        for one in cut_short:
            print(f"    {one[:300]}")
        if found:
            self.fail(f"{len(found)} rows differ\n" + "\n".join(line for row in found[:ROWS_SHOWN] for line in row))
        if len(rows) > 1:      # of one row that is played again nothing is known
            self.assertLessEqual(len(cut_short) * 100, len(rows) * CUT_SHORT_PERCENT_MAX)
            self.assertGreater(compared, 3 * len(rows))


if __name__ == "__main__":
    main()

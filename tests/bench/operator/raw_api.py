"""The API server without kubectl's start-up: plain HTTP through one `kubectl proxy`, for what is timed or sent by the thousand."""

import concurrent.futures
import http.client
import json
import re
import subprocess
import threading

SENDERS = 8     # as many requests at a time as the operator's own


class RawApi:
    """Use it as a context manager: the proxy ends with it."""

    def __init__(self, cluster):
        self._proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True, env=cluster.environment)
        self._port = int(re.search(r":(\d+)\s*$", self._proxy.stdout.readline()).group(1))
        self._connections = threading.local()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._proxy.terminate()
        self._proxy.wait()

    def _send(self, method, path, body, content_type):
        connection = getattr(self._connections, "open", None)
        if connection is None:
            connection = self._connections.open = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request(method, path, json.dumps(body), {"Content-Type": content_type})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {text[:300]!r}")

    def create(self, path, body):
        self._send("POST", path, body, "application/json")

    def patch(self, path, body):
        self._send("PATCH", path, body, "application/merge-patch+json")

    def create_all(self, path_and_body):
        """In no particular order."""
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
            for done in [senders.submit(self.create, path, body) for path, body in path_and_body]:
                done.result()


def platforms(name_space, name=""):
    return f"/apis/paymentplatform.io/v1alpha1/namespaces/{name_space}/paymentplatforms" + (f"/{name}" if name else "")

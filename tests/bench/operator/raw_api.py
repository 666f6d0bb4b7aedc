"""The API server without kubectl: plain HTTPS as the cluster's administrator, for what is timed or sent by the thousand."""

import base64
import concurrent.futures
import http.client
import json
import math
import ssl
import tempfile
import threading
import time
import urllib.parse

SENDERS = 8     # as many requests at a time as the operator's own
IDLE_S = 30     # the server closes a connection that was idle for longer


class RawApi:
    def __init__(self, cluster):
        config = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urllib.parse.urlsplit(server["server"])
        self._tls = ssl.create_default_context(cadata=_decoded(server["certificate-authority-data"]))
        with tempfile.NamedTemporaryFile("w") as pem:
            pem.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
            pem.flush()
            self._tls.load_cert_chain(pem.name)
        self._connections = threading.local()

    def _send(self, method, path, body=None, content_type="application/json"):
        mine = self._connections
        if time.monotonic() > getattr(mine, "used", -math.inf) + IDLE_S:
            mine.open = http.client.HTTPSConnection(self._address.hostname, self._address.port, timeout=60, context=self._tls)
        mine.open.request(method, path, json.dumps(body) if body else None, {"Content-Type": content_type})
        answer = mine.open.getresponse()
        text = answer.read()
        mine.used = time.monotonic()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def get(self, path):
        return self._send("GET", path)

    def create(self, path, body):
        self._send("POST", path, body)

    def patch(self, path, body):
        self._send("PATCH", path, body, "application/merge-patch+json")

    def create_all(self, path_and_body):
        """In no particular order."""
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
            for done in [senders.submit(self.create, path, body) for path, body in path_and_body]:
                done.result()


def _decoded(text):
    return base64.b64decode(text).decode()


def platforms(name_space, name=""):
    return f"/apis/paymentplatform.io/v1alpha1/namespaces/{name_space}/paymentplatforms" + (f"/{name}" if name else "")


def secrets(name_space, name=""):
    return f"/api/v1/namespaces/{name_space}/secrets" + (f"/{name}" if name else "")

"""What lies between an operator and the API server, so that tests can cut it, slow it down and see what goes through it."""

import json
import re
import socket
import subprocess
import tempfile
import threading
import time

PIECE = 65536


class Relay:
    """Passes plain HTTP on to a `kubectl proxy` that has the operator's rights. `kubeconfig` is for an operator that shall use it."""

    def __init__(self, cluster):
        self.delay_seconds = 0.0      # of every piece that the operator sends
        self._pieces = []             # (connection, bytes) from the operator
        self._watches = set()
        self._proxy = subprocess.Popen(["kubectl", "--kubeconfig", cluster.operator_kubeconfig, "proxy", "--port=0"],
                                       stdout=subprocess.PIPE, text=True, env=cluster.environment)
        self._target = int(re.search(r":(\d+)", self._proxy.stdout.readline()).group(1))
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        self._file = tempfile.NamedTemporaryFile("w", prefix="kubeconfig-", suffix=".json")
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "relay",
                   "contexts": [{"name": "relay", "context": {"cluster": "relay", "user": "relay"}}],
                   "clusters": [{"name": "relay", "cluster": {"server": self.address, "insecure-skip-tls-verify": True}}],
                   "users": [{"name": "relay", "user": {}}]}, self._file)
        self._file.flush()
        self.kubeconfig = self._file.name

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return      # stopped
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source, sink, asks):
        try:
            while piece := source.recv(PIECE):
                if asks:
                    self._pieces.append((source, piece))
                    (self._watches.add if b"watch=1" in piece else self._watches.discard)(source)
                    time.sleep(self.delay_seconds)
                sink.sendall(piece)
        except OSError:
            pass
        self._watches.discard(source)
        for end in (source, sink):
            end.close()

    def cut_watches(self):
        """Closes every connection on which a watch is open, and says how many those were."""
        watches = list(self._watches)
        for near in watches:
            near.shutdown(socket.SHUT_RDWR)
        return len(watches)

    def requests(self):
        """(method, path, body) of all that has come through, oldest first."""
        begun = {}
        for connection, piece in list(self._pieces):
            text = begun.pop(connection, b"") + piece
            while text:
                head, blank, rest = text.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                size = int(length.group(1)) if length else 0
                if not blank or len(rest) < size:
                    begun[connection] = text
                    break
                method, path, _ = head.split(b"\r\n")[0].decode().split(" ", 2)
                yield method, path, rest[:size].decode()
                text = rest[size:]

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._proxy.kill()
        self._proxy.wait()

"""A steady paying load: creates, each on a connection of its own and never retried, and what became of them."""

import threading

from cluster import Failed, eventually, query

WORKERS = 4


class Load:
    """with Load(payment, prefix) as load: ...; afterwards load.accepted are the business numbers that were answered 200."""

    def __init__(self, payment, prefix):
        self.payment, self.prefix = payment, prefix
        self.accepted, self.failures = [], []
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.workers = [threading.Thread(target=self.run, args=(n,)) for n in range(WORKERS)]

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        self.goes_on()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for worker in self.workers:
            worker.join()
        print(f"     {self.requests()} requests, {len(self.failures)} failed", flush=True)

    def run(self, worker):
        number = 0
        while not self.stop.is_set():
            number += 1
            name = f"{self.prefix}_{worker}_{number}"
            try:
                status, answer, _ = self.payment.post("/api/payment/create", {"businessNo": name, "amount": "0.01", "paymentChannel": "wechat"})
                problem = None if status == 200 else f"{status} {answer}"
            except OSError as error:
                problem = repr(error)
            with self.lock:
                if problem:
                    self.failures.append(problem)
                else:
                    self.accepted.append(name)

    def requests(self):
        return len(self.accepted) + len(self.failures)

    def goes_on(self, more=50, seconds=60):
        """`more` further creates are answered 200."""
        at = len(self.accepted)
        eventually("load goes on", lambda: len(self.accepted) > at + more, seconds)

    def lost(self):
        """Business numbers that were answered 200 and are not there. A service that is busy coming back is asked again."""
        return [name for name in self.accepted if eventually(f"an answer about {name}", lambda: self.known(name)) == 404]

    def known(self, name):
        status, answer, _ = query(self.payment, name)
        if status not in (200, 404):
            raise Failed(f"{status} {answer}")
        return status

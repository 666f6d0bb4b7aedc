"""Payments of the end-to-end tests' platform: made, paid at the simulator, reconciled."""

import json
import time

from cluster import Failed, Service, check, eventually, get, items, kubectl, query

SERVICES = {}


def service(name, port):
    if name not in SERVICES:
        SERVICES[name] = Service(name, port)
    return SERVICES[name]


def payment():
    return service("payment-service", 8086)


def simulator():
    return service("channel-simulator", 9200)


def create(business_no, amount=100, **more):
    return payment().post("/api/payment/create", {"businessNo": business_no, "amount": amount, "paymentChannel": "wechat", **more})


def pay(payment_no):
    status, answer, _ = simulator().post("/_control/pay", {"payment_no": payment_no})
    check(status == 200, f"/_control/pay answered {status}: {answer}")
    return answer["paid_at"]


def paid(business_no, seconds=30):
    eventually(f"{business_no} paid", lambda: query(payment(), business_no)[1]["data"]["status"] == 1, seconds)


def create_and_pay(business_no, amount=100):
    status, answer, _ = create(business_no, amount)
    check(status == 200, f"create answered {status}: {answer}")
    paid_at = pay(answer["data"]["paymentNo"])
    paid(business_no)
    return {**answer["data"], "paidAt": paid_at}


def beijing_day(at):
    """The channel's day of a time (seconds since 1970): its bills are cut at midnight of +08:00."""
    return time.strftime("%Y-%m-%d", time.gmtime(at + 8 * 3600))


def close_bill(day):
    status, answer, _ = simulator().post("/_control/bills/close", {"channel": "wechat", "day": day})
    check(status == 200, f"/_control/bills/close answered {status}: {answer}")


def reconcile(name):
    """A reconciliation right now, at any hour. The channel gives yesterday's bill at 09:00 of its own time, and until then a run that finds
    payments of yesterday says, rightly, that their bill is not available: the tests do not wait for the morning, they have it closed."""
    while True:
        today = beijing_day(time.time())
        close_bill(beijing_day(time.time() - 24 * 3600))
        report = run_reconciliation(name)
        if beijing_day(time.time()) == today:
            return report
        name += "-again"     # midnight passed meanwhile: today has become a yesterday


def run_reconciliation(name):
    """Runs the CronJob's job now and returns its report (the termination message of its pod)."""
    kubectl("create", "job", "--from=cronjob/reconciliation-cronjob", name, "-n", "payment")
    eventually(f"job {name} complete", lambda: get("job", name).get("status", {}).get("succeeded"), 120)
    pod = items("pods", selector=f"batch.kubernetes.io/job-name={name}")[0]
    for entry in pod["status"]["containerStatuses"]:
        return json.loads(entry["state"]["terminated"]["message"])
    raise Failed("the job's pod has no container status")

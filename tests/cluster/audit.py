"""What a service account asked an embedded cluster for, from the API server's audit log ($CLUSTER_AUDIT_LOG)."""

import json
import pathlib
from typing import NamedTuple


class Request(NamedTuple):
    verb: str            # as RBAC says it: a server-side apply is "patch", and "create" besides where it made the object
    group: str           # "" is the core group
    resource: str        # "secrets", "paymentplatforms/status"
    name: str            # "" when no single object was meant
    namespace: str       # "" for all
    allowed: bool        # by RBAC; what admission refused was allowed


def events(log):
    log = pathlib.Path(log)
    for file in [*log.parent.glob(f"{log.stem}-*{log.suffix}"), log]:     # rotated ones first
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def requests_of(log, account):
    """The set of Requests of "NAMESPACE:NAME"; paths that are no resource (discovery, version) are left out."""
    found = set()
    for event in events(log):
        reference = event.get("objectRef")
        decision = event.get("annotations", {}).get("authorization.k8s.io/decision")     # none: turned away before, as when too many came
        if event["user"]["username"] != f"system:serviceaccount:{account}" or not reference or not decision:
            continue
        resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
        status = event.get("responseStatus", {}).get("code")
        made = event["verb"] == "patch" and status == 201
        for verb in ("patch", "create") if made else (event["verb"],):
            found.add(Request(verb, reference.get("apiGroup", ""), resource, reference.get("name", ""), reference.get("namespace", ""),
                              decision == "allow"))
    return found

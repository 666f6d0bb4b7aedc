"""The chart's rights against what the operator asked for in all the suites before: none is missing, and none is there that nothing uses.

The suites write what the API server's audit log has of them into RIGHTS_RECORDS; ctest runs them first.
usage: rights_used_test.py SUITE...
"""

import json
import pathlib
import sys
import unittest

import yaml

from harness import HOME, PREFIX, RECORDS, main
from rendering import of_kind, render

SUITES = []
PLATFORMS = "platforms"     # stands for every namespace with platforms
UNUSED = pathlib.Path(__file__).with_name("rights_unused.yaml")


def rights():
    """(namespace, verb, group, resource, name or "" for any) of all that the chart gives in namespaced mode; in cluster mode it gives the
    same, which tests/chart/check makes sure of."""
    return {("" if role["metadata"]["namespace"] == PLATFORMS else HOME, verb, group, resource, name)
            for role in of_kind(render(f'watchNamespaces=["{PLATFORMS}"]', f'namePrefixes=["{PREFIX}"]', "leaderElection.enabled=true",
                                        namespace=HOME), "Role")
            for rule in role["rules"] for verb in rule["verbs"] for group in rule["apiGroups"] for resource in rule["resources"]
            for name in rule.get("resourceNames", [""])}


def asked():
    """What operators asked for: (namespace, verb, group, resource, name, allowed) -> the suites that saw it."""
    found = {}
    for suite in SUITES:
        for verb, group, resource, name, namespace, allowed in json.loads((pathlib.Path(RECORDS) / f"{suite}.json").read_text()):
            found.setdefault((namespace, verb, group, resource, name, allowed), []).append(suite)
    return found


def covers(right, request):
    return right[:4] == request[:4] and right[4] in ("", request[4])


def say(right):
    namespace, verb, group, resource, name = right
    return f"{verb} {resource}{'.' + group if group else ''}{'/' + name if name else ''}{' in its own namespace' if namespace else ''}"


class RightsUsed(unittest.TestCase):
    def setUp(self):
        self.rights, self.asked = rights(), asked()
        entries = yaml.safe_load(UNUSED.read_text())
        self.unused = {("", entry["verb"], entry["group"], entry["resource"], ""): entry["reason"] for entry in entries}

    def test_nothing_was_asked_for_without_the_right_to_it(self):
        self.assertGreater(len(self.asked), 100, "next to nothing was recorded")
        refused = [f"{say(request[:5])}: {', '.join(suites)}" for request, suites in self.asked.items() if not request[5]]
        self.assertEqual(refused, [], "add the right to payment-operator.rules in the chart's templates/_helpers.tpl, or do not ask")
        uncovered = [say(request[:5]) for request in self.asked if not any(covers(right, request) for right in self.rights)]
        self.assertEqual(uncovered, [], "allowed, yet not by what the chart gives in namespaced mode")

    def test_no_right_is_there_that_nothing_uses(self):
        never = {right for right in self.rights if not any(covers(right, request) for request in self.asked)}
        self.assertEqual(sorted(map(say, never - set(self.unused))), [],
                         f"take it out of the chart, let a test need it, or say why in {UNUSED.name}")
        self.assertEqual(sorted(map(say, set(self.unused) - never)), [], f"used, or gone from the chart: take it out of {UNUSED.name}")


if __name__ == "__main__":
    SUITES = sys.argv[1:]
    del sys.argv[1:]
    main()

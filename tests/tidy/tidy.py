#!/usr/bin/env python3
"""Rules of the house that a compiler does not check, as a test on the source tree (docs/adr and CONTRIBUTING.md say why).

Prints one line a finding, `file:line: rule: what to do`, and exits 1 when there is any.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 600      # a file has one subject; over about 500 lines it is usually two
LINE_COLUMNS_MAX = 140

# A room may include itself and the rooms listed; nothing else of ours. The order of architecture.md.
COMMON = ["common"]
ALLOWED = {
    "common/base": [],
    "common/codec": ["common/base"],
    "common/crypto": ["common/base", "common/codec"],
    "common/obs": ["common/base", "common/codec"],
    "common/net": ["common/base", "common/obs", "common/codec"],
    "crds": COMMON,
    "controllers": COMMON + ["crds"],
    "operator": COMMON + ["crds", "controllers"],
    "payment-runtime/domain": ["common/base"],
    "payment-runtime/ports": ["common/base", "payment-runtime/domain"],
    "payment-runtime/services": ["common/base", "common/codec", "common/obs", "common/net", "payment-runtime/domain", "payment-runtime/ports"],
    "payment-runtime/services/testing": COMMON + ["payment-runtime/domain", "payment-runtime/ports", "payment-runtime/services", "payment-runtime/stores/memory"],
    "payment-runtime/channels": COMMON + ["payment-runtime/domain", "payment-runtime/ports", "payment-runtime/config"],
    "payment-runtime/stores": COMMON + ["payment-runtime/domain", "payment-runtime/ports"],
    "payment-runtime/cache": COMMON + ["payment-runtime/domain", "payment-runtime/ports"],
    "payment-runtime/config": COMMON + ["payment-runtime/domain"],
    # The simulator speaks the other end of the channel's protocol, and shares its words.
    "payment-runtime/simulator": COMMON + ["payment-runtime/domain", "payment-runtime/ports", "payment-runtime/config", "payment-runtime/channels"],
    "payment-runtime/http": COMMON + ["payment-runtime/domain", "payment-runtime/ports", "payment-runtime/services", "payment-runtime/config"],
}
PURE = ("controllers/", "payment-runtime/domain/")
PURE_BANNED_INCLUDES = re.compile(r'#include <(thread|mutex|fstream|iostream|filesystem|boost/asio|boost/beast|cpprest|sys/|unistd)')

TESTS = "_test.cpp or tests/"    # stands for every test among the files below
# (pattern, files where it is right, what to do instead)
BANNED = [
    (re.compile(r"\bsleep_for\b|\bsleep_until\b|\busleep\("), (), "wait on a timer, a condition or an event with a deadline"),
    (re.compile(r"system_clock::now|gettimeofday|\btime\(nullptr\)|\btime\(NULL\)"), ("common/base/clock.cpp",), "take a base::Clock"),
    (re.compile(r"steady_clock::now"), ("common/base/clock.cpp", TESTS), "take a base::Clock"),   # a test may bound its own waiting
    (re.compile(r"\bstd::rand\b|\bsrand\(|\brandom_device\b"), (), "take a base::Rng"),
    (re.compile(r"\bdetach\("), (), "own the thread: join it, or use a gate"),
    (re.compile(r"\b(float|double)\s+\w*(amount|money|minor|price|fee)"), (), "money is an integer of minor units (domain::Money)"),
    (re.compile(r"\bFIXME\b|\bXXX\b|\bTODO\b|\bHACK\b"), ("tests/tidy/tidy.py",), "do it, or leave it out"),
    (re.compile(r"\busing namespace (?!std::chrono|std::literals|std::chrono_literals|std::string_literals|std::string_view_literals|testing)"), (), "name what you use"),
    (re.compile(r"\bassert\("), (), "BASE_ASSERT stays on in production"),
    (re.compile(r"\bgetenv\("), ("operator/kube/config.cpp", "operator/cli/main.cpp", TESTS),   # where kubectl looks: KUBECONFIG, HOME, the service account; NO_COLOR
     "configuration comes through flags and files"),
]
CPPREST_HOME = ("operator/kube/transport_cpprest", "operator/kube/chunk_sink")
BEAST_HEADERS = ("common/net/server_connection.hpp",)   # private to the server's own files

findings = []


def is_test(path):
    return path.startswith("tests/") or path.endswith(("_test.cpp", "_bench.cpp")) or "/testing" in path


def report(path, line, rule, advice):
    findings.append(f"{path}:{line}: {rule}: {advice}")


def room_of(path):
    for room in sorted(ALLOWED, key=len, reverse=True):
        if path.startswith(room + "/"):
            return room
    return None


def check_includes(path, number, line):
    match = re.match(r'#include "([^"]+)"', line)
    if match:
        included, room = match.group(1), room_of(path)
        ours = re.match(r"(common|crds|controllers|operator|payment-runtime|tests)/", included)
        if included.endswith(".inc"):
            pass   # generated into the build tree, or data beside its test
        elif not ours:
            report(path, number, "include path", f'"{included}" is not from the root of the tree')
        elif room and not any(included.startswith(prefix + "/") for prefix in ALLOWED[room] + [room]):
            if not (path.endswith(("_test.cpp", "_bench.cpp")) and included.startswith(room.split("/")[0] + "/")):
                report(path, number, "include direction", f"{room} may not use {included}; see tests/tidy/tidy.py ALLOWED")
        if included.startswith("operator/") and path.startswith("payment-runtime/") or included.startswith("payment-runtime/") and path.startswith("operator/"):
            report(path, number, "include direction", "operator and payment-runtime never include each other")
    if "cpprest/" in line and line.startswith("#include") and not path.startswith(CPPREST_HOME):
        report(path, number, "include", f"cpprestsdk stays inside {CPPREST_HOME[0]}.cpp")
    if path.endswith(".hpp") and re.match(r"#include <boost/beast", line) and path not in BEAST_HEADERS:
        report(path, number, "include", "headers do not include Beast: it costs seconds for each file that includes them")
    if path.startswith(PURE) and not is_test(path) and PURE_BANNED_INCLUDES.match(line):
        report(path, number, "pure", "this room has no I/O, no clock and no threads")


def strip_comment_and_strings(line):
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0]


def check_file(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        report(path, len(lines), "length", f"{len(lines)} lines; at most {FILE_LINES_MAX}: find the second subject and give it a file")
    if path.endswith(".hpp") and "#pragma once" not in text:
        report(path, 1, "header", "starts with #pragma once")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and "NOLINT" not in line and "R\"" not in line:
            report(path, number, "columns", f"{len(line)} columns; at most {LINE_COLUMNS_MAX}")
        check_includes(path, number, line)
        code = strip_comment_and_strings(line)
        for pattern, allowed, advice in BANNED:
            subject = line if "FIXME" in pattern.pattern else code
            if path in allowed or not pattern.search(subject) or (TESTS in allowed and is_test(path)):
                continue
            report(path, number, f"banned '{pattern.search(subject).group(0)}'", advice)


def check_dead_headers(paths, texts):
    included = set()
    for text in texts.values():
        included.update(re.findall(r'#include "([^"]+)"', text))
    for path in paths:
        if path.endswith(".hpp") and path not in included:
            report(path, 1, "dead file", "nothing includes this header")


def main():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = sorted(p for p in listed.stdout.split() if (ROOT / p).is_file())
    for path in paths:
        check_file(path)
    check_dead_headers(paths, {p: (ROOT / p).read_text(encoding="utf-8") for p in paths})
    for line in findings:
        print(line)
    print(f"tidy: {len(paths)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Names of files, functions, types and constants in the pages that explain the code: each must be in the tree, under just that name.

Looked at is `inline code`; blocks are run or compiled by tests of their own. Prints one line a finding and exits 1 when there is any.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("docs/architecture.md", "docs/adding-a-component.md", "docs/life-of-a-reconcile.md")
SUFFIXES = ("cpp", "hpp", "py", "md", "yaml", "json", "sh", "txt", "tpl", "sql")

PATH = re.compile(rf"[\w.*-]+(/[\w.*-]+)+/?|[\w*-]+\.({'|'.join(SUFFIXES)})")
FUNCTION = re.compile(r"((?:\w+::)*)(~?\w+)\(\)")
TYPE_OR_CONSTANT = re.compile(r"((?:\w+::)*)(k[A-Z]\w+|[A-Z]\w*[a-z]\w*)")


def listed():
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\n") if name and (ROOT / name).is_file()]


class Tree:
    def __init__(self, files):
        self.files = files
        self.sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in files if name.endswith((".cpp", ".hpp"))}

    def has_path(self, path):
        """A file or folder, from the root of the tree or by the end of its path; `kube/watch` is watch.hpp and what belongs to it."""
        ends = tuple("/" + path.rstrip("/") + suffix for suffix in ("", ".hpp", ".cpp"))
        return any(True for _ in ROOT.glob(path.rstrip("/"))) or any(name.endswith(ends) for name in self.files)

    def has(self, qualifiers, pattern):
        """A file with the pattern, which is in the namespaces and classes that the name goes through, or is said with them."""
        for text in self.sources.values():
            if re.search(pattern, text) and all(
                    re.search(rf"(namespace [\w:]*|class |struct |enum class ){part}\b|\b{part}::", text) for part in qualifiers):
                return True
        return False


def problem(name, tree):
    """What is wrong with this piece of inline code; None when nothing is, or when it is no name of ours."""
    if PATH.fullmatch(name):
        return None if tree.has_path(name) else "no such file"
    function = FUNCTION.fullmatch(name)
    if function:
        qualifiers = function.group(1).split("::")[:-1]
        return None if tree.has(qualifiers, rf"\b{re.escape(function.group(2))}\(") else "no such function"
    if TYPE_OR_CONSTANT.fullmatch(name):
        *qualifiers, last = name.split("::")
        return None if tree.has(qualifiers, rf"\b{last}\b") else "no such type or constant"
    return None


def names_of(text):
    """(line number, name) of all inline code outside of blocks, but for the files that a page has people write: they head their block."""
    written = set(re.findall(r"^`([^`]+)`[^\n]*(?:\n[^\n]+)*\n\n```", text, re.M))
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield from ((number, name) for name in re.findall(r"`([^`]+)`", line) if name not in written)


def main():
    tree, findings, names = Tree(listed()), [], 0
    for page in PAGES:
        for number, name in names_of((ROOT / page).read_text(encoding="utf-8")):
            names += 1
            wrong = problem(name, tree)
            if wrong:
                findings.append(f"{page}:{number}: `{name}`: {wrong}: correct the page, or bring the name back")
    # What must be found, lest the rules above have come to look at nothing.
    for name in ("no/such/file.cpp", "reconcile.hpp", "no_such_function()", "nobody::reconcile()", "kNoSuchConstant", "Nosuchtype"):
        if not problem(name, tree):
            findings.append(f"tests/tidy/doc_names.py: takes `{name}` for a name of the tree")
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"names in docs: {names} looked at, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Follows docs/adding-a-component.md in a copy of the tree: writes its files, applies its change, builds the new component's test and runs it.

Everything that the page does not touch comes out of ccache. Closes with "N passed, N failed".
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/adding-a-component.md"


def steps(text):
    """({path: content}, patch): a block belongs to the file that the paragraph before it names first; the diff is one of its own."""
    files, patches = {}, []
    for paragraph, language, content in re.findall(r"([^\n]+(?:\n[^\n]+)*)\n\n```(\w+)\n(.*?)```", text, re.S):
        if language == "diff":
            patches.append(content)
        else:
            files[re.match(r"`([^`]+)`", paragraph).group(1)] = content
    assert len(files) + len(patches) == text.count("\n```") // 2, "a block of the page is not followed"
    return files, "".join(patches)


def copy_tree(to):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def run(title, command, folder, **options):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, **options)
    print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {title}", flush=True)
    if done.returncode != 0:
        print(done.stdout[-4000:] + done.stderr[-4000:])
        print("0 passed, 1 failed")
        sys.exit(1)


def main():
    files, patch = steps(PAGE.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="adding-a-component-") as folder:
        tree = pathlib.Path(folder)
        copy_tree(tree)
        for path, content in files.items():
            assert not (tree / path).exists(), f"{path} is there already"
            (tree / path).parent.mkdir(exist_ok=True)
            (tree / path).write_text(content, encoding="utf-8")
        sources = [path for path in files if path.endswith((".cpp", ".hpp"))]
        changed = re.findall(r"^\+\+\+ b/(.*)", patch, re.M)
        library = re.search(r"house_library\((\w+)", "".join(files.values())).group(1)
        run("the change applies", ["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch"], tree, input=patch)
        run("the files are formatted", ["clang-format-19", "--dry-run", "-Werror", *sources, *changed], tree)
        run("the component builds", ["scripts/build", "release", f"{library}_test"], tree)
        run("its objects are in the plan", [f"build/release/bin/{library}_test"], tree)
    print("4 passed, 0 failed")


if __name__ == "__main__":
    main()

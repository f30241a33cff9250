# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the site into .cache/docs/html; a warning of antsibull-docs or Sphinx is an error.

Runs in an environment with requirements-docs.txt.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .pages import COLLECTION, page, pages

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = REPOSITORY / ".cache" / "docs"
SOURCE, SITE = WORK / "source", WORK / "html"
NAME = "hardened.nginx_edge"
ANSIBLE = "https://docs.ansible.com/ansible/latest"
PAGES_OF_ANSIBLE = {
    "action_plugins": f"{ANSIBLE}/plugins/action.html",
    "common_return_values": f"{ANSIBLE}/reference_appendices/common_return_values.html",
}
"""Labels that antsibull-docs refers to; without a connection, Sphinx cannot look them up."""
CONTENTS = re.compile(r"^\.\. contents::\n(?:   .*\n)+", re.MULTILINE)
"""The theme shows the contents of each page at its side."""
ENTRY = re.compile(r"^    (\w+)_(module|filter|lookup|role)$", re.MULTILINE)


def copy_pages() -> None:
    """Copy the Markdown files of the repository and their pictures, including those that are not committed yet."""
    listed = _output("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").splitlines()
    places = pages(path for path in listed if (REPOSITORY / path).is_file())
    for path, place in places.items():
        target = SOURCE / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(path, (REPOSITORY / path).read_text(encoding="utf-8"), places), encoding="utf-8")
    for path in _output("git", "ls-files", "--cached", "--others", "--exclude-standard", "docs/*.png").splitlines():
        target = SOURCE / path.removeprefix("docs/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, target)


def write_reference() -> None:
    """Write the pages of the roles, modules and plugins."""
    target = SOURCE / COLLECTION
    target.mkdir(mode=0o755)
    options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--no-add-antsibull-docs-version")
    _run("antsibull-docs", "collection", *options, "--dest-dir", str(target), NAME)
    # It refers to a page of Ansible's own documentation, and the collection has no environment variables.
    (target / "environment_variables.rst").unlink()
    for written in target.glob("*.rst"):
        text = written.read_text(encoding="utf-8")
        text = CONTENTS.sub("", text)
        for label, url in PAGES_OF_ANSIBLE.items():
            text = re.sub(rf":ref:`([^`<]+) <{label}>`", rf"`\1 <{url}>`__", text)
        written.write_text(text, encoding="utf-8")
    index = target / "index.rst"
    text = index.read_text(encoding="utf-8")
    # antsibull-docs describes a role by its entry point main, and the role edge has another one.
    model = re.search(r"^Entry point ``model`` -- (.*)$", (target / "edge_role.rst").read_text("utf-8"), re.MULTILINE)
    if model is None:
        raise SystemExit("the page of the role edge has no entry point model")
    text = re.sub(r"(edge role <hardened\.nginx_edge\.edge#role>` --)$", rf"\1 {model[1]}", text, flags=re.MULTILINE)
    # The titles of the pages are sentences, too long for the navigation.
    text = ENTRY.sub(r"    \1 \2 <\1_\2>", text)
    title = "Hardened.Nginx_Edge\n==================="
    index.write_text(text.replace(title, "Options of roles, modules and plugins\n" + 37 * "="), encoding="utf-8")


def build_site() -> None:
    """Build the HTML pages."""
    configuration = str(Path(__file__).parent)
    _run("sphinx-build", "-M", "html", str(SOURCE), str(WORK), "-c", configuration, "-W", "--keep-going", "-n", "-q")


def _environment() -> dict[str, str]:
    collections = str(REPOSITORY / ".cache" / "collections")
    programs = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
    return {**os.environ, "PATH": programs, "ANSIBLE_COLLECTIONS_PATH": collections, "PYTHONWARNINGS": "ignore"}


def _run(*argv: str) -> None:
    subprocess.run(argv, cwd=REPOSITORY, env=_environment(), check=True)


def _output(*argv: str) -> str:
    return subprocess.run(argv, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Entry point."""
    for folder in (SOURCE, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    try:
        copy_pages()
        write_reference()
        build_site()
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    print(f"the site is in {SITE.relative_to(REPOSITORY)}: open {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

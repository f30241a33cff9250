# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of this collection: ``nox --list`` shows the sessions, ``nox --session NAME`` runs one.

Sessions with the tag ``check`` are the steps of ``make check``. Those with the tag ``version`` run with one version of
ansible-core. Those with the tag ``pytest`` write a report if PYTEST_ADDOPTS asks for one. Most sessions use the tools
of .venv (requirements-dev.txt). The others have a separate environment in .cache/nox, because their pins conflict with
those of .venv.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.envdir = ".cache/nox"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
nox.options.tags = ["check"]

REPOSITORY = Path(__file__).resolve().parent
BIN = REPOSITORY / ".venv" / "bin"
WORK = REPOSITORY / ".cache"
COLLECTIONS = WORK / "collections"  # tools/setup.sh makes this path

# The supported versions of ansible-core: the release, and the versions of Python that run it. The first fitting Python
# of the PATH is used; --force-python selects another one.
ANSIBLE_CORE = {
    "2.16": ("2.16.19", ">=3.10,<3.13"),
    "2.17": ("2.17.14", ">=3.10,<3.13"),
    "2.18": ("2.18.19", ">=3.11,<3.14"),
    "2.19": ("2.19.14", ">=3.11,<3.14"),
    "2.20": ("2.20.10", ">=3.12,<3.15"),
    "2.21": ("2.21.5", ">=3.12,<3.15"),
}


def run(session: nox.Session, tool: str, *arguments: str, **environment: str) -> None:
    """Run a tool of .venv, which finds the others there."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    session.run(str(BIN / tool), *arguments, env={"PATH": path, **environment})


@nox.session(venv_backend="none", tags=["check"])
def ruff(session: nox.Session) -> None:
    """Lint the Python code."""
    run(session, "ruff", "check", *(session.posargs or ["."]))


@nox.session(name="ruff-format", venv_backend="none", tags=["check"])
def ruff_format(session: nox.Session) -> None:
    """Check the format of the Python code; ``-- .`` writes it."""
    run(session, "ruff", "format", *(session.posargs or ["--check", "."]))


@nox.session(venv_backend="none", tags=["check"])
def mypy(session: nox.Session) -> None:
    """Check the types."""
    run(session, "mypy", *session.posargs)


@nox.session(name="import-linter", venv_backend="none", tags=["check"])
def import_linter(session: nox.Session) -> None:
    """Check which package imports which."""
    run(session, "lint-imports", "--no-cache", PYTHONPATH=str(COLLECTIONS))


@nox.session(venv_backend="none", tags=["check"])
def yamllint(session: nox.Session) -> None:
    """Lint the YAML files."""
    run(session, "yamllint", "--strict", *(session.posargs or ["."]))
    new_repository = "playbooks/files/ops"  # it has its own configuration file
    run(session, "yamllint", "--strict", "--config-file", f"{new_repository}/.yamllint", new_repository)


@nox.session(name="ansible-lint", venv_backend="none", tags=["check"])
def ansible_lint(session: nox.Session) -> None:
    """Lint roles and playbooks with the profile production."""
    # It installs the collection into Ansible's home: into a separate one, not into the user's.
    home = str(WORK / "ansible-home")
    run(session, "ansible-lint", "--offline", ANSIBLE_HOME=home, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS))


@nox.session(venv_backend="none", tags=["check"])
def shellcheck(session: nox.Session) -> None:
    """Lint the shell scripts."""
    session.run("tools/shellcheck.sh")


@nox.session(venv_backend="none", tags=["check"])
def codespell(session: nox.Session) -> None:
    """Find misspelled words."""
    session.run(str(BIN / "codespell"), *(session.posargs or tracked_files()), log=False)


@nox.session(venv_backend="none", tags=["check"])
def prose(session: nox.Session) -> None:
    """Check the wording of documents, messages and names of tasks."""
    run(session, "python", "-m", "tools.prose")


@nox.session(name="docs-check", venv_backend="none", tags=["check"])
def docs_check(session: nox.Session) -> None:
    """Check the documentation of modules, plugins and roles, and all references in it."""
    run(
        session,
        "antsibull-docs",
        "lint-collection-docs",
        "--plugin-docs",
        "--validate-collection-refs=self",
        "--disallow-unknown-collection-refs",
        ".",
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
    )


@nox.session(venv_backend="none", tags=["check"])
def licences(session: nox.Session) -> None:
    """Check that each file has a licence and a copyright notice."""
    run(session, "reuse", "lint")


@nox.session(venv_backend="none", tags=["check"])
def changelog(session: nox.Session) -> None:
    """Check the fragments of the changelog."""
    run(session, "antsibull-changelog", "lint")


@nox.session(venv_backend="none", tags=["check"])
def workflows(session: nox.Session) -> None:
    """Check the workflows of GitHub Actions: their schema, and security with zizmor."""
    files = sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / ".github/workflows").glob("*.yml"))
    run(session, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    run(session, "check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")
    run(session, "zizmor", "--offline", "--persona", "pedantic", "--no-progress", ".github")


@nox.session(venv_backend="none", tags=["check", "pytest"])
def unit(session: nox.Session) -> None:
    """Run the unit tests; arguments select some: ``nox --session unit -- tests/unit/tools -k prose``."""
    run(session, "pytest", "-n", "auto", *(session.posargs or ["tests/unit"]))


@nox.session(venv_backend="none", tags=["check", "pytest"])
def analysers(session: nox.Session) -> None:
    """Analyse the configuration of all golden cases with gixy."""
    run(session, "pytest", *(session.posargs or ["tests/analysers"]))


@nox.session(venv_backend="none", tags=["check"])
def sanity(session: nox.Session) -> None:
    """Run ansible-test sanity over the built collection, without ignore files."""
    session.run("tools/sanity.sh", *session.posargs)


@nox.session(tags=["check"])
def docs(session: nox.Session) -> None:
    """Build the site of the documentation in .cache/docs/html; a warning is an error."""
    session.install("--requirement", "requirements-docs.txt")
    session.run("python", "-m", "tools.docsite")


@nox.session(name="galaxy-importer", tags=["check"])
def galaxy_importer(session: nox.Session) -> None:
    """Build the collection, and import it as Galaxy does, without warnings."""
    session.install("--requirement", "requirements-importer.txt")
    area = Path(session.create_tmp()).resolve()
    shutil.rmtree(area)  # an earlier run must not decide anything
    session.run("ansible-galaxy", "collection", "build", "--output-path", str(area), silent=True)
    (artifact,) = area.glob("hardened-nginx_edge-*.tar.gz")
    # The scaffold of playbooks/init.yml imports playbooks of this collection. The importer's ansible-lint does not find
    # them in the tree that the importer unpacks, only where users install collections.
    installed = str(area / "installed")
    install = ("ansible-galaxy", "collection", "install", "--force", "--no-deps", "--collections-path", installed)
    session.run(*install, str(artifact), silent=True)
    environment = {
        "PYTHONPATH": installed,
        "ANSIBLE_HOME": str(area / "home"),
        "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",  # as Automation Hub does
    }
    with session.chdir(area):  # the importer writes its result to the working directory
        importer = ("python", "-m", "galaxy_importer.main", artifact.name)
        printed = str(session.run(*importer, env=environment, silent=True))
    session.log(printed)
    if warnings := re.findall(r"^(?:WARNING|ERROR|CRITICAL).*", printed, re.MULTILINE):
        session.error(f"{len(warnings)} warnings")


@nox.session(venv_backend="none", tags=["pytest"])
def containers(session: nox.Session) -> None:
    """Test golden cases and drawn models with the real nginx of each system, in containers."""
    run(session, "pytest", *(session.posargs or ["tests/containers"]))


@nox.session(venv_backend="none", tags=["pytest"])
def molecule(session: nox.Session) -> None:
    """Run a scenario: ``-- default``, or ``-- default noble`` with one edge, on that system."""
    scenario, *suite = session.posargs
    environment = {"NO_COLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    if suite:
        python = str(BIN / "python")
        printed = str(session.run(python, "-m", "tools.quick", scenario, *suite, silent=True))
        pattern, *images = printed.split()
        environment["MOLECULE_GLOB"] = pattern
        session.run("tests/hosts/build.sh", *images)
    run(session, "molecule", "test", "--scenario-name", scenario, **environment)


def tracked_files() -> list[str]:
    """All files of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return listed.stdout.rstrip("\0").split("\0")


def add_sessions_of_version(version: str, release: str, pythons: str) -> None:
    """Add the sessions ``units-VERSION`` and ``sanity-VERSION``, which are no part of ``make check``."""

    def install(session: nox.Session) -> None:
        session.install(f"ansible-core=={release}", "--requirement", "requirements-units.txt")

    @nox.session(name=f"units-{version}", python=pythons, tags=["version", "pytest"])
    def units(session: nox.Session) -> None:
        install(session)
        session.run("pytest", "-n", "auto", *(session.posargs or ["tests/unit"]))

    @nox.session(name=f"sanity-{version}", python=pythons, tags=["version"])
    def sanity(session: nox.Session) -> None:
        install(session)
        environment = {"NGINX_EDGE_VENV": session.virtualenv.location, "NGINX_EDGE_SANITY": f"sanity-{version}"}
        session.run("tools/sanity.sh", *session.posargs, external=True, env=environment)

    units.__doc__ = f"Run the unit tests with ansible-core {release}."
    sanity.__doc__ = f"Run ansible-test sanity of ansible-core {release}."


for version, (release, pythons) in ANSIBLE_CORE.items():
    add_sessions_of_version(version, release, pythons)

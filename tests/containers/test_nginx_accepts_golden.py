# SPDX-License-Identifier: GPL-3.0-or-later
"""The real nginx of each target tests every golden case, and every recipe of the cookbook.

Needs the images that ``tests/hosts/build.sh`` makes.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS, rendered
from ansible_collections.hardened.nginx_edge.tools.cookbook import Recipe, recipes

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = sorted(folder for folder in GOLDEN.glob("*/*") if (folder / "nginx.conf").exists())
RECIPES = [(recipe, suite) for recipe in recipes() for suite in recipe.targets()]
SCRIPT = """
set -eu
rm -rf /etc/nginx/generations/golden
mkdir -p /etc/nginx/generations/golden /var/cache/nginx-edge
tar -x -C /etc/nginx/generations/golden
if [ ! -e /tmp/pair/fullchain.pem ]; then
    mkdir -p /tmp/pair /etc/nginx/tls
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=golden -days 1 \
        -keyout /tmp/pair/privkey.pem -out /tmp/pair/fullchain.pem 2>/dev/null
fi
grep -rhoE '/etc/nginx/tls/[^/]+' /etc/nginx/generations/golden | sort -u |
    while read -r name; do ln -sfn /tmp/pair "$name"; done
grep -rhoE '/etc/ssl/[a-z]+\\.pem' /etc/nginx/generations/golden | sort -u |
    while read -r authority; do cp /tmp/pair/fullchain.pem "$authority"; done
exec nginx -t -c /etc/nginx/generations/golden/nginx.conf
"""


@pytest.fixture(scope="module")
def containers() -> Iterator[dict[str, str]]:
    """Suite -> id of a container that sleeps, made when it is first asked for; all removed at the end."""
    started: dict[str, str] = {}
    yield started
    for container in started.values():
        subprocess.run(["docker", "rm", "--force", container], check=True, capture_output=True)


def archive(files: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def check_with_nginx(files: Mapping[str, str], suite: str, containers: dict[str, str]) -> None:
    """The nginx of that suite takes the files, and warns of nothing."""
    if suite not in containers:
        started = subprocess.run(
            ["docker", "run", "--detach", f"nginx-edge/edge:{suite}", "sleep", "600"],
            check=True,
            capture_output=True,
            text=True,
        )
        containers[suite] = started.stdout.strip()
    tested = subprocess.run(
        ["docker", "exec", "--interactive", containers[suite], "sh", "-c", SCRIPT],
        input=archive(files),
        capture_output=True,
        check=False,
    )
    printed = tested.stderr.decode()
    assert tested.returncode == 0, printed
    assert "[warn]" not in printed


@pytest.mark.parametrize("folder", CASES, ids=[f"{folder.parent.name}-{folder.name}" for folder in CASES])
def test_nginx_accepts_it(folder: Path, containers: dict[str, str]) -> None:
    files = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.conf")}
    check_with_nginx(files, folder.name, containers)


@pytest.mark.parametrize(
    ("recipe", "suite"),
    RECIPES,
    ids=[f"{recipe.path.stem}-{suite}" for recipe, suite in RECIPES],
)
def test_nginx_accepts_a_recipe(recipe: Recipe, suite: str, containers: dict[str, str]) -> None:
    check_with_nginx(rendered(recipe.model, TARGETS[suite]), suite, containers)

# SPDX-License-Identifier: GPL-3.0-or-later
"""python3 -m tools.demo up | down, from the root of the repository."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import evidence, hosts
from .ops import Ops
from .terminal import DemoError, say, step, stream

REPOSITORY = Path(__file__).resolve().parents[2]
DIRECTORY = REPOSITORY / ".cache" / "demo"


def make_tools_and_images() -> None:
    """Side by side: one mostly waits for Python packages, the other for Debian's."""
    commands = (("tools/setup.sh",), ("tests/hosts/build.sh", *hosts.IMAGES))
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(stream, command, cwd=REPOSITORY) for command in commands]
    for future in running:
        future.result()


def up() -> int:
    started = time.monotonic()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    ops = Ops(REPOSITORY, DIRECTORY)
    with step("set-up and images"):
        make_tools_and_images()
    with step("hosts"):
        ports = hosts.start(DIRECTORY)
    with step("collection: build, install"):
        ops.install_collection()
    with step("an ops team's repository: ansible-playbook hardened.nginx_edge.init"):
        ops.scaffold(ports)
    with step("the run"):
        ops.converge()
    with step("evidence, from live traffic"):
        missing = evidence.collect(DIRECTORY, ports)
    with step("the second run"):
        recap = ops.converge()
    if recap.changed:
        missing.append(f"second run: {recap.changed} tasks changed something")
    say(f"  {'✘' if recap.changed else '✔'} second run: {recap.line}")
    say_addresses(ports)
    say(f"\nmake demo took {time.monotonic() - started:.0f} s.")
    if missing:
        say("\nMissing evidence:")
        for line in missing:
            say(f"  ✘ {line}")
        return 1
    return 0


def say_addresses(ports: hosts.Ports) -> None:
    directory = DIRECTORY.relative_to(REPOSITORY)
    curl = f"curl --cacert {directory}/root.pem --connect-to {hosts.SITE}:443:127.0.0.1:{ports.https}"
    ssh = f"ssh -i {directory}/id_ed25519 -o UserKnownHostsFile={directory}/known_hosts -p {ports.ssh} ops@127.0.0.1"
    say("\nTry it by hand:")
    say(f"  {curl} https://{hosts.SITE}/any/hello")
    say(f"  {curl} -i https://{hosts.SITE}/api/public/news")
    say(f"  curl -i -H 'Host: {hosts.SITE}' http://127.0.0.1:{ports.http}/")
    say(f"  {ssh}")
    say(f"  cd {directory}/ops && ../../../.venv/bin/ansible-playbook site.yml -i prod")
    say("  make demo-down")


def down() -> int:
    hosts.remove(DIRECTORY)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.demo", description=__doc__)
    parser.add_argument("command", choices=("up", "down"))
    command = {"up": up, "down": down}[parser.parse_args().command]
    try:
        return command()
    except DemoError as error:
        say(f"\n✘ {error}")
        return 1
    except KeyboardInterrupt:
        say("\nstopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())

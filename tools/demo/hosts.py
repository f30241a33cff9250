# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the demo: containers with systemd on a separate network."""

from __future__ import annotations

import hashlib
import shutil
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..traffic import Client
from .terminal import DemoError, run, say

if TYPE_CHECKING:
    from pathlib import Path

NETWORK = "nginx-edge-demo"
SUBNET = "10.213.77.0/24"
EDGE_ADDRESS = "10.213.77.10"
BACKEND_ADDRESS = "10.213.77.20"
ACME_ADDRESS = "10.213.77.30"
SITE = "api.example.test"
BACKEND_PORTS = (3001, 3002, 3003)
LABEL = "nginx-edge.demo"
ACME_DIRECTORY = "https://acme.test:14000/dir"
ACME_AUTHORITY = "/etc/ssl/demo-acme-ca.pem"
IMAGES = ("host:trixie", "backend:trixie", "acme:trixie", "client:trixie")
# What systemd needs to be process 1 of a container.
SYSTEMD = (
    "--cap-add=SYS_ADMIN",
    "--cgroupns=private",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--tmpfs=/run",
    "--tmpfs=/run/lock",
)
BOOT_SECONDS = 60


@dataclass(frozen=True)
class Host:
    name: str
    image: str
    address: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ports:
    """Ports of this machine, on loopback, that lead to the edge."""

    ssh: int
    http: int
    https: int


EDGE = Host("demo-edge", "nginx-edge/host:trixie", EDGE_ADDRESS, (*SYSTEMD, f"--add-host=acme.test:{ACME_ADDRESS}"))
BACKEND = Host("demo-backend", "nginx-edge/backend:trixie", BACKEND_ADDRESS, SYSTEMD)
ACME = Host("demo-acme", "nginx-edge/acme:trixie", ACME_ADDRESS, (*SYSTEMD, f"--env=ACME_DEFAULT_IPV4={EDGE_ADDRESS}"))
SERVERS = (BACKEND, ACME, EDGE)
CLIENT = "demo-client"


def docker(*arguments: str, input_text: str | None = None, timeout: float = 120) -> str:
    return run(("docker", *arguments), input_text=input_text, timeout=timeout)


def start(directory: Path) -> Ports:
    """Starts the hosts, or finds them running; the edge can be reached over SSH afterwards."""
    _make_network()
    if _all_run_as_wanted():
        ports = Ports(*(_published_port(inner) for inner in ("22/tcp", "80/tcp", "443/tcp")))
        say(f"  {', '.join(host.name for host in SERVERS)} run already: reused")
    else:
        ports = _start_servers()
    _start_client()
    open_ssh(directory, EDGE.name, f"[127.0.0.1]:{ports.ssh}")
    _hand_out_acme_authority(directory)
    _wait_for_services()
    return ports


def remove(directory: Path) -> None:
    containers = docker("ps", "--all", "--quiet", f"--filter=label={LABEL}").split()
    if containers:
        docker("rm", "--force", "--volumes", *containers)
    networks = docker("network", "ls", "--quiet", f"--filter=label={LABEL}").split()
    if networks:
        docker("network", "rm", *networks)
    shutil.rmtree(directory, ignore_errors=True)
    say(f"  removed: {len(containers)} containers, {len(networks)} networks, {directory}")


def _make_network() -> None:
    if not docker("network", "ls", "--quiet", f"--filter=name=^{NETWORK}$").strip():
        docker("network", "create", f"--subnet={SUBNET}", f"--label={LABEL}=network", NETWORK)


def _wanted_label(host: Host) -> str:
    """Changes with the image and with the options: a host made from others is made anew."""
    image = docker("image", "inspect", "--format={{.Id}}", host.image).strip()
    return hashlib.sha256(repr((host, image)).encode()).hexdigest()


def _all_run_as_wanted() -> bool:
    """All or none: a certificate authority made anew does not know the account that an older edge would use."""
    line_format = f'--format={{{{.Names}}}} {{{{.Label "{LABEL}"}}}}'
    lines = docker("ps", f"--filter=label={LABEL}", line_format).splitlines()
    running = dict(line.split(" ", 1) for line in lines)
    return all(running.get(host.name) == _wanted_label(host) for host in SERVERS)


def _published_port(inner: str) -> int:
    return int(docker("port", EDGE.name, inner).splitlines()[0].rsplit(":", 1)[1])


def _start_servers() -> Ports:
    _remove_containers(*(host.name for host in SERVERS))
    ports = Ports(ssh=_free_port(2222), http=_free_port(8080), https=_free_port(8443))
    published = (
        f"--publish=127.0.0.1:{ports.ssh}:22",
        f"--publish=127.0.0.1:{ports.http}:80",
        f"--publish=127.0.0.1:{ports.https}:443/tcp",
        f"--publish=127.0.0.1:{ports.https}:443/udp",
    )
    for host in SERVERS:
        docker(
            "run",
            "--detach",
            f"--name={host.name}",
            f"--hostname={host.name}",
            f"--network={NETWORK}",
            f"--ip={host.address}",
            f"--label={LABEL}={_wanted_label(host)}",
            *host.options,
            *(published if host is EDGE else ()),
            host.image,
        )
    for host in SERVERS:
        wait_for_boot(host.name)
        say(f"  {host.name} runs at {host.address}")
    return ports


def _remove_containers(*names: str) -> None:
    known = set(docker("ps", "--all", "--format={{.Names}}").split())
    present = [name for name in names if name in known]
    if present:
        docker("rm", "--force", "--volumes", *present)


def _free_port(wanted: int) -> int:
    for port in range(wanted, wanted + 100):
        if _is_free(port):
            if port != wanted:
                say(f"  port {wanted} of this machine is taken: {port} instead")
            return port
    raise DemoError(f"no free port from {wanted} to {wanted + 99} on this machine")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # A closed connection that still lingers does not occupy the port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def wait_for_boot(name: str) -> None:
    """Wait until systemd of a container has started all units.

    :raises DemoError: a unit failed, or the boot does not end.
    """
    deadline = time.monotonic() + BOOT_SECONDS
    state = ""
    while time.monotonic() < deadline:
        # A command that exits 1 while the host still boots: only its word counts.
        state = docker("exec", name, "sh", "-c", "systemctl is-system-running 2>&1; exit 0").strip()
        if state == "running":
            return
        if state == "degraded":
            failed = docker("exec", name, "systemctl", "--failed", "--no-legend", "--plain").strip()
            raise DemoError(f"{name}: units failed at boot:\n{failed}")
        time.sleep(0.2)
    raise DemoError(f"{name} did not boot within {BOOT_SECONDS} s (systemd says: {state})")


def _start_client() -> None:
    """A client with another address each time: what an earlier run used up of a rate limit counts for that one."""
    _remove_containers(CLIENT)
    docker(
        "run",
        "--detach",
        f"--name={CLIENT}",
        f"--network={NETWORK}",
        f"--ip=10.213.77.{64 + int(time.time()) % 128}",
        f"--add-host={SITE}:{EDGE_ADDRESS}",
        f"--add-host=acme.test:{ACME_ADDRESS}",
        f"--label={LABEL}=client",
        "nginx-edge/client:trixie",
    )


def open_ssh(directory: Path, container: str, address: str) -> tuple[Path, Path]:
    """Create a key, and let it log in to the account ``ops`` of a container.

    :param directory: gets the key and the file of known hosts; both are returned.
    :param address: of the SSH server, as in a file of known hosts.
    """
    key, known_hosts = directory / "id_ed25519", directory / "known_hosts"
    if not key.exists():
        run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "nginx-edge", "-f", str(key)))
    docker(
        "exec",
        "--interactive",
        "--user=ops",
        container,
        "sh",
        "-c",
        "umask 077 && mkdir -p ~/.ssh && cat > ~/.ssh/authorized_keys",
        input_text=key.with_suffix(".pub").read_text(),
    )
    host_key = docker("exec", container, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    known_hosts.write_text(f"{address} {host_key}")
    return key, known_hosts


def _hand_out_acme_authority(directory: Path) -> None:
    """Who trusts a private certificate authority has its file beforehand; so do the edge and the client."""
    authority = directory / "acme-ca.pem"
    docker("cp", f"{ACME.name}:/srv/acme/ca.pem", str(authority))
    for name in (EDGE.name, CLIENT):
        docker("cp", str(authority), f"{name}:{ACME_AUTHORITY}")


def _wait_for_services() -> None:
    patience = ("curl", "-sS", "--retry", "30", "--retry-all-errors", "--retry-delay", "1", "-o", "/dev/null")
    Client(CLIENT).run(*patience, *(f"http://{BACKEND_ADDRESS}:{port}/" for port in BACKEND_PORTS))
    Client(CLIENT).run(*patience, "--cacert", ACME_AUTHORITY, ACME_DIRECTORY)

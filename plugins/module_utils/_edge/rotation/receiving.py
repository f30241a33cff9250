# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An edge that receives its certificates from the issuing edge (:mod:`.sharing`): it fetches, checks and deploys them.

A received pair is checked like a provided one: it must be intact, cover the names, be valid now, and be no older than
the pair in use. It is then deployed like a renewed lineage, including the rollback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..generations.transaction import locked
from ..host import paths
from ..host.errors import EdgeError
from ..host.host import Host, replace_file
from ..host.paths import Folders, Layout
from ..tls import key_pairs
from ..tls.key_pairs import Pair
from ..tls.served import TlsClient
from .renewal import Renewed, into_service
from .sharing import FORMAT

_SSH_SECONDS = 60.0
_MOST_WORDS = 3
_ALIAS = "nginx-edge-issuing-edge"


@dataclass(frozen=True)
class Settings:
    """The settings of the timer's unit.

    :param issuing_edge: inventory name of the issuing edge.
    :param address: address of its SSH server, with ``port`` and ``account``.
    :param certificates: certificate -> names that it must cover.
    """

    issuing_edge: str
    address: str
    port: int
    account: str
    certificates: Mapping[str, Sequence[str]]


def prepare(host: Host, settings: Settings, host_keys: Sequence[str], *, check: bool) -> tuple[bool, str]:
    """Create an SSH key for this host, and store the SSH host keys of the issuing edge and the settings for the timer.

    :param host_keys: host keys of the issuing edge, from :func:`.sharing.host_keys`; if empty, the known ones are kept.
    :param check: change nothing.
    :returns: whether anything had to be changed, and the public key (empty if check mode would create it).
    """
    files = {paths.RECEIVE_SETTINGS: (json.dumps(asdict(settings), indent=1, sort_keys=True) + "\n").encode()}
    if host_keys:
        files[paths.RECEIVE_KNOWN_HOSTS] = "".join(f"{_ALIAS} {key}\n" for key in host_keys).encode()
    changed = [path for path, data in files.items() if host.read(path) != data]
    keyless = host.read(f"{paths.RECEIVE_KEY}.pub") is None or host.read(paths.RECEIVE_KEY) is None
    if not check:
        host.mkdir(paths.RECEIVE_FOLDER)
        if keyless:
            _make_key(host)
        for path in changed:
            replace_file(host, path, files[path])
    return bool(changed or keyless), (host.read(f"{paths.RECEIVE_KEY}.pub") or b"").decode().strip()


def _make_key(host: Host) -> None:
    for path in (paths.RECEIVE_KEY, f"{paths.RECEIVE_KEY}.pub"):
        host.remove(path)
    done = host.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "nginx-edge", "-f", paths.RECEIVE_KEY])
    if done.code != 0:
        raise EdgeError("ssh-keygen made no key", done.stderr.strip().splitlines()[:_MOST_WORDS])


def read_settings(host: Host) -> Settings:
    """The settings that :func:`prepare` stored; raises ``EdgeError`` if they are missing or damaged."""
    try:
        return Settings(**json.loads(host.read(paths.RECEIVE_SETTINGS) or b""))
    except (ValueError, TypeError) as error:
        raise EdgeError(
            f"{paths.RECEIVE_SETTINGS} is missing or damaged: this edge receives no certificates; run site.yml"
        ) from error


def fetch(host: Host, settings: Settings) -> Mapping[str, Any]:
    """The certificates from the issuing edge: name -> ``fullchain`` and ``privkey``. They are not written to disk here.

    :raises EdgeError: the issuing edge sent nothing usable; with the messages of ssh.
    """
    options = ["BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes", f"HostKeyAlias={_ALIAS}"]
    options += [
        f"UserKnownHostsFile={paths.RECEIVE_KNOWN_HOSTS}",
        "GlobalKnownHostsFile=/dev/null",
        "UpdateHostKeys=no",
    ]
    options += ["ConnectTimeout=10", "ServerAliveInterval=10", "PreferredAuthentications=publickey", "LogLevel=ERROR"]
    argv = ["ssh", "-F", "none", "-T", "-i", paths.RECEIVE_KEY, "-p", str(settings.port)]
    argv += [word for option in options for word in ("-o", option)]
    done = host.run([*argv, "--", f"{settings.account}@{settings.address}"], timeout=_SSH_SECONDS)
    if done.code != 0:
        words = done.stderr.strip().splitlines()[-_MOST_WORDS:] or [f"exit code {done.code}"]
        raise EdgeError(f"{settings.issuing_edge} ({settings.address}) sent no certificates; ssh says:", words)
    try:
        told = json.loads(done.stdout)
        if told["format"] != FORMAT:
            raise EdgeError(f"{settings.issuing_edge} sends certificates in format {told['format']}, expected {FORMAT}")
        return dict(told["pairs"])
    except (ValueError, TypeError, KeyError) as error:
        raise EdgeError(f"{settings.issuing_edge} did not send certificates; nothing was changed") from error


def find_received(
    host: Host, folders: Folders, settings: Settings, handed: Mapping[str, Any], now: datetime
) -> tuple[list[Renewed], list[str]]:
    """The pairs that replace those in use, and the errors of pairs that cannot be used."""
    found: list[Renewed] = []
    problems: list[str] = []
    for name, names in settings.certificates.items():
        with _collecting(problems, name):
            key_pairs.check_name(name)
            pair = _checked(host, handed.get(name), names, now)
            one = Renewed(name, pair, host.readlink(folders.link(name)) or "", key_pairs.STORE)
            if one.before != one.target:
                _no_step_back(host, folders, one)
                found.append(one)
    return found, problems


@contextmanager
def _collecting(problems: list[str], name: str) -> Iterator[None]:
    try:
        yield
    except EdgeError as error:
        problems.append(f"{name}: {error.message}")


def _checked(host: Host, item: Any, names: Sequence[str], now: datetime) -> Pair:
    if not isinstance(item, Mapping):
        raise EdgeError("was not sent")
    pair = key_pairs.checked_pair(host, str(item.get("fullchain")), str(item.get("privkey")))
    if pair.certificate.is_self_signed:
        raise EdgeError("is self-signed, so clients would reject it")
    if wrong := list(key_pairs.problems_of(pair.chain, names, now)):
        raise EdgeError("; ".join(wrong))
    return pair


def _no_step_back(host: Host, folders: Folders, one: Renewed) -> None:
    """Reject a pair that is older than the received pair in use."""
    if not one.before:
        raise EdgeError("nginx has no certificate of that name; run site.yml")
    if not key_pairs.is_stored(one.name, one.before):
        return  # the pair is from this edge's certbot, from before another edge issued the certificates
    try:
        current = key_pairs.read_pair(host, folders.link(one.name)).certificate
    except EdgeError:
        return
    if not current.is_self_signed and current.not_before > one.pair.certificate.not_before:
        since = f"{one.pair.certificate.not_before:%Y-%m-%d %H:%M}"
        raise EdgeError(f"the certificate is from {since}, older than the one in use")


def receive(
    host: Host,
    edge: TlsClient,
    layout: Layout,
    folders: Folders,
    *,
    settings: Settings,
    now: datetime,
    timeout: float,
    check: bool,
) -> list[str]:
    """Fetch certificates, check them, deploy the new ones, and prove that nginx serves them.

    :param timeout: seconds to wait until new workers answer, and until nginx serves the certificates on disk.
    :param check: change nothing.
    :returns: names of the certificates that were replaced.
    :raises EdgeError: a certificate could not be deployed, and the previous one is in use. The others were processed.
    """
    handed = fetch(host, settings)
    with locked(host, layout):
        received, problems = find_received(host, folders, settings, handed, now)
        if not check:
            good = [name for name in settings.certificates if host.readlink(folders.link(name)) is not None]
            into_service(host, edge, layout, folders, received, names=good, timeout=timeout)
    if problems:
        raise EdgeError(
            f"certificates of {settings.issuing_edge} cannot be used; nginx keeps the ones it has", problems
        )
    return [one.name for one in received]

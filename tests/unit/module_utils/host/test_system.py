# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of packages and units, from what dpkg-query and systemctl of real hosts print."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host import system
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.host import Completed
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.local import LocalHost

DPKG = """\
libnginx-mod-stream config-files 1.26.3-3+deb13u1
nginx installed 1.26.3-3+deb13u1
nginx-common installed 1.26.3-3+deb13u1
nginx-core not-installed {none}
openssl half-configured 3.5.1-1
""".format(none="")
RUNS = "MainPID=812\nNeedDaemonReload=no\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n"
UNKNOWN = "MainPID=0\nNeedDaemonReload=no\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n"
MASKED = "MainPID=0\nNeedDaemonReload=no\nLoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"
UNIT, DROP_IN = "/lib/systemd/system/a.service", "/etc/systemd/system/a.service.d/50-hardened.conf"
NOW, UP = 1_800_000_000.0, 5_000.0
STARTED = NOW - 1_000
MANAGED = (DROP_IN, "/etc/default/a", DROP_IN.replace("a.service", "b.service"))


class Printing(LocalHost):
    """A host on which each program prints a text.

    :param files: path -> time of the last modification.
    """

    def __init__(self, text: str, files: Mapping[str, float] | None = None) -> None:
        self.text = text
        self.files = files or {}

    def modified(self, path: str) -> float | None:
        return self.files.get(path)

    def listdir(self, path: str) -> list[str]:
        return [one.rpartition("/")[2] for one in self.files if one.rpartition("/")[0] == path]

    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return UP

    def run(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, stdin: str = "", timeout: float = 120.0
    ) -> Completed:
        return Completed(argv, 0, self.text, "")


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        (["nginx", "nginx-common"], []),
        (["nginx=1.26.3-3+deb13u1"], []),
        (["nginx=1.26.*"], []),
        (["nginx=1.27.*", "nginx-common"], ["nginx=1.27.*"]),
        (["libnginx-mod-stream"], ["libnginx-mod-stream"]),
        (["openssl", "nginx-core", "logrotate"], ["openssl", "nginx-core", "logrotate"]),
        ([], []),
    ],
)
def test_a_package_counts_if_it_is_installed_in_its_version(wanted: list[str], missing: list[str]) -> None:
    known = system.packages(Printing(DPKG), wanted or ["nginx"])
    assert system.missing(wanted, known) == missing


def test_a_package_that_was_never_installed_is_not_known() -> None:
    known = system.packages(Printing(DPKG), ["nginx"])
    assert "nginx-core" not in known
    assert known["libnginx-mod-stream"].status == "config-files"


def test_a_package_of_two_architectures_counts_if_one_is_installed() -> None:
    printed = "openssl installed 3.5.1-1\nopenssl config-files 3.5.1-1\n"
    assert system.missing(["openssl"], system.packages(Printing(printed), ["openssl"])) == []


def test_units_are_in_the_order_of_their_names() -> None:
    found = system.units(Printing(f"{RUNS}\n{UNKNOWN}\n{MASKED}"), ["nginx.service", "other.timer", "certbot.timer"])
    assert [(one["exists"], one["masked"], one["runs"]) for one in found.values()] == [
        (True, False, True),
        (False, False, False),
        (True, True, False),
    ]
    assert [one["pid"] for one in found.values()] == [812, None, None]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("NeedDaemonReload=no", "NeedDaemonReload=yes"),
        ("ActiveState=active", "ActiveState=failed"),
        ("UnitFileState=enabled", "UnitFileState=disabled"),
        ("LoadState=loaded", "LoadState=bad-setting"),
    ],
)
def test_a_unit_runs_if_all_of_it_is_in_order(before: str, after: str) -> None:
    assert system.units(Printing(RUNS), ["nginx.service"])["nginx.service"]["runs"] is True
    changed = RUNS.replace(before, after)
    assert changed != RUNS
    assert system.units(Printing(changed), ["nginx.service"])["nginx.service"]["runs"] is False


def test_no_unit_runs_if_systemctl_prints_nothing() -> None:
    found = system.units(Printing("Failed to connect to bus\n"), ["nginx.service", "certbot.timer"])
    assert [one["runs"] for one in found.values()] == [False, False]


def recorded(time: float, fraction: str = ".500000") -> str:
    return f"{datetime.fromtimestamp(time, timezone.utc):%a %Y-%m-%d %H:%M:%S}{fraction} UTC"


def unit(files: Mapping[str, float], **changed: str) -> dict[str, Any]:
    """What is returned for a unit that was started at STARTED."""
    properties = {
        "InactiveExitTimestamp": recorded(STARTED),
        "InactiveExitTimestampMonotonic": f"{int((UP - NOW + STARTED) * 1e6)}",
        "FragmentPath": UNIT,
        **changed,
    }
    printed = RUNS + "".join(f"{name}={text}\n" for name, text in properties.items())
    for name in set(changed).intersection(("NeedDaemonReload", "ActiveState")):
        printed = re.sub(rf"^{name}=.*\n", "", printed, count=1, flags=re.MULTILINE)
    return system.units(Printing(printed, files), ["a.service"], MANAGED)["a.service"]


@pytest.mark.parametrize(
    ("files", "changed", "restart"),
    [
        pytest.param({UNIT: STARTED - 9, DROP_IN: STARTED - 5}, {}, False, id="started with its files"),
        pytest.param({UNIT: STARTED - 9, DROP_IN: STARTED + 5}, {}, True, id="drop-in written later"),
        pytest.param({UNIT: STARTED + 5, DROP_IN: STARTED - 5}, {}, False, id="package upgraded later"),
        pytest.param({UNIT: STARTED - 9, MANAGED[2]: STARTED + 5}, {}, False, id="drop-in of another unit"),
        pytest.param({DROP_IN.replace("50", "60"): STARTED + 5}, {}, False, id="drop-in of the administrator"),
        pytest.param({DROP_IN: STARTED + 5}, {"ActiveState": "inactive"}, False, id="not active"),
        pytest.param({DROP_IN: NOW + 60}, {}, False, id="clock was wrong"),
        pytest.param(
            {DROP_IN: STARTED + 5}, {"InactiveExitTimestamp": recorded(STARTED + 60)}, False, id="clock was set back"
        ),
        pytest.param(
            {DROP_IN: STARTED - 5}, {"InactiveExitTimestamp": recorded(0.0)}, False, id="no clock at the start"
        ),
        pytest.param({DROP_IN: STARTED + 5}, {"InactiveExitTimestamp": recorded(STARTED, "")}, True, id="systemd 247"),
        pytest.param(
            {DROP_IN: STARTED + 0.7}, {"InactiveExitTimestamp": recorded(STARTED, "")}, False, id="in the same second"
        ),
        pytest.param({"/etc/default/a": STARTED + 5}, {}, False, id="environment of another unit"),
        pytest.param(
            {"/etc/default/b": STARTED - 5, "/etc/default/a": STARTED + 5},
            {"EnvironmentFiles": "/etc/default/a (ignore_errors=yes)\nEnvironmentFiles=/etc/default/b"},
            True,
            id="environment written later",
        ),
        pytest.param({DROP_IN: STARTED - 5}, {"NeedDaemonReload": "yes"}, True, id="restarted without reading it"),
        pytest.param(
            {DROP_IN: STARTED - 5, DROP_IN.replace("50", "60"): STARTED - 4},
            {"NeedDaemonReload": "yes"},
            False,
            id="drop-in of the administrator not read",
        ),
        pytest.param({UNIT: STARTED - 5}, {"NeedDaemonReload": "yes"}, False, id="upgraded package not read"),
    ],
)
def test_a_unit_must_restart_if_it_was_started_with_older_files(
    files: Mapping[str, float], changed: Mapping[str, str], restart: bool
) -> None:
    found = unit(files, **changed)
    assert found["restart"] is restart
    assert found["runs"] is not (restart or bool(changed.keys() & {"NeedDaemonReload", "ActiveState"}))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the other roles: typos and wrong types are errors before any host is changed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.read.roles import check_role_variables
from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT

OPTIONS = {
    name: option
    for role in ("nginx", "certbot", "share", "exporter")
    for name, option in yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text(encoding="utf-8"))[
        "argument_specs"
    ]["main"]["options"].items()
    if name.startswith(f"{role}_")
}


def reported(**variables: Any) -> list[str]:
    return [str(one) for one in check_role_variables(OPTIONS, list(variables), variables)]


@pytest.mark.case("G5")
@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("nginx_open_file", "nginx_open_files"),
        ("certbot_renew_calender", "certbot_renew_calendar"),
        ("nginx_repositry", "nginx_repository"),
    ],
)
def test_a_misspelt_name_is_an_error(variable: str, hint: str) -> None:
    assert reported(**{variable: 1}) == [f"{variable}: is not a variable of these roles; did you mean '{hint}'?"]


def test_variables_of_other_roles_are_left_alone() -> None:
    assert reported(certbot_create_if_missing=True, nginx_worker_processes=4, nginx_http_template={}, other=1) == []


def test_a_wrong_type_is_an_error() -> None:
    assert reported(nginx_service_options="ProtectHome=no") == [
        "nginx_service_options: expected a list, got a string; put a dash before it"
    ]


@pytest.mark.case("E5")
def test_a_removed_variable_is_an_error() -> None:
    assert reported(certbot_webroot="/srv/acme") == [
        "certbot_webroot: is not a variable any more: nginx serves the responses to challenges from a fixed folder; "
        "remove it"
    ]
    assert reported(share_orderer="edge-1") == [
        "share_orderer: is not a variable any more: it was renamed; write share_issuing_edge"
    ]

# SPDX-License-Identifier: GPL-3.0-or-later
"""What several hosts are advised becomes a few lines."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.hardened.nginx_edge.plugins.filter.advice_lines import FilterModule
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.warnings import advice_lines


def test_nothing_gives_no_line() -> None:
    assert advice_lines({}) == advice_lines({"a": [], "b": []}) == []


def test_hosts_with_the_same_advice_share_a_line() -> None:
    assert advice_lines({"a": ["old", "slow", "old"], "b": ["slow"], "c": []}) == ["a: old", "a, b: slow"]


def test_advice_for_every_host_names_none() -> None:
    assert advice_lines({"a": ["old"], "b": ["old"]}) == ["all 2 hosts: old"]
    assert advice_lines({"a": ["old"]}) == ["a: old"]


def test_the_filter_takes_a_mapping_alone() -> None:
    told = FilterModule().filters()["advice_lines"]
    assert told({"a": ["old"]}) == ["a: old"]
    with pytest.raises(AnsibleFilterError, match="takes a mapping"):
        told(["old"])

# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings of several hosts become a few lines."""

from __future__ import annotations

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.report.warnings import warning_lines


def test_nothing_gives_no_line() -> None:
    assert warning_lines({}) == warning_lines({"a": [], "b": []}) == []


def test_hosts_with_the_same_warning_share_a_line() -> None:
    assert warning_lines({"a": ["old", "slow", "old"], "b": ["slow"], "c": []}) == ["a: old", "a, b: slow"]


def test_a_warning_for_every_host_names_none() -> None:
    assert warning_lines({"a": ["old"], "b": ["old"]}) == ["all 2 hosts: old"]
    assert warning_lines({"a": ["old"]}) == ["a: old"]

# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of the modules that a run executes, made by a real run on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench.controller_calls import (
    Calls,
    parse_calls,
    read_calls,
    record_calls,
)

PLAYBOOK = """
- hosts: one:two
  connection: local
  gather_facts: false
  tasks:
    - name: One module on each host
      ansible.builtin.ping:
    - name: No module
      ansible.builtin.debug:
        msg: nothing
    - name: A module for each item, on one host
      ansible.builtin.ping:
        data: "{{ item }}"
      loop: [a, b, c]
      when: inventory_hostname == 'one'
    - name: Two modules in one task
      ansible.builtin.copy:
        content: text
        dest: "{{ target }}"
        mode: "0600"
      when: inventory_hostname == 'one'
    - name: On another host
      ansible.builtin.ping:
      delegate_to: two
      when: inventory_hostname == 'one'
    - name: Fails
      ansible.builtin.file:
        path: "{{ target }}/below/a/file"
        state: directory
      ignore_errors: true
      when: inventory_hostname == 'two'
"""
TASK = '{"event": "task", "name": "%s", "seconds": %s}'


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    folder = tmp_path_factory.mktemp("calls")
    playbook, record = folder / "playbook.yml", folder / "calls.json"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    program = str(Path(sys.executable).parent / "ansible-playbook")
    python = f"ansible_python_interpreter={sys.executable}"
    command = (program, "-i", "one,two", "-e", f"target={folder / 'file'}", "-e", python, str(playbook))
    environment = {**os.environ, "ANSIBLE_HOME": str(folder / "home"), **record_calls(record)}
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=folder)
    return read_calls(record)


def test_every_execution_of_a_module_counts_for_its_host(calls: Calls) -> None:
    assert calls.by_name("one") == {"ansible.builtin.ping": 4, "stat": 1, "copy": 1}
    assert calls.by_name("two") == {"ansible.builtin.ping": 2, "ansible.builtin.file": 1}
    assert calls.count("two") == 3


def test_every_module_is_a_command(calls: Calls) -> None:
    for host in ("one", "two"):
        assert calls.commands[host] >= calls.count(host)


def test_a_task_without_modules_has_a_time_and_no_call(calls: Calls) -> None:
    assert calls.tasks["No module"] > 0
    assert not [call for call in calls.modules if call.task == "No module"]


def test_the_slowest_tasks_come_first_and_equal_names_are_summed() -> None:
    found = parse_calls([TASK % ("a", 1), TASK % ("b", 1.5), TASK % ("a", 1), TASK % ("c", 0.1)])
    assert found.slowest(2) == [("a", 2), ("b", 1.5)]


def test_an_unknown_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown event other"):
        parse_calls(['{"event": "other"}'])

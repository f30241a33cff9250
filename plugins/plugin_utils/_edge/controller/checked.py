# SPDX-License-Identifier: GPL-3.0-or-later
"""Checked models, stored for the rest of the run.

A run reads and checks each model once: the first play checks the models of all hosts, and a later task deploys what was
checked. Hosts with the same model and the same nginx share one result. Ansible runs each task in a separate process, so
the result is stored in the private temporary directory of the run, which Ansible removes at the end. Only the account
that runs Ansible can read it. Passwords of users are stored as hashes; values that the configuration itself contains,
such as request headers, are stored as they are.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.generations.content import Content, pack, unpack
from ansible_collections.hardened.nginx_edge.plugins.module_utils._edge.host.errors import EdgeError

from ..target.capabilities import Target


@dataclasses.dataclass(frozen=True)
class CheckedModel:
    """A model without errors, and what its host gets.

    :param plan: the plan for the tasks of the role, in plain types.
    :param content: the configuration.
    :param user_files: name -> text of the files with the password hashes of its users.
    """

    plan: dict[str, Any]
    content: Content
    user_files: dict[str, str]


def fingerprint(target: Target, *inputs: Any) -> str:
    """A digest of everything that the result depends on.

    :param target: whether nginx is installed yet does not matter, only its version, options and modules.
    :param inputs: plain data.
    """
    described = dataclasses.asdict(dataclasses.replace(target, installed=True))
    return hashlib.sha256(json.dumps([described, *inputs], sort_keys=True, default=repr).encode()).hexdigest()


def checked_once(folder: Path, key: str, check: Callable[[], CheckedModel]) -> CheckedModel:
    """The stored model with this fingerprint, or else the result of ``check``, which is then stored.

    Processes that need the same model at the same time wait until the first one has checked it. If it found errors,
    each of them checks the model.

    :param folder: a directory that only this account can read.
    """
    path = folder / f"edge-model-{key[:32]}.json"
    with open(os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored = load(path, key)
        if stored is not None:
            return stored
        if not lock.read():
            lock.write(b"begun\n")
            lock.flush()
            model = check()
            store(path, key, model)
            return model
    model = check()
    store(path, key, model)
    return model


def store(path: Path, key: str, model: CheckedModel) -> None:
    """Store a checked model in a file that only this account can read.

    :param key: its fingerprint.
    """
    data = {"key": key, "plan": model.plan, "content": pack(model.content), "users": model.user_files}
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")  # several processes may store the same model
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(data, stream)
    unfinished.replace(path)


def load(path: Path, key: str) -> CheckedModel | None:
    """The stored model with this fingerprint; None if there is none, or if the file is damaged."""
    try:
        data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if data["key"] != key:
            return None
        return CheckedModel(data["plan"], unpack(data["content"]), data["users"])
    except (OSError, ValueError, KeyError, TypeError, EdgeError):
        return None

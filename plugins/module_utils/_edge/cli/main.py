# Copyright: (c) 2026, hardened.nginx_edge contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``nginx-edge``: shows the generations and certificates of this host and rolls back, without Ansible.

Exit codes: 0 done, or nothing to do; 1 failed, or nginx rejected the configuration and the edge was rolled back; 2
wrong usage.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from ..generations.content import PLACEHOLDER
from ..generations.overview import Overview, Seen, read_overview
from ..generations.restoration import go_back
from ..generations.store import ORIGINAL
from ..generations.transaction import Deployment
from ..host.errors import EdgeError
from ..host.host import Host
from ..host.local import LocalHost
from ..host.paths import Layout
from ..nginx.service import Leaving
from . import certificates, check, sharing

KEEP_ALL = sys.maxsize
"""The inventory sets the number of generations to keep, so a rollback never removes any."""


class Printed(NamedTuple):
    """The result of a command: its exit code, and the text for standard output and standard error."""

    code: int
    out: str = ""
    err: str = ""


def main() -> int:
    """Entry point of the installed command; returns its exit code."""
    options = parser().parse_args()
    if os.geteuid() != 0:
        sys.stderr.write("nginx-edge: requires root; try sudo nginx-edge\n")
        return 1
    printed = run(options, LocalHost(), Layout())
    # The reader may close the pipe early (`nginx-edge show | head`). Before this point, that must not end the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stdout.buffer.write(printed.out.encode())  # the contents of the files, regardless of the terminal's locale
    sys.stdout.flush()
    sys.stderr.write(printed.err)
    return printed.code


def parser() -> argparse.ArgumentParser:
    """The parser for the options; argparse itself exits with code 2 if they are wrong."""
    top = argparse.ArgumentParser(
        prog="nginx-edge",
        description="Show the generations of this edge and its certificates, check them, and roll back.",
        epilog="NAME may be the beginning of a name. Without a command: list. Exit codes: 0 done or nothing to do, "
        "1 failed or rolled back, 2 wrong usage.",
    )
    top.set_defaults(do=_list, json=False)
    commands = top.add_subparsers(metavar="COMMAND")
    listing = commands.add_parser("list", help="list the generations and their states")
    showing = commands.add_parser("show", help="show a generation and its files")
    showing.add_argument("name", metavar="NAME", nargs="?", help="default: the live one")
    for one in (top, listing, showing):
        # A default here would override an option that is placed before the command.
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="for programs")
    comparing = commands.add_parser("diff", help="show the differences between two generations")
    comparing.add_argument("a", metavar="A")
    comparing.add_argument("b", metavar="B", nargs="?", help="default: the live one")
    going = commands.add_parser("rollback", help="roll back to an earlier generation and verify that nginx runs it")
    going.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="default: the one that ran before the live one; original: the configuration from before the first run",
    )
    going.add_argument("--check", action="store_true", help="test it with nginx, and change nothing")
    going.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="N", help="seconds for new workers to answer (default: 30)"
    )
    for one, do in ((listing, _list), (showing, _show), (comparing, _diff), (going, _rollback)):
        one.set_defaults(do=do)
    check.add_commands(commands)
    certificates.add_commands(commands)
    sharing.add_commands(commands)
    return top


def run(options: argparse.Namespace, host: Host, layout: Layout) -> Printed:
    """Run the command that the options of :func:`parser` select."""
    try:
        return Printed(0, options.do(options, host, layout))
    except EdgeError as error:
        return Printed(1, err="\n  ".join((f"nginx-edge: {error.message}", *error.details)) + "\n")
    except OSError as error:
        return Printed(1, err=f"nginx-edge: {error}\n")
    except KeyboardInterrupt:
        return Printed(1, err="nginx-edge: interrupted; run nginx-edge list to see the state\n")


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return float(text)


def _list(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    seen = read_overview(host, layout)
    if options.json:
        names = {"live": seen.live, "running": seen.running, "answers": seen.answers, "back": seen.back}
        leaving = [asdict(one) for one in seen.leaving]
        return _json({**names, "leaving": leaving, "generations": [_facts(one) for one in seen.generations]})
    rows = [("GENERATION", "CREATED (UTC)", "PROVEN (UTC)", "STATE")]
    rows += [
        (one.name, _date(one.manifest.created), _date(one.proven), ", ".join(_states(one, seen)))
        for one in seen.generations
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    table = ["  ".join((*(cell.ljust(width) for cell, width in zip(row, widths)), row[3])).rstrip() for row in rows]
    return "\n".join((*table, "", *_remarks(seen))) + "\n"


def _states(one: Seen, seen: Overview) -> Iterator[str]:
    for state, name in (("live", seen.live), ("running", seen.running), ("answers", seen.answers)):
        if one.name == name:
            yield state
    if one.drift:
        yield f"CHANGED BY HAND: {' '.join(one.drift)}"


def _remarks(seen: Overview) -> Iterator[str]:
    """Problems, and the target of a rollback."""
    if seen.live is None:
        yield "nginx.conf does not belong to a generation."
    elif seen.answers is None:
        yield f"No generation answers. To start or reload nginx: nginx-edge rollback {seen.live}"
    elif not seen.live == seen.running == seen.answers:
        yield f"The live generation does not answer. To reload nginx: nginx-edge rollback {seen.live}"
    if seen.leaving:
        workers = "1 worker" if len(seen.leaving) == 1 else f"{len(seen.leaving)} workers"
        yield f"{workers} of earlier configurations still serve: {', '.join(map(_worker, seen.leaving))}."
    yield f"Without a name, rollback goes to {seen.back}." if seen.back else "There is no earlier generation."
    if seen.original and seen.live is not None:
        yield "To restore the configuration from before the first run: nginx-edge rollback original"


def _worker(one: Leaving) -> str:
    return f"process {one.pid}, started {one.age} s ago"


def _show(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    seen = read_overview(host, layout)
    one = _named(seen, options.name)
    texts = _texts(host, layout, one)
    if options.json:
        return _json({**_facts(one), "texts": texts})
    facts = {
        "generation": one.name,
        "state": ", ".join(_states(one, seen)) or "kept",
        "created": f"{_date(one.manifest.created)} UTC",
        "made by": f"{one.manifest.made_by or 'unknown'}, with version {one.manifest.version} of the collection",
        "proven": f"{_date(one.proven)} UTC" if one.proven is not None else "never",
        "answers at": f"http://127.0.0.1:{one.manifest.status_port}/generation",
    }
    lines = [f"{key + ':':<13}{value}" for key, value in facts.items()]
    lines += [f"nginx warns: {warning}" for warning in one.manifest.warnings]
    files = [f"\n==> {layout.folder(one.name)}/{path} <==\n{text}" for path, text in texts.items()]
    return "\n".join((*lines, *files))


def _diff(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    seen = read_overview(host, layout)
    old, new = seen.find(options.a), _named(seen, options.b)
    # The texts of each generation contain its name, which does not count as a difference.
    before, after = (
        {path: text.replace(one.name, PLACEHOLDER) for path, text in _texts(host, layout, one).items()}
        for one in (old, new)
    )
    lines: list[str] = []
    for path in sorted({*before, *after}):
        lines += difflib.unified_diff(
            before.get(path, "").splitlines(),
            after.get(path, "").splitlines(),
            f"{old.name}/{path}" if path in before else "/dev/null",
            f"{new.name}/{path}" if path in after else "/dev/null",
            lineterm="",
        )
    return "".join(f"{line}\n" for line in lines)


def _rollback(options: argparse.Namespace, host: Host, layout: Layout) -> str:
    named = options.name if options.name in (None, ORIGINAL) else read_overview(host, layout).find(options.name).name
    done = go_back(host, layout, named, check=options.check, timeout=options.timeout, keep=KEEP_ALL)
    if named == ORIGINAL:
        return _restored(done, check=options.check)
    if not done.changed:
        return f"Generation {done.name} is live already; nothing was changed.\n"
    before = done.previous or "a file without a generation"
    if options.check:
        return f"nginx accepts generation {done.name}. Live is {before}; nothing was changed.\n"
    proven = f"Generation {done.name} is live, and new workers answer with it.\n"
    if done.previous == done.name:
        return proven
    return (
        f"{proven}Live before: {before}.\n"
        "The next run of site.yml deploys the model of the inventory again: fix the model too.\n"
    )


def _restored(done: Deployment, *, check: bool) -> str:
    files = "".join(f"{line}\n" for line in done.warnings)
    if not done.changed:
        return "The original configuration is live already; nothing was changed.\n"
    if check:
        return f"{files}The original configuration would be live, without the sandbox. Nothing was changed.\n"
    return (
        f"{files}The original configuration is live, and nginx runs it without the sandbox.\n"
        f"Live before: {done.previous or 'a file without a generation'}.\n"
        "The next run of site.yml takes the host over again if edge_take_over allows it.\n"
    )


def _named(seen: Overview, name: str | None) -> Seen:
    """The generation of that name; the live one without a name."""
    if name is None and seen.live is None:
        raise EdgeError("nginx.conf does not belong to a generation: give the name of a generation")
    return seen.find(seen.live or "" if name is None else name)


def _texts(host: Host, layout: Layout, one: Seen) -> dict[str, str]:
    """Relative path -> current text, including files that were added by hand."""
    found = {path: host.read(f"{layout.folder(one.name)}/{path}") for path in {*one.manifest.files, *one.drift}}
    return {path: data.decode(errors="replace") for path, data in sorted(found.items()) if data is not None}


def _facts(one: Seen) -> dict[str, Any]:
    return {**asdict(one.manifest), "proven": one.proven, "drift": list(one.drift)}


def _date(seconds: float | None) -> str:
    return "never" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _json(data: Any) -> str:
    return json.dumps(data, indent=2) + "\n"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws models for some minutes, each other ones, and lets the checker, a parser and the real nginx judge them.

``python -m tools.fuzz --minutes 10 [--seed N]``. A failure prints the smallest model found, and the seed that finds it
again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from contextlib import ExitStack

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ansible_collections.hardened.nginx_edge.tests.containers.edges import edge_container
from ansible_collections.hardened.nginx_edge.tests.properties.fixing import fixed
from ansible_collections.hardened.nginx_edge.tests.properties.models import Drawn, broken, poisoned
from ansible_collections.hardened.nginx_edge.tests.properties.nginx import Trial
from ansible_collections.hardened.nginx_edge.tests.properties.properties import holds_for_text, refusals_have_a_place
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS

ROUND = 100
"""Models between two looks at the clock."""

unbounded = settings(
    max_examples=ROUND,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@unbounded
@given(drawn=broken())
def try_refusals(drawn: Drawn) -> None:
    refusals_have_a_place(drawn)


@unbounded
@given(drawn=poisoned(), target=st.sampled_from(sorted(TARGETS)))
def try_text(drawn: Drawn, target: str) -> None:
    holds_for_text(fixed(drawn, TARGETS[target]), target)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="draw what this seed draws, once")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.minutes * 60
    with ExitStack() as stack:
        trial = Trial({suite: stack.enter_context(edge_container(suite)) for suite in TARGETS})
        while time.monotonic() < end:
            number = arguments.seed if arguments.seed is not None else random.getrandbits(32)
            seeded = seed(number)
            try:
                seeded(try_refusals)()
                seeded(try_text)()
                trial.run(unbounded, seeded)
            except Exception:  # noqa: BLE001 - whatever is raised is the finding
                traceback.print_exc()
                print(f"✘ found with SEED={number}, after: {trial}")
                return 1
            print(f"  {trial}", flush=True)
            if arguments.seed is not None:
                break
    print(f"✔ {trial}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

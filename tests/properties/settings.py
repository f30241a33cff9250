# SPDX-License-Identifier: GPL-3.0-or-later
"""How the bounded runs draw: the same examples each time, so many, without regard to the time that one takes."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def bounded(examples: int, *, shrinks: bool = True) -> settings:
    """Settings for a run of so many examples.

    :param shrinks: look for the smallest example that fails; for what is slow, the first one has to do.
    """
    return settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=examples,
        phases=(Phase.explicit, Phase.generate, *((Phase.shrink,) if shrinks else ())),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )

# SPDX-License-Identifier: GPL-3.0-or-later
"""The property that takes the real nginx: what the checker accepts, nginx accepts too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from hypothesis import given, settings

from ..containers.edges import EdgeContainer
from ..unit.models import TARGETS
from .fixing import fixed
from .models import Drawn, all_options, options_of, poisoned
from .properties import rendered

Seeded = Callable[[Callable[[], None]], Callable[[], None]]
FIXED_FOR = "trixie"
"""The target whose checker fixes a model. Others may refuse it still, for what their nginx cannot do."""


class Trial:
    """Lets the nginx of each suite test models, and counts.

    :param edges: suite -> its container.
    """

    def __init__(self, edges: Mapping[str, EdgeContainer]) -> None:
        self.edges = edges
        self.models = 0
        self.accepted: Counter[str] = Counter()
        self.options: set[str] = set()

    def __str__(self) -> str:
        told = (f"{suite} {self.accepted[suite]}, refused {self.models - self.accepted[suite]}" for suite in self.edges)
        options = f"{len(self.options)} of {len(list(all_options()))} options"
        return f"{self.models} models tried, {options}; accepted by the checker and by nginx of {'; '.join(told)}"

    def run(self, how: settings, seeded: Seeded = lambda test: test) -> None:
        """Draw and try; raises ``AssertionError`` with the smallest model found that nginx refuses."""

        @how
        @given(drawn=poisoned())
        def try_one(drawn: Drawn) -> None:
            self.try_one(fixed(drawn, TARGETS[FIXED_FOR]))

        seeded(try_one)()

    def try_one(self, model: Drawn) -> None:
        """One model, by all suites at once."""
        self.models += 1
        texts = {suite: files for suite in self.edges if (files := rendered(model, suite)) is not None}
        for suite, files in texts.items():
            self.edges[suite].ask(files)
        for suite, verdict in [(suite, self.edges[suite].answer()) for suite in texts]:
            assert verdict.accepted, f"nginx of {suite} says: {verdict.printed}"
            self.accepted[suite] += 1
            self.options.update(options_of(model.whole))

# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every model, tried with some hundred drawn ones. Which ones is fixed; ``make fuzz`` draws others.

``tests/containers`` lets the real nginx test such models.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax import formats
from ansible_collections.hardened.nginx_edge.plugins.plugin_utils._edge.syntax.formats import Format
from ansible_collections.hardened.nginx_edge.tests.properties.fixing import fixed
from ansible_collections.hardened.nginx_edge.tests.properties.models import Drawn, broken, poisoned
from ansible_collections.hardened.nginx_edge.tests.properties.properties import holds_for_text, refusals_have_a_place
from ansible_collections.hardened.nginx_edge.tests.properties.settings import bounded
from ansible_collections.hardened.nginx_edge.tests.properties.texts import KINDS, hostile
from ansible_collections.hardened.nginx_edge.tests.unit.models import TARGETS

FORMATS = {name: value for name, value in vars(formats).items() if isinstance(value, Format)}
SYNTAX = frozenset([";", "{", "}", '"', "'", "\\", "#", "\n", "\r", "\t", "\x00", "\x7f"]) | {" "}
"""What ends, opens or hides something in nginx's language."""


def test_every_format_is_drawn() -> None:
    assert [name for name, wanted in FORMATS.items() if wanted not in KINDS] == []


@pytest.mark.parametrize("name", FORMATS)
@bounded(100)
@given(data=st.data())
def test_no_text_leaves_its_parameter(name: str, data: st.DataObject) -> None:
    """What is written without quotes admits nothing that nginx would read as its own; all of it can be written."""
    wanted = FORMATS[name]
    text = data.draw(hostile(KINDS[wanted].texts))
    if wanted.fits(text):
        text.encode()
        if KINDS[wanted].harmless is None and wanted not in {formats.DIRECTIVES, formats.BUFFERS}:
            assert not SYNTAX & set(text)


@pytest.mark.parametrize("name", FORMATS)
@bounded(30)
@given(data=st.data())
def test_a_harmless_text_is_of_the_same_format(name: str, data: st.DataObject) -> None:
    wanted = FORMATS[name]
    kind = KINDS[wanted]
    text = data.draw(hostile(kind.texts))
    if kind.harmless is not None and wanted.fits(text):
        assert wanted.fits(kind.harmless(text))


@bounded(150)
@given(drawn=broken())
def test_whatever_is_wrong_is_told_with_its_place(drawn: Drawn) -> None:
    refusals_have_a_place(drawn)


@bounded(150)
@given(drawn=poisoned(), target=st.sampled_from(sorted(TARGETS)))
def test_no_text_becomes_a_directive(drawn: Drawn, target: str) -> None:
    holds_for_text(fixed(drawn, TARGETS[target]), target)

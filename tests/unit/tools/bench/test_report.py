# SPDX-License-Identifier: GPL-3.0-or-later
"""From a record of benchmarks to JSON, the table and the page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tools.bench import record
from ansible_collections.hardened.nginx_edge.tools.bench.curves import curves, slug
from ansible_collections.hardened.nginx_edge.tools.bench.page import ENTRY, page, with_entry, write
from ansible_collections.hardened.nginx_edge.tools.bench.results import Goal, Measurement, Section
from ansible_collections.hardened.nginx_edge.tools.bench.table import number, ratio, table

MACHINE = {"cores": "2", "CPU": "a model"}
SECTION = Section(
    "Traffic",
    (
        Measurement("small", "edge", "requests/s", (900.0, 1000.0, 1100.0)),
        Measurement("small", "HAProxy", "requests/s", (1200.0, 1250.0, 1300.0)),
        Measurement("small", "Caddy | 2", "requests/s", (0.5,)),
        Measurement("small", "edge", "p99 ms", (5.0,)),
        Measurement("reload, idle", "edge", "s until proven", (0.7,)),
    ),
    (
        Goal("edge to HAProxy", 0.8, 1.0, at_least=True),
        Goal("p99 to HAProxy", 0.9, 1.0, at_least=False),
        Goal("edge to Caddy", None, 2.0, at_least=True),
    ),
    {"nginx": "1.26.3"},
    ("A note.",),
)
PART = record.Part("traffic", SECTION, False, "2026-01-31", "abcdef0", 61.4, 0.02, 1.5)
PROFILE = record.Profile("HAProxy", "small", "2026-01-31", "abcdef0", ((12.34, "SSL_read", "libssl.so.3"),))
RECORD = record.Record(MACHINE, (PART,), {"fleet": "it broke\nbadly"}, (PROFILE,))


@pytest.mark.parametrize(
    ("value", "text"),
    [(12345.6, "12,346"), (100, "100"), (99.94, "99.94"), (1, "1.00"), (0.0456, "0.0456"), (0, "0.00"), (-250, "-250")],
)
def test_numbers_have_few_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_the_ratio_is_that_of_the_edge_to_a_candidate() -> None:
    edge, haproxy = SECTION.measurements[:2]
    assert ratio(SECTION, haproxy) == pytest.approx(0.8)
    assert ratio(SECTION, edge) is None
    assert ratio(SECTION, replace(haproxy, values=(0.0,))) is None
    assert ratio(replace(SECTION, measurements=(haproxy,)), haproxy) is None


def test_the_table_is_aligned_and_ends_with_goals_and_failures() -> None:
    assert table(RECORD).splitlines() == [
        "",
        "Traffic",
        "  small: requests/s",
        "    edge       1,000  900 to 1,100",
        "    HAProxy    1,250  1,200 to 1,300  edge: 0.8 x",
        "    Caddy | 2    0.5                  edge: 2,000 x",
        "  small: p99 ms",
        "    edge  5.00",
        "  reload, idle: s until proven",
        "    edge  0.7",
        "  A note.",
        "  Other load on the machine: 2% of a core before, 150% after.",
        "",
        "Goals",
        "  missed             0.8  at least 1.00  edge to HAProxy",
        "  met                0.9  at most 1.00   p99 to HAProxy",
        "  not measured            at least 2.00  edge to Caddy",
        "fleet has no result: it broke",
        "badly",
    ]


def test_a_record_survives_json(tmp_path: Path) -> None:
    path = tmp_path / "there" / "results.json"
    record.write(RECORD, path)
    assert record.load(path) == RECORD
    assert record.read(path, MACHINE) == RECORD


def test_results_of_another_machine_are_not_reused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert record.read(path, MACHINE) == record.Record(MACHINE)
    record.write(RECORD, path)
    assert record.read(path, {"cores": "64"}) == record.Record({"cores": "64"})
    path.write_text('{"machine": {}, "parts": [{"module": "other form"}], "failures": {}}', encoding="utf-8")
    assert record.read(path, MACHINE) == record.Record(MACHINE)


def test_a_part_replaces_the_earlier_result_of_its_module() -> None:
    again = replace(PART, date="2026-02-01")
    assert RECORD.with_part(again).parts == (again,)
    assert RECORD.with_part(replace(PART, module="fleet")).failures == {}
    failed = RECORD.with_failure("traffic", "no engine")
    assert (failed.parts, failed.failures) == ((), {"fleet": "it broke\nbadly", "traffic": "no engine"})
    assert RECORD.with_profiles(()).profiles == (PROFILE,)


def test_the_page_names_the_machine_first() -> None:
    lines = page(RECORD, {"traffic": ["traffic-requests-s.png"]}).splitlines()
    assert lines.index("| CPU | a model |") < lines.index("## Goals") < lines.index("## Traffic")


@pytest.mark.parametrize(
    "line",
    [
        "| Traffic | edge to HAProxy | 0.8 | at least 1.00 | missed |",
        "| Traffic | edge to Caddy |  | at least 2.00 | not measured |",
        "[Where the time goes](../explanation/speed.md) explains the goals that were missed.",
        "Measured on 2026-01-31 at commit abcdef0, in the full form, in 61 s.",
        "Other load on the machine: 2% of a core before, 150% after.",
        "Versions: nginx 1.26.3.",
        "- A note.",
        "![Traffic: traffic-requests-s](speed/traffic-requests-s.png)",
        "| Candidate | requests/s | ratio of the edge | p99 ms |",
        "|---|---|---|---|",
        "| edge | 1,000 (900 to 1,100) |  | 5.00 |",
        "| HAProxy | 1,250 (1,200 to 1,300) | 0.8 |  |",
        "| Caddy \\| 2 | 0.5 | 2,000 |  |",
        "| Subject | s until proven |",
        "| reload, idle | 0.7 |",
        "### HAProxy: small",
        "| 12.3 % | `SSL_read` | libssl.so.3 |",
        "- `fleet`: it broke badly",
    ],
)
def test_the_page_has_what_was_measured(line: str) -> None:
    assert line in page(RECORD, {"traffic": ["traffic-requests-s.png"]}).splitlines()


def test_a_quick_result_is_marked() -> None:
    quick = replace(RECORD, parts=(replace(PART, quick=True),))
    assert "in the quick form" in page(quick, {})
    assert "Traffic (quick)" in table(quick)


def test_the_page_is_added_to_its_index_once(tmp_path: Path) -> None:
    index = tmp_path / "index.md"
    index.write_text(
        "# Reference\n\nThe tests write these pages:\n\n| Page | Contents |\n|---|---|\n", encoding="utf-8"
    )
    for _time in range(2):
        assert write(RECORD, tmp_path, {}) == tmp_path / "speed.md"
    assert index.read_text(encoding="utf-8").count(ENTRY) == 1
    assert index.read_text(encoding="utf-8").endswith(f"|---|---|\n{ENTRY}\n")


def test_an_index_without_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="no line"):
        with_entry("# Reference\n")


def test_three_sizes_make_a_curve() -> None:
    sized = [Measurement(f"first run, {count} sites", "edge", "s", (1.0,)) for count in ("1", "100", "1,000")]
    few = [Measurement(f"no changes, {count}", "edge", "s", (1.0,)) for count in ("1 site", "100 sites")]
    sized[0] = replace(sized[0], subject="first run, 1 site")
    found = curves([*few, *sized])
    assert {subject: [count for count, _one in points["edge"]] for subject, points in found.items()} == {
        "first run, sites": [1, 100, 1000]
    }


def test_names_of_plots_are_names_of_files() -> None:
    assert slug("traffic CPU us per request") == "traffic-cpu-us-per-request"
    assert slug("traffic % of requests/s") == "traffic-of-requests-s"

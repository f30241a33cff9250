# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of tutorials finds every command, output and file of a page, and refuses a page that it would misread."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from ansible_collections.hardened.nginx_edge.tests.unit.models import ROOT
from ansible_collections.hardened.nginx_edge.tools.tutorial import Command, File, Step, read_steps

TUTORIAL = ROOT / "docs" / "tutorial" / "first-edge.md"
GENERATED = "cookbook.md"
GUIDES = sorted(path for path in ROOT.glob("docs/how-to/*.md") if path.name not in ("index.md", GENERATED))
PAGE = """\
# A page

## Write files

`prod/hosts.yml`:

```yaml
edge:
  hosts:
```

```yaml
not: a file
```

## Run commands

```console
# a comment
make all
cd there/below
one \\
  two
```

```text output
done in ... seconds
```

1. In a list:

   `../x.html`:

   ```html
   <p>
     text
   ```

   ```console fails
   false
   ```

```console skip
elsewhere
```

```text output
never
```
"""


def test_a_page_is_read_into_its_steps() -> None:
    assert read_steps(PAGE) == [
        File(7, "Write files", ".", "prod/hosts.yml", "edge:\n  hosts:\n"),
        Command(20, "Run commands", ".", "make all"),
        Command(22, "Run commands", "there/below", "one \\\n  two", output="done in ... seconds\n"),
        File(34, "Run commands", "there/below", "../x.html", "<p>\n  text\n"),
        Command(40, "Run commands", "there/below", "false", fails=True),
    ]


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("```console\nmake\n", "line 1: the block has no end"),
        ("text\n\n```console failing\nmake\n```\n", "line 3: unknown words after console: failing"),
        ("```text output\nnothing\n```\n", "line 1: an output without a command"),
        ("```console\nmake\n```\n```yaml\na: 1\n```\n```text output\nx\n```\n", "line 7: an output without a command"),
        ("```console\nmake \\\n```\n", "line 1: the last command is not complete"),
        ("```console fails\ncd x\n```\n", "line 1: no command that can fail"),
    ],
)
def test_a_page_that_breaks_the_conventions_is_refused(page: str, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        read_steps(page)


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (None, "anything", True),
        ("Hello\n", "Hello\n", True),
        ("Hello\n", "Hello world\n", False),
        ("Hello\n", "Oh\nHello\n", False),
        ("...\nHello\n...\n", "Oh\nHello\nand more\n", True),
        ("...\nHello\n...\n", "Hello\n", True),
        ("...\nHello\n", "Hell\n", False),
        ("edge-1: ok=... failed=0 ...\n", "edge-1:   ok=12\n  failed=0   skipped=1\n", True),
        ("edge-1: ok=... failed=0 ...\n", "edge-1: ok=12 failed=1 skipped=1\n", False),
        ("goes to ....\n", "goes to 8e1f.\n", True),
        ("a.c\n", "abc\n", False),
    ],
)
def test_an_output_matches_with_any_text_for_dots(shown: str | None, printed: str, same: bool) -> None:
    assert Command(1, "", ".", "true", output=shown).matches(printed) is same


def tutorial() -> list[Step]:
    return read_steps(TUTORIAL.read_text(encoding="utf-8"))


def test_the_tutorial_takes_the_whole_path() -> None:
    """From the installation to a rollback, with results that a reader can compare."""
    commands = [step.text for step in tutorial() if isinstance(step, Command)]
    way = ("ansible-galaxy collection install", "ansible-playbook hardened.nginx_edge.init", "--check --diff", "curl")
    firsts = [next(number for number, text in enumerate(commands) if word in text) for word in way[:3]]
    assert firsts == sorted(firsts)
    assert sum(way[3] in text for text in commands) >= 5
    assert "nginx-edge rollback" in commands
    assert sum(step.output is not None for step in tutorial() if isinstance(step, Command)) >= 10


def test_the_tutorial_starts_in_an_empty_directory() -> None:
    assert {step.directory for step in tutorial()} == {".", "edges"}


def test_the_files_of_the_tutorial_replace_files_of_the_new_repository() -> None:
    written = {step.path for step in tutorial() if isinstance(step, File) and step.directory == "edges"}
    scaffold = ROOT / "playbooks" / "files" / "ops"
    assert [path for path in sorted(written) if not (scaffold / path).is_file()] == []
    assert "prod/group_vars/edge/sites.yml" in written


def test_an_indented_block_loses_its_indentation_only() -> None:
    page = textwrap.indent("`x.yml`:\n\n```yaml\na:\n  b: 1\n\n```\n", "   ")
    assert read_steps(page) == [File(3, "", ".", "x.yml", "a:\n  b: 1\n\n")]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_follows_the_conventions(guide: Path) -> None:
    """A guide that has no step to carry out describes only steps that need something else."""
    text = guide.read_text(encoding="utf-8")
    assert read_steps(text) != [] or "```console skip\n" in text

"""The documentation tells the truth: its examples run, its links lead somewhere."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from user_stats.__main__ import parser

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_example_of_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text()
    examples = re.findall(r"```pycon\n(.*?)```", text, re.DOTALL)
    assert examples
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in examples:
        runner.run(parser.get_doctest(example, {}, "README.md", "README.md", 0))
    assert runner.summarize().failed == 0
    assert runner.summarize().attempted > 15


def test_the_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text()
    usage = parser().format_usage() + parser().format_help()
    commands = re.findall(r"^    ([a-z][a-z-]*)\b", usage, re.MULTILINE)
    assert {"serve", "cleanup", "users"} <= set(commands)
    for command in commands:
        assert f"python -m user_stats {command}" in readme, f"the README does not list {command}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_dependency_has_its_reason_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for line in [*(ROOT / "requirements.txt").open(), *(ROOT / "requirements-dev.txt").open()]:
        if name := re.match(r"[a-z][a-z0-9_-]*", line):
            assert f"`{name[0]}`" in readme, f"the README does not say why {name[0]} is there"

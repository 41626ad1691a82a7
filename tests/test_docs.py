"""The documentation names everything that users can say, and nothing that they cannot."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer.main

from harvester import config
from harvester.ledger import verdict
from harvester.mapping.declared import DISTRIBUTION, PROPERTIES
from harvester.members import Expectations, HarvestSource, Member
from harvester.members_table import markdown
from harvester.options import OPTIONS
from indexer.cli import app

ROOT = Path(__file__).parent.parent
OPERATORS = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
MAINTAINERS = (ROOT / "docs" / "maintainers.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_its_options_stand_in_the_operators_guide(command: str) -> None:
    assert f"datamoa {command}" in OPERATORS
    for parameter in COMMANDS[command].params:
        for option in parameter.opts:
            assert not option.startswith("--") or option == "--help" or option in OPERATORS, f"{command} {option}"


def test_the_documents_name_no_command_that_does_not_exist() -> None:
    for text in (OPERATORS, MAINTAINERS, README):
        for command in re.findall(r"`datamoa ([a-z]+)", text) + re.findall(r"^datamoa ([a-z]+)", text, re.MULTILINE):
            assert command in COMMANDS, command


@pytest.mark.parametrize("key", sorted(set(HarvestSource.model_fields) - {"member", "key", "options"}))
def test_every_key_of_a_source_stands_in_the_maintainers_guide(key: str) -> None:
    assert f"| `{key}` |" in MAINTAINERS


@pytest.mark.parametrize("key", sorted(set(Member.model_fields) - {"id"}) + sorted(Expectations.model_fields))
def test_every_key_of_a_member_stands_in_the_maintainers_guide(key: str) -> None:
    assert f"`{key}`" in MAINTAINERS


@pytest.mark.parametrize(
    ("protocol", "option"), [(name, option) for name, options in OPTIONS.items() for option in options.model_fields]
)
def test_every_option_of_a_protocol_stands_in_the_maintainers_guide(protocol: str, option: str) -> None:
    assert f"`{protocol}`" in MAINTAINERS
    assert f"| `{option}` |" in MAINTAINERS


def test_every_property_that_a_rule_or_a_spider_fills_stands_in_the_maintainers_guide() -> None:
    for name in PROPERTIES:
        assert f"`{name}`" in MAINTAINERS, name


def test_every_key_of_a_distribution_stands_in_the_maintainers_guide() -> None:
    said = MAINTAINERS[MAINTAINERS.index("`distribution` takes a list") :]
    said = said[: said.index("\nAnything else")]
    for name in ("title", "description", "identifier", "license", *DISTRIBUTION):
        assert f"`{name}`" in said, name


def test_every_reason_of_a_verdict_stands_in_the_operators_guide() -> None:
    reasons = [value for name, value in vars(verdict).items() if name.isupper() and isinstance(value, str)]
    assert len(reasons) > 10
    for reason in reasons:
        assert f"| {reason} |" in OPERATORS, reason


@pytest.mark.parametrize("variable", ["DATAMOA_HOME", "DATAMOA_CONFIG", "DATAMOA_DATABASE_URL", "DATAMOA_INDEX_URL"])
def test_every_setting_stands_in_the_readme_and_the_operators_guide(variable: str) -> None:
    assert variable in README
    assert variable in OPERATORS


def test_settings_read_no_other_variable() -> None:
    source = (ROOT / "harvester" / "config.py").read_text(encoding="utf-8")
    assert set(re.findall(r"DATAMOA_[A-Z_]+", source)) == {
        "DATAMOA_HOME",
        "DATAMOA_CONFIG",
        "DATAMOA_DATABASE_URL",
        "DATAMOA_INDEX_URL",
    }


def test_the_locks_have_hashes_and_name_no_registry() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        requirements = re.findall(r"^([a-z0-9-]+)==.*?(?=^[a-z0-9-]+==|\Z)", text, re.MULTILINE | re.DOTALL)
        assert text.count("--hash=sha256:") >= len(requirements) > 50
        for dependency in project["dependencies"]:
            wanted = re.split(r"[\[<>=!~]", dependency)[0].lower().replace("_", "-")
            assert re.search(rf"^{re.escape(wanted)}(\[|==)", text, re.MULTILINE), dependency


def test_links_between_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_help_of_the_program_lists_every_command() -> None:
    done = subprocess.run([sys.executable, "-m", "indexer", "--help"], capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert command in done.stdout


def test_the_table_of_members_is_current() -> None:
    written = (ROOT / "docs" / "members.md").read_text(encoding="utf-8")
    assert written == markdown(config.members(config.default_config())), "datamoa members --markdown > docs/members.md"

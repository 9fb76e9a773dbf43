"""README, the texts it leads to, .env.example and CHANGELOG say what the code does."""

from __future__ import annotations

import json
import logging
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import click
import pytest
from cryptography.fernet import Fernet
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import connector
from connector import manifest
from connector.cli import main
from connector.cli.exit_codes import ExitCode
from connector.domain.checks.unchecked import NOT_CHECKED
from connector.domain.connection import ConnectionSettings, EscalationRule, ReminderPolicy
from connector.domain.errors import ConnectorError
from connector.domain.follow_up import Reason
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import DifferenceKind
from connector.domain.task import TaskKind
from connector.hosts.base import Why
from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.hosts.fortnox.kind import KIND as FORTNOX
from connector.hosts.fortnox.oauth import SCOPES, SERVICE_ACCOUNT_REFUSAL, code_of_callback
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.odoo import inventory
from connector.hosts.odoo.settings import OdooSettings
from connector.resources import templates_path
from connector.sandbox.fortnox.grants import KNOWN_SCOPES
from connector.sandbox.fortnox.switches import Consent
from connector.settings import Settings, load_settings, setting_fields
from connector.words import LANGUAGES, catalogue
from tests.chaos.__main__ import SCENARIOS
from tests.conftest import SettingsFactory
from tests.live.fortnox_points import POINTS
from tests.said import TEXTS
from tests.source import PACKAGE, ROOT, question_codes, remote_codes

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (PACKAGE / "OPERATING.md").read_text(encoding="utf-8")
LONGEST_README = 220
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def section(title: str, document: str = README) -> str:
    """The text under one heading, up to the next of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#+ |\Z)", document, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[2]


def table(title: str, document: str = README) -> dict[str, tuple[str, ...]]:
    """The rows of a section's tables, by their first cell without its backticks."""
    rows = [line for line in section(title, document).splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]) for row in rows]
    return {row[0].strip("`"): row[1:] for row in cells if not set(row[0]) <= set("-")}


def anchors(document: str) -> set[str]:
    """What links can lead to in a document: its headings, as they are shown on a forge."""
    titles = re.findall(r"^#+ (.*)$", document, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def as_written(value: object) -> str:
    """A default as the documents write it."""
    match value:
        case None | "":
            return "empty"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case Enum():
            return str(value.value)
        case Path() | int() | str() | Decimal():
            return str(value)
        case tuple() | list():
            return json.dumps([str(one) for one in value])
        case _:
            return "{}"


def documented_default(row: tuple[str, ...]) -> str:
    return "empty" if row[0] in {"empty", "`null`"} else row[0].strip("`")


def defaults(model: type[BaseModel]) -> dict[str, str]:
    return defaults_in(model.model_fields)


def defaults_in(fields: Mapping[str, FieldInfo]) -> dict[str, str]:
    return {
        name: "none" if field.is_required() else as_written(field.get_default(call_default_factory=True))
        for name, field in fields.items()
    }


def test_every_setting_is_in_the_guide_for_operating_with_its_default() -> None:
    documented = table("Settings", OPERATING)
    rows = {name.lower(): documented_default(row) for name, row in documented.items() if name != "setting"}

    assert rows == defaults_in(setting_fields())


def env_lines() -> dict[str, str]:
    lines = re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", ENV_EXAMPLE, re.MULTILINE)
    return {name.lower(): value for name, value in lines}


def test_every_setting_is_in_the_example_with_its_default() -> None:
    expected = {
        name: value.replace("none", "").replace("empty", "") for name, value in defaults_in(setting_fields()).items()
    }

    assert env_lines() == expected


def test_the_example_works_once_its_secrets_are_filled_in(
    tmp_path: Path, settings_factory: SettingsFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = settings_factory()
    monkeypatch.chdir(tmp_path)
    everything_set = re.sub(r"^# ([A-Z][A-Z0-9_]+=)", r"\1", ENV_EXAMPLE, flags=re.MULTILINE)
    filled = everything_set.replace("SECRET_KEYS=", f"SECRET_KEYS={Fernet.generate_key().decode()}").replace(
        "SESSION_SECRET=", f"SESSION_SECRET={'s' * 40}"
    )
    (tmp_path / "example").write_text(filled, encoding="utf-8")

    read = load_settings(tmp_path / "example")

    assert read.settle_s == defaults_of(Settings)["settle_s"]
    assert read.database_url is None
    assert read.amili_sandbox_url == plain.amili_sandbox_url


def defaults_of(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.default for name, field in model.model_fields.items()}


def test_every_setting_of_a_company_is_in_the_guide_for_operating_with_its_default() -> None:
    documented = table("Settings of a company", OPERATING)
    rows = {name: documented_default(row) for name, row in documented.items() if name != "setting"}
    expected = defaults(ConnectionSettings)
    for part, model in (("reminders", ReminderPolicy), ("rule", EscalationRule)):
        del expected[part]
        expected |= {f"{part}.{name}": default for name, default in defaults(model).items()}
    expected |= defaults(OdooSettings) | defaults(FortnoxSettings)

    assert rows == expected


def commands(group: click.Group, prefix: str = "amili-connector") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def test_every_command_is_in_the_guide_for_operating_and_no_other() -> None:
    written = table("Commands", OPERATING).keys() - {"command"}
    listed = {" ".join(word for word in row.split() if not word[0].isupper()) for row in written}

    assert listed == set(commands(main))


def test_every_exit_code_is_in_the_guide_for_operating() -> None:
    assert table("Exit codes", OPERATING).keys() - {"code"} == {str(code.value) for code in ExitCode}


TEXTS_BY_READER = (
    README,
    OPERATING,
    *((PACKAGE / "hosts" / host / "README.md").read_text(encoding="utf-8") for host in ("odoo", "fortnox")),
    *(path.read_text(encoding="utf-8") for path in sorted((templates_path() / "help").rglob("*.html"))),
)


def test_every_code_setting_command_and_difference_is_found_where_its_reader_reads() -> None:
    words = set(re.findall(r"[\w.]+", "\n".join(TEXTS_BY_READER)))
    company = {*ConnectionSettings.model_fields, *OdooSettings.model_fields, *FortnoxSettings.model_fields}
    known = {
        *(key.partition(".")[0] for key in (*TEXTS, *NOT_CHECKED)),
        *remote_codes(),
        *question_codes(),
        *(f"follow_up_{reason}" for reason in Reason),
        *DifferenceKind,
        *HandOverState,
        *TaskKind,
        *(name.upper() for name in setting_fields()),
        *(company - {"reminders", "rule"}),
        *(f"reminders.{name}" for name in ReminderPolicy.model_fields),
        *(f"rule.{name}" for name in EscalationRule.model_fields),
    }

    assert {str(one) for one in known} - words == set()
    assert [one for one in commands(main) if not any(f"`{one}" in text for text in TEXTS_BY_READER)] == []


def test_the_readme_is_short_and_nothing_generates_into_it() -> None:
    assert len(README.splitlines()) <= LONGEST_README
    assert re.findall(r"<!-- (.*?) -->", README) == ["test command"]


def test_the_readme_leads_to_the_help_in_every_language() -> None:
    assert {f"(templates/help/{language})" for language in LANGUAGES} <= set(re.findall(r"\(templates/[^)]*\)", README))
    assert "`/help`" in README


def test_every_page_in_the_guide_for_operating_is_served() -> None:
    shown = {path.replace("_id>", ">") for path in (one.path for one in manifest.load().endpoints)}
    listed = {path for path in table("Pages", OPERATING) if path.startswith("/")}

    assert {path.replace("<id>", "<hand_over>") for path in listed} <= shown


def test_the_readmes_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]

    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_readmes_inner_links_lead_to_headings() -> None:
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors(README)


@pytest.mark.parametrize("document", ["README.md", "connector/OPERATING.md", "connector/README.md"])
def test_every_link_leads_to_a_file_and_a_heading(document: str) -> None:
    path = ROOT / document
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", text) if "://" not in link[0]]

    assert links
    for target, anchor in links:
        led_to = (path.parent / target).resolve() if target else path
        assert led_to.exists(), target
        assert not anchor or anchor in anchors(led_to.read_text(encoding="utf-8")), f"{target}#{anchor}"


def test_the_example_settings_are_settings() -> None:
    examples = re.findall(r"```json\n(.*?)```", section("Settings of a company", OPERATING), re.DOTALL)

    assert examples
    for example in examples:
        OdooSettings.model_validate(ConnectionSettings.model_validate_json(example).host)


ODOO_GUIDE = (PACKAGE / "hosts" / "odoo" / "README.md").read_text(encoding="utf-8")


def test_the_guide_to_odoo_names_its_settings_and_what_is_installed() -> None:
    named = set(re.findall(r"`([^`\s]+)`", ODOO_GUIDE))
    words = {words for action in inventory.CODE_ACTIONS for words in (action.name.in_language("sv_SE"),)}

    assert set(OdooSettings.model_fields) - {"url", "database"} <= named
    assert {added.name for added in inventory.ADDED_FIELDS} <= named
    assert [word for word in words if word not in ODOO_GUIDE] == []
    assert inventory.SEND_GROUP_NAME.source in ODOO_GUIDE


FORTNOX_GUIDE = (PACKAGE / "hosts" / "fortnox" / "README.md").read_text(encoding="utf-8")


def test_the_guide_to_fortnox_names_every_setting() -> None:
    named = set(re.findall(r"`([^`\s]+)`", FORTNOX_GUIDE))

    assert set(table("Settings of the connection", FORTNOX_GUIDE)) - {"setting"} == set(FortnoxSettings.model_fields)
    assert {name.upper() for name in setting_fields() if name.startswith("fortnox_")} <= named
    assert f"“{FortnoxSettings().case_label}”" in FORTNOX_GUIDE


def test_the_guide_to_fortnox_asks_for_the_scopes_that_are_asked_for() -> None:
    rows = table("1. The app in the developer portal", FORTNOX_GUIDE)

    assert {scope: rows[scope][0] for scope in rows if scope in KNOWN_SCOPES} == SCOPES


def test_the_guide_to_fortnox_has_every_refusal_of_consent_with_its_mend() -> None:
    rows = table("When approving fails", FORTNOX_GUIDE)
    answers: list[dict[str, str]] = [{}, {"state": "s"}, {"state": "another"}]
    answers += [{"state": "s", "error": consent} for consent in Consent if consent.value.islower() and "_" in consent]
    answers += [{"state": "s", "error": "invalid_request", "error_description": SERVICE_ACCOUNT_REFUSAL}]

    for answer in answers:
        with pytest.raises(ConnectorError) as told:
            code_of_callback(answer, state="s")
        assert f"“{told.value.message}”" in " ".join(rows)
    assert all(why and mend for why, mend in (row for said, row in rows.items() if said != "it says"))


def test_the_guide_to_fortnox_has_what_the_pages_say_of_a_refusal() -> None:
    told = " ".join(table("When approving fails", FORTNOX_GUIDE))
    texts = catalogue("en").texts
    words = {why: texts[f"consent_refusal.{why}"].replace("{system}", "Fortnox") for why in Why}
    said = {why: re.sub(r"\{\w+\}", "…", text).partition(". ")[0].rstrip(".") for why, text in words.items()}

    assert {why: sentence for why, sentence in said.items() if sentence not in told} == {}


def test_the_guide_to_fortnox_says_what_is_entered_in_the_portal() -> None:
    rows = table("1. The app in the developer portal", FORTNOX_GUIDE)

    assert f"`<PUBLIC_URL>{CALLBACK_PATH}`" in rows["redirect address (*Redirect URI*)"][0]
    assert f"`<PUBLIC_URL>{FORTNOX.lifecycle_path}`" in rows["address of webhooks, and their secret"][0]


API = {
    folder: (PACKAGE / folder / "API.md").read_text(encoding="utf-8")
    for folder in ("amili", "hosts/odoo", "hosts/fortnox")
}


@pytest.mark.parametrize("folder", API)
def test_what_is_unconfirmed_of_each_system_is_found_from_the_readme(folder: str) -> None:
    rows = table("Unconfirmed", API[folder])

    assert f"(connector/{folder}/API.md#unconfirmed)" in section("Unconfirmed")
    assert rows.pop("open") == ("what is done until it is known", "where")
    assert rows
    assert all(done and where for done, where in rows.values())


def test_what_is_unconfirmed_of_fortnox_is_in_step_everywhere() -> None:
    """What is done until it is known (hosts/fortnox/API.md, "Unconfirmed"), what it means, and what finds it out."""
    guide = table("Unconfirmed until a first real company has been connected", FORTNOX_GUIDE)
    places = {
        place
        for line in section("Unconfirmed", API["hosts/fortnox"]).splitlines()
        if line.startswith("|")
        for place in re.findall(r"`([^`]+)`", line.rstrip(" |").rpartition("|")[2])
    }

    assert list(guide) == ["point", *(point.name for point in POINTS)]
    assert places
    assert places <= {place for point in POINTS for place in point.where.split(", ")}


@pytest.mark.parametrize("host", ["odoo", "fortnox"])
def test_the_links_of_a_hosts_guide_lead_to_files_and_headings(host: str) -> None:
    folder = PACKAGE / "hosts" / host
    guide = (folder / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]*)(#[^)]*)?\)", guide)

    assert links
    assert f"(connector/hosts/{host}/README.md)" in README
    for path, anchor in links:
        assert (folder / path).exists()
        if anchor:
            assert anchor[1:] in anchors((folder / path).read_text(encoding="utf-8") if path else guide)


def test_the_guide_for_operating_names_settings_and_links_that_there_are() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]+[A-Z])`", OPERATING)) - set(logging.getLevelNamesMapping())
    assert named
    assert {name.lower() for name in named} <= set(setting_fields())
    assert "(connector/OPERATING.md)" in README
    for path, anchor in re.findall(r"\]\(([^)#]*)#([^)]*)\)", OPERATING):
        assert anchor in anchors((PACKAGE / path).read_text(encoding="utf-8") if path else OPERATING)
    assert set(re.findall(r"CHAOS=(\w+)", OPERATING)) == set(SCENARIOS)


def test_the_readme_leads_developers_to_what_must_pass() -> None:
    developers = (PACKAGE / "README.md").read_text(encoding="utf-8")

    assert "(connector/README.md)" in section("CONTRIBUTING")
    assert {"What must pass", "The parts", "Adding a host"} <= set(re.findall(r"^## (.*)$", developers, re.MULTILINE))


def test_the_readme_marks_one_test_command() -> None:
    assert re.findall(r"^<!-- test command -->\n```sh\n(.*?)```", README, re.MULTILINE | re.DOTALL) == ["make test\n"]


def test_the_benchmark_can_find_its_place() -> None:
    assert OPERATING.index("<!-- bench:start -->") < OPERATING.index("<!-- bench:end -->")


def test_the_version_is_one() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert newest
    assert {newest[1], project["version"], manifest.load().version} == {connector.__version__}

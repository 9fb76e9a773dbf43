"""The files that travel with the code."""

import json

import pytest

from connector.resources import manifest_path, read_template, templates_path


def test_the_manifest_is_found() -> None:
    assert json.loads(manifest_path().read_text(encoding="utf-8"))["id"] == "amili-connector"


def test_a_template_is_read() -> None:
    assert "x_amili_requested_at" in read_template("odoo/send_to_collection.py.txt")
    assert templates_path().is_dir()


@pytest.mark.parametrize("path", ["../manifest.json", "odoo/../../pyproject.toml", "/etc/hostname"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a template"):
        read_template(path)


def test_a_missing_template_is_said_to_be_missing() -> None:
    with pytest.raises(FileNotFoundError):
        read_template("odoo/no-such-file")

"""A finding for programs."""

from __future__ import annotations

from connector.domain.findings import Finding
from connector.words.catalogues import say
from connector.words.languages import LANGUAGES


def document_of(finding: Finding) -> dict[str, str]:
    """A finding as commands print it in JSON: worded in both languages, as it has been since the first release."""
    about = {"code": finding.code, "severity": str(finding.severity), "field": finding.field, "value": finding.value}
    return about | {language: say(finding.says, language) for language in LANGUAGES}

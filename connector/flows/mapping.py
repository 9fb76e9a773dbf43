"""Trying a mapping offline: a saved host document becomes the registration that would be sent, and the findings."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from connector.amili.registration import registration_body, to_json
from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.checks.money import unreadable_amount
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.errors import AmountUnreadable
from connector.domain.findings import Finding
from connector.hosts.opening import translate_document


def map_document(
    host: str,
    document: dict[str, Any],
    settings: ConnectionSettings,
    *,
    today: date,
    first_action: FirstAction | None = None,
) -> dict[str, Any]:
    """`{"registration": body or None, "findings": [...]}` for a saved document. Calls nobody.

    The registration is None only where the invoice lacks what a registration must carry; findings that would
    stop it from being sent stand beside it. Raises `ConfigurationError` for an unknown host or a document that
    is not one of its.
    """
    try:
        invoice = translate_document(host, document, settings.host)
    except AmountUnreadable as error:
        return _answer(None, (unreadable_amount(error.field),))
    circumstances = Circumstances(today=today, first_action=first_action or settings.first_action)
    assessment = assess(invoice, settings, circumstances)
    body = json.loads(to_json(registration_body(assessment.claim))) if assessment.claim else None
    return _answer(body, assessment.findings)


def _answer(registration: dict[str, Any] | None, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {"registration": registration, "findings": [finding.model_dump(mode="json") for finding in findings]}

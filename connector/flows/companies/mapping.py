"""Trying a mapping offline: a saved host document becomes the registration that would be sent, and the findings."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from connector.amili.fields import to_json
from connector.amili.registration import registration_body
from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.checks.money import unreadable_amount
from connector.domain.claim import Claim
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.errors import AmountUnreadable
from connector.domain.findings import Finding, Severity
from connector.flows import remote_findings
from connector.hosts.opening import translate_document
from connector.words.findings import document_of

_NOT_NAMED = "not named"


def map_document(
    host: str,
    document: dict[str, Any],
    settings: ConnectionSettings,
    *,
    today: date,
    first_action: FirstAction | str | None = None,
) -> dict[str, Any]:
    """`{"registration": body or None, "findings": [...]}` for a saved document. Calls no one.

    The registration is None where the invoice cannot become one (an amount or a field is missing, another
    currency); findings that would stop it from being sent stand beside it. Account and creditor are left out
    of it where the settings do not name them yet. Raises `ConfigurationError` for an unknown host or a
    document that is not one of its.
    """
    try:
        invoice = translate_document(host, document, settings.host)
    except AmountUnreadable as error:
        return _answer(None, (unreadable_amount(error.field),))
    circumstances = Circumstances(today=today, first_action=first_action or settings.first_action)
    assessment = assess(invoice, settings, circumstances)
    if assessment.claim is None:
        return _answer(None, assessment.findings)
    try:
        return _answer(_registration(assessment.claim), assessment.findings)
    except ValueError as error:
        stopped = any(finding.severity is Severity.BLOCK for finding in assessment.findings)
        surprise = () if stopped else (remote_findings.unsendable(error),)
        return _answer(None, (*assessment.findings, *surprise))


def _registration(claim: Claim) -> dict[str, Any]:
    """The body as it would be sent. Raises `ValueError` for a claim that cannot be one."""
    unknown = [name for name in ("account", "creditor") if not getattr(claim, name)]
    named = claim.model_copy(update=dict.fromkeys(unknown, _NOT_NAMED))
    body: dict[str, Any] = json.loads(to_json(registration_body(named)))
    return {name: value for name, value in body.items() if name not in unknown}


def _answer(registration: dict[str, Any] | None, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {"registration": registration, "findings": [document_of(finding) for finding in findings]}

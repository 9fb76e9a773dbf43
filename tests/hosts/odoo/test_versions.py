"""The table of differences between versions, and what becomes of a version it does not have."""

from __future__ import annotations

import pytest

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo.documents import MOVE_FIELDS, PAYMENTS
from connector.hosts.odoo.versions import DIALECTS, Version, dialect_of, parsed_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("19.0", Version(19)),
        ("19.0+e", Version(19)),
        ("18.0-20250421", Version(18)),
        ("17.0+e-20240101", Version(17)),
        ("saas~19.1+e", Version(19, 1, online=True)),
        ("20", Version(20)),
        ("main", None),
        ("", None),
        ("saas~", None),
        ("v19.0", None),
    ],
)
def test_every_way_odoo_writes_a_version_is_understood(text: str, version: Version | None) -> None:
    assert parsed_version(text) == version


@pytest.mark.parametrize("text", ["17.0", "18.0", "19.0", "saas~19.1"])
def test_a_version_is_written_as_odoo_writes_it(text: str) -> None:
    assert str(parsed_version(text)) == text


@pytest.mark.parametrize(("version", "major"), [("17.0", 17), ("18.0", 18), ("19.0", 19), ("saas~19.4", 19)])
def test_the_known_versions_have_their_dialect(version: str, major: int) -> None:
    known = parsed_version(version)
    assert known is not None
    assert dialect_of(known) is DIALECTS[major]


@pytest.mark.parametrize(
    ("version", "spoken"),
    [
        (Version(16), 17),
        (Version(17, 3, online=True), 17),
        (Version(18, 4, online=True), 18),
        (Version(20), 19),
        (Version(21, 1, online=True), 19),
    ],
)
def test_another_version_is_refused_unless_the_installer_takes_it(version: Version, spoken: int) -> None:
    with pytest.raises(ConfigurationError, match=r"known to work with 17, 18 and 19"):
        dialect_of(version)
    with pytest.raises(ConfigurationError):
        dialect_of(version, accepted=Version(version.major + 1))
    assert dialect_of(version, accepted=version) is DIALECTS[spoken]


@pytest.mark.parametrize(
    ("major", "absent"), [(17, {"no_followup", "matched_payment_ids"}), (18, {"no_followup"}), (19, set())]
)
def test_a_field_that_a_version_lacks_is_not_asked_for_and_reads_as_its_absence_means(
    major: int, absent: set[str]
) -> None:
    dialect = DIALECTS[major]
    wanted = (*MOVE_FIELDS, PAYMENTS)

    asked = dialect.known("account.move", wanted)
    record = dialect.completed("account.move", dict.fromkeys(asked, "told"), wanted)

    assert set(wanted) - set(asked) == absent
    assert set(record) == set(wanted)
    assert all(not record[name] for name in absent)

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest

from connector.amili.dates import instant, rfc1123


def test_a_business_date_is_midnight_gmt_of_that_day() -> None:
    assert rfc1123(date(2025, 7, 7)) == "Mon, 07 Jul 2025 00:00:00 GMT"
    assert rfc1123(date(2024, 2, 29)) == "Thu, 29 Feb 2024 00:00:00 GMT"


def test_an_instant_is_no_business_date() -> None:
    with pytest.raises(TypeError):
        rfc1123(datetime(2025, 7, 7, 22, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def swedish(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that speaks Swedish, where the machine has the sources of the language."""
    localedef = shutil.which("localedef")
    if not localedef:
        return {}
    folder = tmp_path_factory.mktemp("locales")
    command = [localedef, "-i", "sv_SE", "-f", "UTF-8", str(folder / "sv_SE.UTF-8")]
    made = subprocess.run(command, capture_output=True, check=False)
    return {"LOCPATH": str(folder), "LC_ALL": "sv_SE.UTF-8"} if made.returncode == 0 else {}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_dates_follow_neither_locale_nor_time_zone_of_the_process(zone: str, swedish: dict[str, str]) -> None:
    program = (
        "import locale, datetime; locale.setlocale(locale.LC_ALL, '');"
        "from connector.amili.dates import rfc1123; print(rfc1123(datetime.date(2025, 10, 6)))"
    )
    environment = {**os.environ, **swedish, "TZ": zone}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert ran.stdout.decode().strip() == "Mon, 06 Oct 2025 00:00:00 GMT"


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 03 Sep 2025 07:56:11 GMT",
        "Tue, 03 Sep 2025 07:56:11 GMT",  # a wrong weekday, as in Amili's own samples
        "Wed, 03 Sep 2025 09:56:11 +0200",
        "Wed, 03 Sep 2025 07:56:11 -0000",
        "2025-09-03T07:56:11Z",
        "2025-09-03T07:56:11",
        "2025-09-03T09:56:11+02:00",
    ],
)
def test_a_server_time_is_an_instant_in_utc(text: str) -> None:
    assert instant(text) == datetime(2025, 9, 3, 7, 56, 11, tzinfo=UTC)
    assert instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "soon", "Wed, 45 Sep 2025 07:56:11 GMT", "2025-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither an RFC 1123 nor"):
        instant(text)

#!/bin/sh
# A nightly job is planned for 02:30 in Sweden, an hour that the night of the change has twice.
#
# One would guess: something odd happens on that night itself (twice, or which of both), and from the next day on
#                  it is 02:30 again.
# What is so:      the night itself is right, once at the first 02:30. The day after it is 03:30, an hour late, and only
#                  then 02:30 again. In spring the 02:30 that is not there is given as the moment it would have been.
# Version, source: croniter 6.0.0 with zoneinfo; man 5 crontab and the library's own README promise the wall clock.
# Why it matters:  bank files, reminders and closings are planned by the wall clock: what must be done before 03:00 (the
#                  next bank day's file, the last reading before a demand) is missed a day after the change, when nobody
#                  looks for it any more.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "croniter==6.0.0" "tzdata==2025.2"
cat > "$folder/run.py" <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter

for year, month, day in ((2026, 10, 23), (2026, 3, 27)):
    runs = croniter("30 2 * * *", datetime(year, month, day, 12, tzinfo=ZoneInfo("Europe/Stockholm")))
    for _ in range(4):
        print(runs.get_next(datetime))
PYTHON
cat > "$folder/seen" <<'SEEN'
2026-10-24 02:30:00+02:00
2026-10-25 02:30:00+02:00
2026-10-26 03:30:00+01:00
2026-10-27 02:30:00+01:00
2026-03-28 02:30:00+01:00
2026-03-29 02:30:00+01:00
2026-03-30 02:30:00+02:00
2026-03-31 02:30:00+02:00
SEEN
"$folder/venv/bin/python" "$folder/run.py" | tee "$folder/now"
diff "$folder/seen" "$folder/now"

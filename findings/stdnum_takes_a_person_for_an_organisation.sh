#!/bin/sh
# Whether a Swedish number is an organisation's decides how a debtor is claimed.
#
# One would guess: stdnum.se.orgnr takes organisation numbers alone. They are told from personal numbers by their third
#                  digit, which is 2 or higher, so that no month fits there.
# What is so:      it looks at the length and the check digit only: a personal number is a valid organisation number,
#                  is shortened to ten digits and formatted as one.
# Version, source: python-stdnum 2.1, stdnum/se/orgnr.py; lag (1974:174) om identitetsbeteckning för juridiska personer
#                  m.fl., 1 §, and the Tax Agency's SKV 709.
# Why it matters:  a consumer taken for a company is claimed by the rules for companies (450 kronor, three years, a public
#                  number that need not be masked). 121212-1212 is the number that everybody tests with, and nobody's.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "python-stdnum==2.1"
cat > "$folder/run.py" <<'PYTHON'
from stdnum.se import orgnr, personnummer, vat

for number in ("212000-0142", "121212-1212"):
    print(
        number,
        "organisation:", orgnr.is_valid(number),
        "person:", personnummer.is_valid(number),
        "shown as:", orgnr.format(number),
        "VAT:", vat.is_valid(f"SE{orgnr.compact(number)}01"),
    )
PYTHON
cat > "$folder/seen" <<'SEEN'
212000-0142 organisation: True person: False shown as: 212000-0142 VAT: True
121212-1212 organisation: True person: True shown as: 121212-1212 VAT: True
SEEN
"$folder/venv/bin/python" "$folder/run.py" | tee "$folder/now"
diff "$folder/seen" "$folder/now"

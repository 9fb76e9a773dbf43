#!/bin/sh
# A bank writes the day of a payment into OFX with its own time zone: <DTPOSTED>20260301000000[+1:CET].
#
# One would guess: the payment's date is 1 March, as the bank wrote it.
# What is so:      ofxparse takes the zone off and gives 23:00 on 28 February, without a zone to tell by. In summer
#                  ([+2:CEST]) it is 22:00. Whatever is posted in the first hour or two of a day lands on the day before.
# Version, source: ofxparse 0.21, OfxParser.parseOfxDateTime; OFX 2.2, 3.2.8.2 "Date and Datetime".
# Why it matters:  the day decides whether a debtor paid before the reminder, in which month it is booked, and which
#                  payment is told to the collector as made before the case.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "ofxparse==0.21"
cat > "$folder/run.py" <<'PYTHON'
import io

from ofxparse import OfxParser

STATEMENT = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260802<LANGUAGE>SWE</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>SEK
<BANKACCTFROM><BANKID>5000<ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260201<DTEND>20260802
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>{posted}<TRNAMT>1250.00<FITID>1<NAME>CUSTOMER</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1250.00<DTASOF>20260802</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""

for posted in ("20260301", "20260301000000[+1:CET]", "20260801000000[+2:CEST]", "20260301120000[+1:CET]"):
    parsed = OfxParser.parse(io.BytesIO(STATEMENT.format(posted=posted).encode()))
    (payment,) = parsed.account.statement.transactions
    print(posted, "is read as", payment.date)
PYTHON
cat > "$folder/seen" <<'SEEN'
20260301 is read as 2026-03-01 00:00:00
20260301000000[+1:CET] is read as 2026-02-28 23:00:00
20260801000000[+2:CEST] is read as 2026-07-31 22:00:00
20260301120000[+1:CET] is read as 2026-03-01 11:00:00
SEEN
"$folder/venv/bin/python" -W ignore "$folder/run.py" | tee "$folder/now"
diff "$folder/seen" "$folder/now"

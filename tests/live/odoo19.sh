#!/usr/bin/env bash
# A real Odoo 19 Community to test against, with a PostgreSQL of its own and a filled Swedish company.
#
#   odoo19.sh start   install what is missing, start, fill; prints the settings the tests read, as KEY=VALUE lines
#   odoo19.sh env     print those lines again
#   odoo19.sh reset   the database as it was first filled, in seconds; prints the lines
#   odoo19.sh stop    stop Odoo and its PostgreSQL
#
# Needs root on Debian 12 and its package sources: Odoo is Debian's own package odoo-19, of the suite sid, unpacked
# and not installed. The first start takes minutes, later ones seconds. Everything lies in ODOO19_HOME, a folder
# that the user postgres can reach; remove it to begin anew. ODOO19_PORT and ODOO19_PGPORT choose the ports.
#
# The company is "Testbolaget AB" (SEK, Swedish chart of accounts) with four customers' worth of posted invoices, the
# product "Konsulttimme" and the fee product FAKTAVG. The user "connector" has the Invoicing rights and no more.
set -euo pipefail

home=${ODOO19_HOME:-/var/tmp/amili-connector-odoo19}
port=${ODOO19_PORT:-8169}
pgport=${ODOO19_PGPORT:-5539}
database=odoo19

say() { echo "odoo19: $*" >&2; }
die() { say "$*"; exit 1; }

newest_postgresql() { find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }
sql() { psql -qtA -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pgport" -U postgres -d postgres "$@"; }

install_debian_packages() {
  local missing=()
  [[ -n $(newest_postgresql) ]] || missing+=(postgresql)
  command -v wkhtmltopdf >/dev/null || missing+=(wkhtmltopdf fonts-dejavu-core)
  command -v curl >/dev/null || missing+=(curl)
  [[ $(/sbin/ldconfig -p) == *libmagic* ]] || missing+=(libmagic1)
  [[ -e /usr/share/javascript/jquery/jquery.js ]] || missing+=(libjs-jquery)
  [[ -d /usr/share/fonts-font-awesome ]] || missing+=(fonts-font-awesome)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

debian_mirror() {
  local found
  found=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  [[ -n $found ]] || found=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
  [[ -n $found ]] || die "no Debian source is configured on this machine"
  echo "$found"
}

unpack_odoo() {
  [[ -d $home/src/odoo/addons ]] && return 0
  say "fetching Debian's odoo-19"
  rm -rf "$home/apt" "$home/unpacked" "$home/src"
  mkdir -p "$home"/apt/{lists,archives}/partial "$home/unpacked"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) sid main" >"$home/apt/sid.list"
  local apart=(
    -o "Dir::Etc::SourceList=$home/apt/sid.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$home/apt/lists" -o "Dir::Cache::Archives=$home/apt/archives"
    -o APT::Sandbox::User=root
  )
  apt-get "${apart[@]}" -qq update >&2
  (cd "$home/apt" && apt-get "${apart[@]}" -qq download odoo-19 >&2)
  dpkg -x "$home"/apt/odoo-19_*.deb "$home/unpacked"
  mkdir "$home/src"
  mv "$home"/unpacked/usr/lib/python3/dist-packages/odoo* "$home/src/"
  rm -rf "$home/apt" "$home/unpacked"
}

# Odoo's web client needs files that Debian keeps in packages of their own, which the unpacked Odoo links to as if it
# lay in /usr.
link_web_files() {
  local link file
  while IFS= read -r link; do
    file=/usr/share/$(readlink "$link" | sed 's|.*\.\./share/||')
    [[ ! -e $file ]] || ln -sfn "$file" "$link"
  done < <(find "$home/src/odoo/addons/web/static/" -xtype l -lname '*../share/*')
}

install_requirements() {
  [[ -e $home/venv/complete ]] && return 0
  say "installing what Odoo imports"
  rm -rf "$home/venv"
  "$(command -v python3.11 || command -v python3)" -m venv "$home/venv"
  "$home/venv/bin/pip" install -qq --disable-pip-version-check --root-user-action=ignore >&2 \
    'setuptools<80' wheel asn1crypto==1.5.1 Babel==2.10.3 cbor2==5.6.2 chardet==5.2.0 cryptography==42.0.8 \
    docutils==0.20.1 freezegun==1.2.1 geoip2==2.9.0 gevent==24.2.1 greenlet==3.0.3 idna==3.6 Jinja2==3.1.2 \
    libsass==0.22.0 lxml==5.2.1 lxml-html-clean MarkupSafe==2.1.5 num2words==0.5.13 ofxparse==0.21 \
    openpyxl==3.1.2 passlib==1.7.4 Pillow==10.2.0 polib==1.1.1 psutil==5.9.8 psycopg2-binary==2.9.9 \
    pyopenssl==24.1.0 PyPDF2==2.12.1 pyserial==3.5 python-dateutil==2.8.2 python-magic==0.4.27 \
    python-stdnum==1.19 pytz pyusb==1.2.1 qrcode==7.4.2 reportlab==4.1.0 requests==2.31.0 rjsmin==1.2.0 \
    urllib3==2.0.7 vobject==0.9.6.1 Werkzeug==3.0.1 xlrd==1.2.0 XlsxWriter==3.1.9 xlwt==1.3.0 zeep==4.2.1
  touch "$home/venv/complete"
}

# What runs on after this script must not keep what its caller has open, such as a lock.
let_go() {
  local fd
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
  done
}

as_postgres() { su postgres -s /bin/bash -c "cd / && $*"; }

start_postgresql() {
  local bin
  bin=$(newest_postgresql)
  if [[ ! -e $home/pg/PG_VERSION ]]; then
    install -d -o postgres -g postgres -m 700 "$home/pg"
    as_postgres "$bin/initdb -D $home/pg -A trust -E UTF8 --locale=C.UTF-8" >/dev/null
    {
      echo "port = $pgport"
      echo "listen_addresses = '127.0.0.1'"
      echo "unix_socket_directories = ''"
      echo "fsync = off"
    } >>"$home/pg/postgresql.conf"
  fi
  "$bin/pg_isready" -q -h 127.0.0.1 -p "$pgport" ||
    (let_go && as_postgres "$bin/pg_ctl -D $home/pg -l $home/pg/server.log -w start") >/dev/null ||
    die "PostgreSQL did not start on port $pgport; see $home/pg/server.log"
  [[ $(sql -c "select 1 from pg_roles where rolname = 'odoo'") == 1 ]] || sql -c 'create role odoo superuser login'
}

configure() {
  cat >"$home/odoo.conf" <<CONF
[options]
addons_path = $home/src/odoo/addons
data_dir = $home/data
db_host = 127.0.0.1
db_port = $pgport
db_user = odoo
db_name = $database
dbfilter = ^$database\$
http_interface = 127.0.0.1
http_port = $port
gevent_port = $((port + 1))
workers = 0
max_cron_threads = 1
CONF
}

run_odoo() {
  cd "$home"
  PYTHONPATH="$home/src" QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR="$home" exec "$home/venv/bin/python" -m odoo "$@"
}

fill() {
  [[ -s $home/keys ]] && return 0
  say "creating the database"
  sql -c "drop database if exists $database with (force)" -c "drop database if exists ${database}_clean"
  (run_odoo server -c odoo.conf -i base,account,l10n_se,base_automation,contacts --without-demo=all \
    --load-language=sv_SE --stop-after-init --log-level=error) >&2
  (run_odoo shell -c odoo.conf --no-http --log-level=error) >"$home/fill.log" 2>&1 <<'PYTHON'
from datetime import date, datetime, timedelta

sweden = env.ref("base.se")
env.ref("base.SEK").active = True
company = env.company
company.write({
    "name": "Testbolaget AB", "country_id": sweden.id, "currency_id": env.ref("base.SEK").id,
    "company_registry": "556677-8899", "street": "Storgatan 1", "zip": "111 22", "city": "Stockholm",
    "email": "faktura@testbolaget.example", "phone": "+46 8 123 45 67",
})
env["account.chart.template"].try_loading("se", company)

def customer(**values):
    return env["res.partner"].create({"country_id": sweden.id, "lang": "sv_SE", **values})

firm = customer(
    name="Kund AB", is_company=True, company_registry="556016-0680", vat="SE556016068001", ref="K1001",
    street="Kungsgatan 2", zip="411 19", city="Göteborg", email="kund@kund.example", phone="+46 31 123 456",
)
person = customer(
    name="Anna Andersson", is_company=False, company_registry="19900101-1239", ref="K1002",
    street="Lillgatan 3", zip="582 22", city="Linköping", email="anna@anna.example", phone="+46 70 123 45 67",
)
numberless = customer(name="Utan Nummer AB", is_company=True, street="Gatan 1", zip="111 11", city="Stockholm")

products = env["product.product"]
hour = products.create({"name": "Konsulttimme", "list_price": 1000.0, "type": "service"})
fee = products.create(
    {"name": "Fakturaavgift", "list_price": 40.0, "type": "service", "default_code": "FAKTAVG"}
)
invoices = env["account.move"]
for partner, age_days, hours in [
    (firm, 75, 2), (firm, 60, 3), (person, 65, 1), (person, 50, 4), (numberless, 70, 1), (firm, 10, 1),
]:
    issued = date.today() - timedelta(days=age_days)
    invoices |= invoices.create({
        "move_type": "out_invoice", "partner_id": partner.id, "ref": "PO-77",
        "invoice_date": issued, "invoice_date_due": issued + timedelta(days=30), "invoice_payment_term_id": False,
        "invoice_line_ids": [
            (0, 0, {"product_id": hour.id, "quantity": hours}), (0, 0, {"product_id": fee.id, "quantity": 1}),
        ],
    })
invoices.action_post()

def api_key(user, name, days):
    return env["res.users.apikeys"].with_user(user)._generate("rpc", name, datetime.now() + timedelta(days=days))

connector = env["res.users"].create({
    "name": "Connector", "login": "connector", "email": "connector@testbolaget.example",
    "group_ids": [(6, 0, [env.ref("base.group_user").id, env.ref("account.group_account_invoice").id])],
})
keys = api_key(env.ref("base.user_admin"), "set-up", 3650), api_key(connector, "daily", 89)
env.cr.commit()
print("KEYS", *keys)
PYTHON
  local keys
  keys=$(sed -n 's/.*KEYS \([0-9a-f]*\) \([0-9a-f]*\).*/\1 \2/p' "$home/fill.log" | tail -n 1)
  [[ -n $keys ]] || { cat "$home/fill.log" >&2; die "filling the database failed"; }
  sql -c "create database ${database}_clean template $database owner odoo"
  (umask 077 && echo "$keys" >"$home/keys")
}

answers() { curl -fsS -o /dev/null "http://127.0.0.1:$port/web/health" 2>/dev/null; }

start_odoo() {
  answers && return 0
  say "starting Odoo on port $port"
  (let_go && run_odoo server -c odoo.conf --logfile="$home/odoo.log" >/dev/null 2>&1 </dev/null) &
  echo $! >"$home/pid"
  disown
  for _ in $(seq 120); do
    answers && return 0
    kill -0 "$(<"$home/pid")" 2>/dev/null || break
    sleep 1
  done
  tail -n 20 "$home/odoo.log" >&2
  die "Odoo did not come up"
}

stop_odoo() {
  [[ -s $home/pid ]] || return 0
  local pid
  pid=$(<"$home/pid")
  rm "$home/pid"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 20); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.5
  done
  kill -KILL "$pid"
}

print_env() {
  local admin_key daily_key
  [[ -s $home/keys ]] || die "not filled yet: run start first"
  read -r admin_key daily_key <"$home/keys"
  cat <<ENV
ODOO_URL=http://127.0.0.1:$port
ODOO_DB=$database
ODOO_LOGIN=admin
ODOO_PASSWORD=admin
ODOO_API_KEY=$admin_key
ODOO_BOT_LOGIN=connector
ODOO_BOT_API_KEY=$daily_key
ODOO_MAJOR=19
ODOO_DATABASE_URL=postgresql://odoo@127.0.0.1:$pgport/$database
ENV
}

start() {
  mkdir -p "$home"
  install_debian_packages
  unpack_odoo
  link_web_files
  install_requirements
  start_postgresql
  configure
  fill
  start_odoo
  print_env
}

reset() {
  stop_odoo
  sql -c "drop database if exists $database with (force)" -c "create database $database template ${database}_clean owner odoo"
  start_odoo
  print_env
}

stop() {
  stop_odoo
  [[ -d $home/pg ]] || return 0
  as_postgres "$(newest_postgresql)/pg_ctl -D $home/pg -m fast stop" >/dev/null || say "PostgreSQL was not running"
}

case ${1:-} in
  start | reset | stop) "$1" ;;
  env) print_env ;;
  *)
    sed -n 's/^# \?//p' "$0" | sed -n '2,7p'
    exit 2
    ;;
esac

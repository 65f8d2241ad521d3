#!/bin/sh
# install.sh LOCK STAMP: make .venv hold exactly what the lock names, and Mashang itself; then touch STAMP.
# uv comes first, by the hash the lock gives it; with it the rest takes seconds. Where uv does not work, pip goes on.
set -eu
lock=$1 stamp=$2 py=.venv/bin/python

for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 none; do
    "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
done
if [ "$python" = none ]; then
    echo "Mashang needs Python 3.11 or newer with venv (Debian, Ubuntu: apt-get install python3-venv)." >&2
    exit 1
fi

pip() { "$py" -m pip install --disable-pip-version-check --no-input "$@"; }
by_uv() {
    awk '/^[a-z]/ {wanted = /^uv==/} wanted' "$lock" > .venv/uv.lock
    pip --quiet --require-hashes --only-binary :all: -r .venv/uv.lock &&
        "$py" -m uv pip sync --python "$py" --require-hashes --only-binary :all: "$lock"
}

if ! "$py" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "[1/3] .venv ($("$python" --version))"
    "$python" -m venv --clear .venv
fi
# uv does not read pip's settings: hand on the index that this machine uses
index=${PIP_INDEX_URL:-$("$py" -m pip config get global.index-url 2>/dev/null || true)}
[ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
echo "[2/3] $lock"
by_uv || UV_SYSTEM_CERTS=true by_uv || {
    echo "uv does not work here; pip goes on (slower)"
    pip --require-hashes --only-binary :all: --no-deps -r "$lock"
}
echo "[3/3] mashang"
pip --quiet --no-build-isolation --no-deps --no-index -e .
rm -f .venv/.run-* .venv/.dev-*
touch "$stamp"

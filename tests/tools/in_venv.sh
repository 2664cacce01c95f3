#!/bin/sh
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run a command in the mirror with one of the environments: in_venv.sh NAME COMMAND...
#
# NAME is a file of tests/requirements without its suffix; the environment is made or updated first. ansible-test is told
# which Python to use, since it would else try every one it finds. "drill.py" runs where the caller stands.
# REPLICA_BUILD names another folder than .build for the mirror, so that two environments can be tested at the same time;
# ansible-test then keeps what it makes for itself there too.
set -eu

name=$1
shift
tree=$(cd "$(dirname "$0")/../.." && pwd)
venv="$tree/.build/venvs/$name"
case $name in dev | drill) venv="$tree/.venv" ;; esac

"$tree/tests/tools/make_venv.sh" "$venv" "$tree/tests/requirements/$name.txt"

without_shims=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/shims/*$' | paste -s -d ':' -)
PATH="$venv/bin:$without_shims"
build=${REPLICA_BUILD:-"$tree/.build"}
ANSIBLE_COLLECTIONS_PATH=$build
export PATH ANSIBLE_COLLECTIONS_PATH
# Thousands of short-lived processes import the same files: compiled once, not each time.
unset PYTHONDONTWRITEBYTECODE
if [ -n "${REPLICA_BUILD:-}" ]; then
    cache=${PIP_CACHE_DIR:-"$HOME/.cache/pip"}
    HOME="$build/home"
    mkdir -p "$HOME/.config/pip"
    # ansible-test makes environments for its sanity tests and gives pip no variable but HOME. Since Python 3.12 compiling warns,
    # and must not do so when a sanity test first imports what was installed.
    compile=$("$venv/bin/python" -c 'import sys; print("yes" if sys.version_info >= (3, 12) else "no")')
    printf '[global]\ncache-dir = %s\n[install]\ncompile = %s\n' "$cache" "$compile" >"$HOME/.config/pip/pip.conf"
    export HOME
fi

mirror="$build/ansible_collections/hyperv/replica"
case $1 in
    drill.py)
        shift
        exec "$venv/bin/python" "$tree/tests/tools/drill.py" "$@"
        ;;
    ansible-test)
        cd "$mirror"
        "$venv/bin/python" "$tree/tests/tools/get_pip.py" "$venv"
        exec "$@" --python "$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        ;;
    *)
        cd "$mirror"
        PYTHONPATH="$build" exec "$@"
        ;;
esac

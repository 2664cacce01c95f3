#!/bin/sh
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Make or update a virtual environment: make_venv.sh FOLDER REQUIREMENTS
#
# The first line of REQUIREMENTS names the versions of Python to try ("# python: 3.11 3.12"). A stamp holds what was
# installed from what, so a second run does nothing. Ends with 66 when there is no such Python on this machine.
set -eu

folder=$1
requirements=$2
here=$(dirname "$0")
stamp="$folder/.installed-$(basename "$requirements" .txt)"

installed_from() {
    cat "$requirements" "$(dirname "$0")"/../requirements/*.txt | cksum
}

if [ -x "$folder/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(installed_from)" ]; then
    exit 0
fi

versions=$(sed -n '1s/^# python: //p' "$requirements")
# shellcheck disable=SC2086  # one word for each version
python=$("$here/find_python.sh" $versions)

if [ "$("$folder/bin/python" -c 'import os, sys; print(os.path.realpath(sys.executable))' 2>/dev/null)" != "$python" ]; then
    rm -rf "$folder"
    "$python" -m venv "$folder"
fi
echo "installing $requirements into $folder"
# Python compiles what is used when it is first used; pip would compile all, which is a third of its time.
"$folder/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --retries 5 \
    --requirement "$requirements" --constraint "$here/../requirements/constraints.txt"
installed_from >"$stamp"

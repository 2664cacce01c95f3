#!/bin/sh
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print the real path of a Python that can make virtual environments: find_python.sh VERSION...
#
# A VERSION is as "3.11"; "3" means any python3 from 3.11 on. The first one found wins. Looked for where the distribution
# has its own, on PATH and in pyenv's own folders; the path printed is that of the interpreter itself, since ansible-test
# cannot use pyenv's shims. A distribution builds its Python with what a profiler saw of it, pyenv as fast as it can: the
# tests take a third less of a processor with the former, wherever PATH begins.
set -u

probe='
import os, sys
import ensurepip, venv
wanted = sys.argv[1]
found = "%d.%d" % sys.version_info[:2]
if found != wanted and not (wanted == "3" and sys.version_info >= (3, 11)):
    sys.exit(1)
print(os.path.realpath(sys.executable))
'

for version in "$@"; do
    for candidate in "/usr/bin/python$version" "python$version" "$HOME/.pyenv/versions/$version".*/bin/"python$version"; do
        if path=$("$candidate" -c "$probe" "$version" 2>/dev/null); then
            echo "$path"
            exit 0
        fi
    done
done

cat >&2 <<EOF
No Python found that answers to: $* (looked in /usr/bin, on PATH and below ~/.pyenv/versions).
It has to be able to make virtual environments; on Debian and Ubuntu that is: apt-get install python3-venv
EOF
exit 66

#!/bin/sh
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run the Molecule scenario of every role, so many at a time: molecule.sh JOBS [ROLE...]
#
# Started by in_venv.sh in the mirror, where Molecule takes the collection from.
set -eu

jobs=$1
shift
[ $# -gt 0 ] || set -- roles/*/
for role; do basename "$role"; done | xargs -P "$jobs" -n 1 molecule test --scenario-name

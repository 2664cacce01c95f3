#!/bin/sh
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the documentation as HTML, from the mirror into .build/docs.
set -eu

tree=$(cd "$(dirname "$0")/../.." && pwd)
docs="$tree/.build/docs"
venv="$tree/.build/venvs/docs"
PATH="$venv/bin:$PATH"
ANSIBLE_COLLECTIONS_PATH="$tree/.build"
export PATH ANSIBLE_COLLECTIONS_PATH

"$tree/tests/tools/make_venv.sh" "$venv" "$tree/docs/requirements.txt"
rm -rf "$docs"
mkdir -p "$docs"
chmod 0755 "$docs"
antsibull-docs sphinx-init --use-current --squash-hierarchy --lenient --dest-dir "$docs" \
    --project hyperv.replica --title hyperv.replica hyperv.replica >/dev/null
antsibull-docs --config-file "$docs/antsibull-docs.cfg" collection --use-current --squash-hierarchy --fail-on-error \
    --dest-dir "$docs/rst" hyperv.replica
# antsibull-docs takes the pages only.
cp -R "$tree/docs/docsite/rst/images" "$docs/rst/docsite/images"
"$venv/bin/python" "$tree/docs/tools/write_inventory.py" "$docs/ansible.inv"
mkdir -p "$docs/static"
# Tables wrap their texts instead of growing to one line a row, so that they can be read on a narrow screen.
cat >"$docs/static/narrow.css" <<'END'
.wy-table-responsive table td, .wy-table-responsive table th { white-space: normal; overflow-wrap: break-word; }
@media (max-width: 480px) { .wy-table-responsive table td, .wy-table-responsive table th { padding: 6px; font-size: 85%; } }
END
cat >>"$docs/conf.py" <<'END'
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/devel/", "../ansible.inv")}
html_static_path = ["static"]
html_css_files = ["narrow.css"]
END
sphinx-build -q -W --keep-going -b html -c "$docs" "$docs/rst" "$docs/html"
# The theme's own way home is the root of a server; these pages are read from a folder as well.
sed -i 's|class="DocSite-nav" href="/"|class="DocSite-nav" href="index.html"|' "$docs"/html/*.html
sed -i 's|class="DocSite-nav" href="/"|class="DocSite-nav" href="../index.html"|' "$docs"/html/docsite/*.html
echo "documentation: $docs/html/index.html"

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write what describes a recovery plan from the one table that the parser reads by: JSON schema, options, reference.

Run it with the collection importable, from the top of the repository: ``python docs/tools/write_plan_reference.py .``.
A test holds the files against the table.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_fields import PLAN
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_schema import plan_schema
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import Field, Kind
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_spec import option

SCHEMA: Final = Path("playbooks/files/recovery_plan.schema.json")
FRAGMENT: Final = Path("plugins/doc_fragments/recovery_plan.py")
PAGE: Final = Path("docs/docsite/rst/recovery_plan.rst")
#: Between these lines the page is written by this program.
BEGIN, END = ".. keys, written by docs/tools/write_plan_reference.py", ".. end of keys"

_LICENCE: Final = """\
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
_KINDS: Final = {
    Kind.TEXT: "text",
    Kind.FLAG: "``true``, ``false``",
    Kind.WHOLE: "number",
    Kind.DURATION: "time, such as ``30s``, ``15m``",
    Kind.SIZE: "size, such as ``2GiB``",
    Kind.GUID: "GUID",
    Kind.LIST: "list",
    Kind.TABLE: "mapping",
}
_MARKUP: Final = re.compile(r"([CVMO])\(([^)]*)\)")


def written(root: Path) -> dict[Path, str]:
    """Each file, and what has to be in it."""
    page = (root / PAGE).read_text(encoding="utf-8")
    before, _begin, rest = page.partition(f"{BEGIN}\n")
    _old, _end, after = rest.partition(f"{END}\n")
    return {
        SCHEMA: json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n",
        FRAGMENT: fragment(),
        PAGE: f"{before}{BEGIN}\n\n{reference()}\n{END}\n{after}",
    }


def fragment() -> str:
    """The documentation of the option ``plan``, as a fragment for whatever takes it."""
    documented = yaml.safe_dump(
        {"options": {"plan": _documented(PLAN, required=True)}}, sort_keys=False, width=110, allow_unicode=True
    )
    return (
        f"{_LICENCE}\n# Written by docs/tools/write_plan_reference.py.\n\nfrom __future__ import annotations\n\n\n"
        f'class ModuleDocFragment:\n    """The recovery plan as an option."""\n\n'
        f'    DOCUMENTATION = r"""\n{documented}"""\n'
    )


def reference() -> str:
    """A table for each mapping of the plan, with every key in it."""
    return "\n".join("\n".join(_table(path, known)) for path, known in _tables("", PLAN))


def _documented(known: Field, *, required: bool = False) -> dict[str, Any]:
    spec = option(known)
    inner = known.element if known.kind is Kind.LIST and known.element else known
    found: dict[str, Any] = {"description": [known.about], "type": spec["type"]}
    found |= {key: spec[key] for key in ("elements", "choices", "default") if key in spec}
    if required or known.required:
        found["required"] = True
    if inner.fields:
        found["suboptions"] = {name: _documented(field) for name, field in inner.fields.items()}
    return found


def _tables(path: str, known: Field) -> Iterator[tuple[str, Field]]:
    inner = known.element if known.kind is Kind.LIST and known.element else known
    if inner.fields:
        yield path, inner
        for name, field in inner.fields.items():
            yield from _tables(f"{path}.{name}".strip("."), field)


def _table(path: str, known: Field) -> Iterator[str]:
    title = f"``{path}``" if path else "The plan"
    yield from (title, "~" * len(title), "", ".. list-table::", "   :header-rows: 1", "   :widths: 20 25 55", "")
    yield from ("   * - Key", "     - What it is", "     - Meaning")
    for name, field in known.fields.items():
        meaning = textwrap.wrap(f"{_needed(name, field, known)}{_rst(field.about)}", 110)
        yield f"   * - ``{name}``"
        yield f"     - {_kind(field)}"
        yield f"     - {meaning[0]}"
        yield from (f"       {line}" for line in meaning[1:])
    yield ""


def _needed(name: str, field: Field, known: Field) -> str:
    if field.required:
        return "**Required.** "
    return "**One of them.** " if name in known.one_of else ""


def _kind(field: Field) -> str:
    if field.kind is Kind.LIST and field.element:
        return f"list of {_kind(field.element)}"
    if field.choices:
        default = "" if field.default is None else f"; default ``{field.default}``"
        return ", ".join(f"``{choice}``" for choice in field.choices) + default
    default = {True: "; default ``true``", False: "; default ``false``", None: ""}.get(field.default, "")  # type: ignore[call-overload]  # noqa: E501
    return f"{_KINDS[field.kind]}{default}"


def _rst(text: str) -> str:
    """Ansible's markup as reStructuredText."""
    return _MARKUP.sub(lambda found: f"``{found[2].rpartition(':')[2] or found[2]}``", text)


def main() -> None:
    """Write the files below the folder given."""
    root = Path(sys.argv[1])
    for path, text in written(root).items():
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

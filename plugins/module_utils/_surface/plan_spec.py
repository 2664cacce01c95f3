# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec of a recovery plan, made from the same table as its parser and its JSON schema."""

from __future__ import annotations

from typing import Any, Final

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_fields import PLAN
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import Field, Kind

_TYPES: Final = {
    Kind.TEXT: "str",
    Kind.DURATION: "str",
    Kind.SIZE: "str",
    Kind.GUID: "str",
    Kind.FLAG: "bool",
    Kind.WHOLE: "int",
    Kind.LIST: "list",
    Kind.TABLE: "dict",
}


def option(known: Field) -> dict[str, Any]:
    """One option of an argument spec, with its suboptions."""
    found: dict[str, Any] = {"type": _TYPES[known.kind]}
    if known.required:
        found["required"] = True
    if known.choices:
        found["choices"] = list(known.choices)
    if known.default is not None:
        found["default"] = known.default
    inner = known.element if known.kind is Kind.LIST and known.element else known
    if known.kind is Kind.LIST:
        found["elements"] = _TYPES[inner.kind]
        found |= {"choices": list(inner.choices)} if inner.choices else {}
    return found | _suboptions(inner)


def _suboptions(known: Field) -> dict[str, Any]:
    if known.kind is not Kind.TABLE:
        return {}
    found: dict[str, Any] = {"options": {name: option(inner) for name, inner in known.fields.items()}}
    if known.one_of:
        found["mutually_exclusive"] = [known.one_of]
    if known.one_of or known.any_of:
        found["required_one_of"] = [known.one_of or known.any_of]
    return found


#: Options of a plan, for whoever takes one as ``{"type": "dict", "options": PLAN_OPTIONS}``. What it means for
#: another part is said by ``read_plan``, which also says it better: it should be asked before the spec is.
PLAN_OPTIONS: Final[dict[str, Any]] = option(PLAN)["options"]

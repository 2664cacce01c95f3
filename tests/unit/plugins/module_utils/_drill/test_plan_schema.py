# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_fields import PLAN
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_schema import plan_schema
from ansible_collections.hyperv.replica.plugins.module_utils._drill.shape import mistakes
from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.test_plan_reading import FULL, plan, vm

SCHEMA = Draft202012Validator(json.loads(json.dumps(plan_schema())))

#: What stands where something else belongs.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 2, -1, 70000, "", " ", "x", "30s", "1h 30m", "90", "2GiB", "2 GB", "kdc", "tier", "A"),
    *([], [1], ["x"], ["kdc"], {}, {"name": "x"}, {"tcp": 80}, [{"tcp": 80}], [{"tcp": 80, "http": {"url": "u"}}]),
    *([{"heartbeat": False}], [{"address": "192.0.2.1"}], [None], "8d2f1b6e-0000-4000-8000-00000000ab01"),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in plain data."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(data: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    """The data with one place set to another value, taken away, or given a key that is not known there."""
    data = copy.deepcopy(data)
    if not path:
        return value
    *parents, last = path
    holder = data
    for key in parents:
        holder = holder[key]
    if how == "replace":
        holder[last] = value
    elif how == "remove":
        del holder[last]
    elif isinstance(holder[last], dict):
        holder[last]["unknown"] = value
    return data


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(places(FULL), key=str)),
    st.sampled_from(["replace", "remove", "add"]),
    st.sampled_from(VALUES),
)
def test_the_schema_and_the_parser_refuse_the_same(path: tuple[Any, ...], how: str, value: Any) -> None:
    data = changed(FULL, path, how, value)

    assert SCHEMA.is_valid(data) == (not list(mistakes(data, PLAN)))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("data", [FULL, plan(vm("A")), plan(vm("A", start_delay=None), tiers=None)])
def test_what_the_parser_reads_fits_the_schema(data: dict[str, Any]) -> None:
    read_plan(data)

    assert list(SCHEMA.iter_errors(data)) == []


@pytest.mark.parametrize(
    "data",
    [
        plan(vm("A", depends_on=["B"]), vm("B", depends_on=["A"])),
        plan(vm("A"), vm("a")),
        plan(vm("A", recovery="hv-a")),
        plan(vm("A", probes=[{"addresses": ["nowhere"]}])),
    ],
)
def test_what_one_part_means_for_another_only_the_parser_knows(data: dict[str, Any]) -> None:
    assert SCHEMA.is_valid(data)
    with pytest.raises(PreconditionFailed):
        read_plan(data)

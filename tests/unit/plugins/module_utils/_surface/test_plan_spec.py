# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hyperv.replica.plugins.module_utils._drill.plan_reading import read_plan
from ansible_collections.hyperv.replica.plugins.module_utils._surface.plan_spec import PLAN_OPTIONS
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill.test_plan_reading import FULL, plan, vm

SPEC = {"plan": {"type": "dict", "required": True, "options": PLAN_OPTIONS}}


def validated(data: dict[str, Any]) -> tuple[Any, list[str]]:
    result = ArgumentSpecValidator(SPEC).validate({"plan": copy.deepcopy(data)})
    return result.validated_parameters["plan"], list(result.error_messages)


@pytest.mark.parametrize("data", [FULL, plan(vm("SQL01", limits={"rto": "1h"}, probes=[{"tcp": 1433}]))])
def test_a_plan_means_the_same_after_ansible_has_filled_in_what_is_left_out(data: dict[str, Any]) -> None:
    filled, errors = validated(data)

    assert errors == []
    assert read_plan(filled) == read_plan(data)


@pytest.mark.parametrize(
    "data",
    [
        plan(vm("SQL01", probs=[])),
        plan(vm("SQL01")) | {"schema_version": 2},
        plan({"home": "hv-a", "recovery": "hv-b"}),
        plan(vm("SQL01", probes=[{"tcp": 1, "tasks": "a.yml"}])),
        plan(vm("SQL01"), barrier="vm"),
    ],
)
def test_what_no_plan_can_say_is_refused_by_the_spec_too(data: dict[str, Any]) -> None:
    assert validated(data)[1] != []

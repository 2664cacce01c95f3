# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult

from ansible_collections.hyperv.replica.plugins.module_utils._surface import specs

VMS = {"vms": ["SQL01"]}
UNPLANNED = {**VMS, "peer": "hv-a", "mode": "unplanned"}
ALL = {name: getattr(specs, name) for name in ("INFO", "FAILBACK", "FAILOVER", "CANCEL", "POWER", "VERIFY")}


def validated(spec: Mapping[str, Any], given: Mapping[str, Any]) -> ValidationResult:
    return ArgumentSpecValidator(**spec).validate(dict(given))


def complaints(spec: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    return " ".join(validated(spec, given).error_messages)


@pytest.mark.parametrize("name", [name for name in ALL if name != "INFO"])
def test_whatever_changes_or_judges_names_its_vms(name: str) -> None:
    assert "vms" in complaints(ALL[name], {"peer": "hv-a", "mode": "planned", "state": "running"})


@pytest.mark.parametrize("name", ["FAILBACK", "FAILOVER", "CANCEL", "POWER"])
def test_a_consent_needs_a_reason(name: str) -> None:
    given = {**VMS, "peer": "hv-a", "consent": ["resynchronize"]}

    assert "required by 'consent': reason" in complaints(ALL[name], given)


def test_a_consent_that_nobody_knows_is_refused() -> None:
    assert "consent" in complaints(specs.FAILBACK, {**VMS, "consent": ["everything"], "reason": "x"})


def test_an_unplanned_failover_says_what_may_be_lost_and_since_when() -> None:
    said = complaints(specs.FAILOVER, UNPLANNED)

    assert "max_data_loss" in said
    assert "outage_began" in said


def test_an_unplanned_failover_with_both_is_accepted() -> None:
    given = {**UNPLANNED, "max_data_loss": "15m", "outage_began": "from_last_replication"}

    assert complaints(specs.FAILOVER, given) == ""


def test_a_failover_does_not_guess_whether_it_is_planned() -> None:
    assert "mode" in complaints(specs.FAILOVER, {**VMS, "peer": "hv-a"})


def test_a_failback_without_a_peer_is_possible_but_not_by_reverse() -> None:
    assert complaints(specs.FAILBACK, VMS) == ""
    assert "peer" in complaints(specs.FAILBACK, {**VMS, "strategy": "reverse"})


def test_a_failback_ends_protected_and_rolls_back_while_a_failover_keeps_the_service_up() -> None:
    back = validated(specs.FAILBACK, VMS).validated_parameters
    over = validated(specs.FAILOVER, {**VMS, "peer": "hv-a", "mode": "planned"}).validated_parameters

    assert (back["state"], back["on_failure"]) == ("protected", "roll_back")
    assert (over["state"], over["on_failure"]) == (None, "start_unprotected")


def test_a_probe_is_either_tcp_or_http() -> None:
    assert complaints(specs.VERIFY, {**VMS, "probes": [{"vm": "SQL01", "tcp": 1433}]}) == ""
    assert complaints(specs.VERIFY, {**VMS, "probes": [{"vm": "SQL01"}]}) != ""
    assert complaints(specs.VERIFY, {**VMS, "probes": [{"vm": "a", "tcp": 1, "http": {"url": "http://a"}}]}) != ""

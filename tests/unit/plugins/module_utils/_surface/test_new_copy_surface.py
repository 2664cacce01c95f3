# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed
from ansible_collections.hyperv.replica.plugins.module_utils._operations.estimates import Estimate
from ansible_collections.hyperv.replica.plugins.module_utils._surface import specs
from ansible_collections.hyperv.replica.plugins.module_utils._surface.new_copy_surface import (
    estimate_result,
    estimated,
    new_copy,
)


def options(**given: Any) -> dict[str, Any]:
    """What the argument spec makes of these suboptions."""
    task = {"vms": ["SQL01"], "peer": "hv-b", "strategy": "new_copy", "sync_timeout": 7200}
    told = ArgumentSpecValidator(**specs.FAILBACK).validate({**task, "new_copy": {"replica_server": "hv-a.x", **given}})
    assert told.error_messages == []
    validated: dict[str, Any] = told.validated_parameters
    return validated


def test_what_is_given_is_sent_and_what_is_not_is_left_to_the_old_relationship() -> None:
    made = new_copy(options(interval=30, recovery_history=2))

    assert made is not None
    assert dict(made.wanted.settings) == {
        "RecoveryConnectionPoint": "hv-a.x",
        "ReplicationInterval": 30,
        "RecoveryHistory": 2,
    }
    assert made.allowed == timedelta(seconds=3600)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"recovery_history": 25}, "recovery_history"),
        ({"port": 0}, "port"),
        ({"assumed_bandwidth": 0}, "assumed_bandwidth"),
        ({"included_disks": []}, "included_disks"),
        ({"export_path": "E:\\Out"}, "path"),
        ({"start_at": "2026-11-20T03:00:00"}, "offset"),
    ],
)
def test_what_cannot_be_or_would_have_no_effect_is_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(PreconditionFailed, match=word) as refusal:
        new_copy(options(**given))
    assert refusal.value.kind == "bad_option"


def test_new_copy_with_another_strategy_is_refused() -> None:
    with pytest.raises(PreconditionFailed, match="strategy: auto"):
        new_copy({**options(), "strategy": "auto"})


def test_one_disk_whose_size_is_not_told_leaves_the_whole_unknown() -> None:
    made = new_copy(options(assumed_bandwidth=80))
    assert made is not None

    known = estimated(made, {"a": 5_000_000, "b": 5_000_000}, ()).estimate
    unknown = estimated(made, {"a": 5_000_000, "b": None}, ()).estimate

    assert known == Estimate(size=10_000_000, bandwidth=10_000_000.0, bandwidth_from="option")
    assert estimate_result(known, {"a": 5_000_000, "b": 5_000_000})["expected_seconds"] == 1.0
    assert (unknown.size, unknown.takes) == (None, None)
    assert "unknown" in str(unknown)

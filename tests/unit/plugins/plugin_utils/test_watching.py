# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations.markers import Trial
from ansible_collections.hyperv.replica.plugins.plugin_utils._watching import PlanWatch
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import START
from ansible_collections.hyperv.replica.tests.unit.plugins.plugin_utils.test_probing import WELL, seen

BEATS = {"heartbeat": True}


def on_trial(pair: Pair) -> Pair:
    here = pair.destination
    assert isinstance(here, Side)
    return replace(pair, destination=replace(here, notes=(str(Trial(stage="good")),)))


def test_who_runs_on_trial_apart_from_its_network_is_not_recovered_however_well_its_guest_is() -> None:
    pair = seen(WELL)
    watch = PlanWatch({pair.vm_id: [BEATS]}, [pair.vm_id])

    watch.look({pair.vm_id: on_trial(pair)}, START)
    tried = watch.is_green(pair.vm_id), pair.vm_id in watch.watched
    for second in range(1, 3):
        watch.look({pair.vm_id: pair}, START + timedelta(seconds=second))

    assert tried == (False, False)
    assert watch.is_green(pair.vm_id)
    assert watch.since(pair.vm_id) in (START + timedelta(seconds=1), START + timedelta(seconds=2))

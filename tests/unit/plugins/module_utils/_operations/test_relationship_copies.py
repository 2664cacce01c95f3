# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A first copy under way, and a resynchronization, whichever way a host begins and continues them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import RelationshipState
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Site,
    estate,
    guid,
    vm,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_relationship import (
    TO_B,
    relate,
)

S = RelationshipState


@pytest.mark.parametrize("ends", ["at_completion", "at_start"])
def test_a_first_copy_is_stopped_and_begun_anew(ends: str) -> None:
    site = Site(estate(vm(disks=[{"size": "1 TiB", "used": "100 GiB"}])), start_job_ends=ends)
    assert relate(site, S.ABSENT).one.error is None
    del site.world.hosts["B"].vms[guid(1)]
    relate(site, S.REPLICATING, settings=TO_B, timeout=60)
    assert site.shown()[0][1] == 2

    run = relate(site, S.FIRST_COPY_STOPPED)

    assert run.one.error is None, str(run.one.error)
    assert run.mutations == ["RequestReplicationStateChangeEx"]
    assert site.shown()[0][1] == 1
    assert relate(site, S.FIRST_COPY_STOPPED).one.already_there
    assert relate(site, S.REPLICATING).mutations == ["StartReplication"]
    assert site.shown()[0][1] == 3


def test_a_first_copy_begins_at_its_time() -> None:
    bare = Site()
    assert relate(bare, S.ABSENT).one.error is None
    del bare.world.hosts["B"].vms[guid(1)]
    later = bare.world.now + timedelta(hours=3)

    run = relate(bare, S.REPLICATING, settings=TO_B, start_at=later)
    assert (run.one.error, bare.shown()[0][1]) == (None, 1)
    bare.wait(4 * 3600)

    assert bare.shown()[0][1] == 3
    assert relate(bare, S.REPLICATING, settings=TO_B, start_at=later).one.already_there


@pytest.mark.parametrize("home", ["A", "B"])
@pytest.mark.parametrize("removal", ["merged", "reverted"])
def test_what_was_written_since_a_failover_stays_when_its_relationship_is_removed(home: str, removal: str) -> None:
    site = Site(remove_while_failed_over=removal)
    site.act("turn_off_vm", host="A", vm="VM001")
    assert site.unplanned().one.error is None
    site.wait(600)
    away = "B" if home == "A" else "A"

    planned = relate(site, S.ABSENT, home=home, away=away, even_if_failed_over=True, check=True)
    run = relate(site, S.ABSENT, home=home, away=away, even_if_failed_over=True)

    assert run.one.error is None, str(run.one.error)
    assert run.mutations == ["CommitFailover", "RemoveReplicationRelationshipEx", "RemoveReplicationRelationshipEx"]
    assert [step.method.value for step in planned.one.planned] == run.mutations
    assert site.lost == 0
    assert site.b().writes["B"] > 0
    assert relate(site, S.ABSENT, home=home, away=away).one.already_there

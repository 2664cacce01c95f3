# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A chain of three hosts, whose middle one goes on as the primary of the last."""

from __future__ import annotations

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._operations.relationship_settings import RelationshipState
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules import call
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodCall, Ref
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.estate_run import (
    Run,
    Site,
    estate,
    guid,
    host,
)
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._operations.test_relationship import relate

ANY = {"replica_server": {"authorize": [{"primary": "*"}]}}


class Chain(Site):
    """VM001 replicates from A to B, and from there to C."""

    def __init__(self) -> None:
        super().__init__(estate(hosts=[host("A", "B"), host("B", "A", **ANY), host("C", "B", **ANY)]))
        settings = {
            "RecoveryConnectionPoint": "c.example.test",
            "RecoveryServerPortNumber": "80",
            "ReplicationInterval": "300",
            "AuthenticationType": "1",
        }
        self.ask("CreateReplicationRelationship", ReplicationSettingData=Emb("Msvm_ReplicationSettingData", settings))
        self.ask("StartReplication", InitialReplicationType=1)

    def ask(self, method: str, **arguments: object) -> None:
        """Somebody calls a method of B's replication service on the VM, and waits for its job."""
        system = Ref("Msvm_ComputerSystem", {"Name": guid(1)})
        asked = MethodCall(
            class_name="Msvm_ReplicationService",
            keys={"Name": "replicasvc"},
            method=method,
            arguments={"ComputerSystem": system, **arguments},
        )
        result = call(self.world, self.world.hosts["B"], asked)
        assert result.return_value in (0, 4096), (method, result)
        self.wait(3600)

    def promote(self, *, check: bool = False) -> Run:
        return relate(self, RelationshipState.PROMOTED, home="B", away=None, check=check)


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_committed_replica_goes_on_as_the_primary_of_the_third_host(chain: Chain) -> None:
    chain.act("turn_off_vm", host="A", vm="VM001")
    chain.ask("InitiateFailover")
    chain.ask("CommitFailover")

    planned = chain.promote(check=True)
    done = chain.promote()
    again = chain.promote()

    assert [step.method.value for step in planned.one.planned] == ["ChangeReplicationModeToPrimary"]
    assert done.one.error is None, str(done.one.error)
    assert done.mutations == ["ChangeReplicationModeToPrimary"]
    third = chain.world.hosts["C"].vms[guid(1)]
    assert (int(chain.b().mode), int(chain.b().state), int(third.mode)) == (1, 3, 2)
    assert (again.mutations, again.one.already_there) == ([], True)


def test_a_replica_that_is_not_committed_is_not_promoted(chain: Chain) -> None:
    assert "commit" in chain.promote().error("not_promotable").remedy


def test_a_committed_replica_without_a_third_host_is_not_promoted() -> None:
    site = Site()
    site.act("turn_off_vm", host="A", vm="VM001")
    site.unplanned()

    relate(site, RelationshipState.PROMOTED, home="B", away=None).error("not_promotable")


def test_what_replicates_to_a_third_host_is_not_removed_in_the_middle(chain: Chain) -> None:
    run = relate(chain, RelationshipState.ABSENT)

    assert run.mutations == []
    assert run.one.error is not None

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host does when one of its methods is called: ``call``, over a table of all methods it knows.

A method that is not in the table is refused loudly (32770); none is there only for show.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import JobType
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_failback as failback
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_failover as failover
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_registry as registry
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_replication as replication
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_server as server
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_state as state
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_statistics as statistics
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator import rules_vm as machine
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import STARTED, Case
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.clusters import group_of
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import (
    Refused,
    end_now,
    failing_job,
    refusing,
    stick,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.trouble import MethodFacts
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import MethodCall, MethodResult, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, Job, World

#: Seconds of work that a host may do before it answers, while the switch method_answers is ``at_once``.
SHORT: Final = 15.0


class Rule(NamedTuple):
    """How a method is carried out.

    Attributes:
        job_type: of the job by which it is refused, where it is refused that way; None where it has no job.
        mutating: whether it changes anything.
    """

    act: Callable[[Case], MethodResult]
    job_type: JobType | None = None
    mutating: bool = True


_SERVICE: Final[dict[str, Rule]] = {
    "InitiateFailover": Rule(failover.initiate_failover, JobType.INITIATE_FAILOVER),
    "RevertFailover": Rule(failover.revert_failover, JobType.REVERT_FAILOVER),
    "CommitFailover": Rule(failover.commit_failover, JobType.COMMIT_FAILOVER),
    "ReverseReplicationRelationship": Rule(failover.reverse_replication, JobType.REVERSE_REPLICATION),
    "InitiateFailback": Rule(failback.initiate_failback, JobType.INITIATE_FAILBACK),
    "TestReplicaSystem": Rule(failover.test_replica_system, JobType.INITIATE_TEST_REPLICA),
    "ChangeReplicationModeToPrimary": Rule(failover.change_mode_to_primary, JobType.CHANGE_REPLICATION_MODE_TO_PRIMARY),
    "CreateReplicationRelationship": Rule(replication.create_relationship, JobType.CREATE_REPLICATION_RELATIONSHIP),
    "ModifyReplicationSettings": Rule(replication.modify_settings, JobType.MODIFY_REPLICATION_SETTINGS),
    "StartReplication": Rule(replication.start_replication, JobType.START_INITIAL_REPLICATION),
    "ImportInitialReplica": Rule(replication.import_initial_replica, JobType.IMPORT_REPLICATION),
    "Resynchronize": Rule(replication.resynchronize, JobType.RESYNCHRONIZING),
    "RemoveReplicationRelationship": Rule(replication.remove_relationship, JobType.REMOVE_REPLICATION_RELATIONSHIP),
    "RemoveReplicationRelationshipEx": Rule(replication.remove_relationship, JobType.REMOVE_REPLICATION_RELATIONSHIP),
    "GetReplicationStatistics": Rule(statistics.get_statistics, JobType.GET_STATISTICS, mutating=False),
    "GetReplicationStatisticsEx": Rule(statistics.get_statistics, JobType.GET_STATISTICS, mutating=False),
    "ResetReplicationStatistics": Rule(statistics.reset_statistics, JobType.RESET_STATISTICS),
    "ResetReplicationStatisticsEx": Rule(statistics.reset_statistics, JobType.RESET_STATISTICS),
    "ModifyServiceSettings": Rule(server.modify_service_settings, JobType.MODIFY_REPLICATION_SERVER_SETTINGS),
    "AddAuthorizationEntry": Rule(server.add_authorization, JobType.MODIFY_REPLICATION_SERVER_SETTINGS),
    "ModifyAuthorizationEntry": Rule(server.modify_authorization, JobType.MODIFY_REPLICATION_SERVER_SETTINGS),
    "RemoveAuthorizationEntry": Rule(server.remove_authorization, JobType.MODIFY_REPLICATION_SERVER_SETTINGS),
    "SetAuthorizationEntry": Rule(server.set_authorization, JobType.MODIFY_REPLICATION_SERVER_SETTINGS),
    "TestReplicationConnection": Rule(server.test_connection, JobType.TEST_REPLICATION_CONNECTION, mutating=False),
    "GetSystemCertificates": Rule(server.get_certificates, mutating=False),
    "SetFailoverNetworkAdapterSettings": Rule(server.set_failover_addresses, JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES),
    "RequestStateChange": Rule(server.not_supported),
    "StartService": Rule(server.not_supported),
    "StopService": Rule(server.not_supported),
}
_COMPUTER: Final[dict[str, Rule]] = {
    "RequestStateChange": Rule(machine.request_power, JobType.START_VIRTUAL_MACHINE),
    "RequestReplicationStateChange": Rule(state.request_state_of_primary, JobType.REPLICATION_STATE_CHANGE),
    "RequestReplicationStateChangeEx": Rule(state.request_state, JobType.REPLICATION_STATE_CHANGE),
}
_MANAGEMENT: Final[dict[str, Rule]] = {
    "DestroySystem": Rule(machine.destroy_system, JobType.DESTROY_VIRTUAL_MACHINE),
    "ModifySystemSettings": Rule(machine.modify_system, JobType.MODIFY_VIRTUAL_MACHINE),
    "ModifyResourceSettings": Rule(machine.modify_resources, JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES),
    "GetSummaryInformation": Rule(machine.get_summary, mutating=False),
    "SetGuestNetworkAdapterConfiguration": Rule(machine.set_guest_addresses, JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES),
    "FormatError": Rule(machine.format_error, mutating=False),
}
_SHUTDOWN: Final[dict[str, Rule]] = {
    "InitiateShutdown": Rule(machine.initiate_shutdown),
    "InitiateReboot": Rule(machine.initiate_reboot),
}
_REGISTRY: Final[dict[str, Rule]] = {"GetDWORDValue": Rule(registry.get_number, mutating=False)}
_JOB: Final[dict[str, Rule]] = {
    "RequestStateChange": Rule(machine.request_job_state),
    "GetError": Rule(machine.get_error, mutating=False),
    "GetErrorEx": Rule(machine.get_error_ex, mutating=False),
}

#: Every method there is, by class and name.
METHODS: Final[dict[tuple[str, str], Rule]] = {
    (class_name.casefold(), method): rule
    for class_name, methods in (
        ("Msvm_ReplicationService", _SERVICE),
        ("Msvm_ComputerSystem", _COMPUTER),
        ("Msvm_VirtualSystemManagementService", _MANAGEMENT),
        ("Msvm_ShutdownComponent", _SHUTDOWN),
        ("Msvm_ConcreteJob", _JOB),
        ("StdRegProv", _REGISTRY),
    )
    for method, rule in methods.items()
}


def call(world: World, host: Host, asked: MethodCall) -> MethodResult:
    """Carry a method out, or refuse it as the host would. Ordered trouble of the kinds in trouble.METHODS strikes."""
    rule = METHODS.get((asked.class_name.casefold(), asked.method))
    facts = _facts(asked, rule)
    if trouble := world.trouble.next_for(host.name, facts, ("return_code",)):
        return MethodResult(trouble.code)
    if rule is None:
        return MethodResult(32770)
    try:
        _refuse_unclustered(world, host, asked, rule)
        result = rule.act(Case(world, host, asked))
    except Refused as refused:
        result = _refusal(world, host, asked, rule, refused)
    if result.job is not None:
        _trouble_job(world, host, facts, result.job)
        result = _answered(world, host, result, result.job)
    world.laws(world)
    return result


def _answered(world: World, host: Host, result: MethodResult, job: Job) -> MethodResult:
    """Whether a method starts a job or does its work at once is documented for none: a switch, where that is short."""
    at_once = world.switches.is_("method_answers", "at_once") and job.stuck_at is None
    if not at_once or job.seconds > SHORT or job.type == JobType.GET_STATISTICS:
        return result
    code = end_now(world, host, job)
    return MethodResult(code, None, result.outputs if code == 0 else {})


def is_mutating(class_name: str, method: str) -> bool:
    """Whether a method changes something; one that is not known counts as if it did."""
    rule = METHODS.get((class_name.casefold(), method))
    return rule is None or rule.mutating


def _facts(asked: MethodCall, rule: Rule | None) -> MethodFacts:
    return MethodFacts(
        action=asked.method,
        class_name=asked.class_name,
        method=asked.method,
        vm=concerned(asked),
        mutating=rule is None or rule.mutating,
    )


def concerned(asked: MethodCall) -> str:
    """GUID of the VM a call is about; empty where it is about none."""
    for name in ("ComputerSystem", "AffectedSystem"):
        reference = asked.arguments.get(name)
        if isinstance(reference, Ref):
            return reference.key("Name").upper()
    keys = Ref(asked.class_name, asked.keys)
    is_service = asked.class_name.casefold() in ("msvm_replicationservice", "msvm_virtualsystemmanagementservice")
    return "" if is_service else (keys.key("SystemName") or keys.key("Name")).upper()


def _refuse_unclustered(world: World, host: Host, asked: MethodCall, rule: Rule) -> None:
    """Blog 2013-08-27 (event 29410): on a node only a highly available VM replicates; how it is refused is a switch."""
    vm = host.vm(concerned(asked))
    replicates = asked.class_name.casefold() == "msvm_replicationservice" or "Replication" in asked.method
    if vm is None or not (replicates and rule.mutating) or host.cluster is None or group_of(host, vm.guid):
        return
    answer = world.switches["not_highly_available"]
    raise Refused(32768, "job") if answer == "failed_job" else Refused(int(answer), "return")


def _refusal(world: World, host: Host, asked: MethodCall, rule: Rule, refused: Refused) -> MethodResult:
    by_job = refused.how == "job" or (refused.how == "switch" and world.switches.is_("refusal", "job"))
    if not by_job or rule.job_type is None:
        return MethodResult(refused.code)
    job = failing_job(world, host, host.vm(concerned(asked)), rule.job_type, refused.code)
    return MethodResult(STARTED, job)


def _trouble_job(world: World, host: Host, facts: MethodFacts, job: Job) -> None:
    if trouble := world.trouble.next_for(host.name, facts, ("fail_job",)):
        job.finish = refusing(trouble.code)
    if trouble := world.trouble.next_for(host.name, facts, ("stick_job",)):
        stick(job, trouble.percent)

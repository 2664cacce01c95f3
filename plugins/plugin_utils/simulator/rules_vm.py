# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Power, guest shutdown, settings and removal of a VM; jobs: what is asked of anything but the replication service."""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    JobState,
    JobType,
    Power,
    RequestedPower,
    StartAction,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.case import DONE, Case
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.guests import (
    may_start,
    power_off,
    power_on,
    reboot,
    shut_down,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.jobs import Refused, cancel
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Adapter, RecoveryPoint, Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.rules_statistics import error_instance
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.settings import (
    as_interval,
    as_number,
    as_text,
    as_texts,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.values import Emb, MethodResult, Ref
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Job

#: RequestedState: from which powers it is legal, the job's type, its seconds (page requeststatechange; times are ours).
POWER_MOVES: Final = {
    RequestedPower.RUNNING: ((Power.OFF, Power.SAVED, Power.PAUSED), JobType.START_VIRTUAL_MACHINE, 3.0),
    RequestedPower.OFF: (
        (Power.RUNNING, Power.PAUSED, Power.SAVED, Power.SHUTTING_DOWN, Power.STARTING),
        JobType.POWER_OFF_VIRTUAL_MACHINE,
        1.0,
    ),
    RequestedPower.SAVED: ((Power.RUNNING, Power.PAUSED), JobType.SAVE_VIRTUAL_MACHINE, 5.0),
    RequestedPower.PAUSED: ((Power.RUNNING,), JobType.PAUSE_VIRTUAL_MACHINE, 1.0),
    RequestedPower.RESET: ((Power.RUNNING,), JobType.POWER_OFF_VIRTUAL_MACHINE, 1.0),
}
_START_JOBS: Final = {
    Power.SAVED: JobType.RESTORE_VIRTUAL_MACHINE,
    Power.PAUSED: JobType.RESUME_VIRTUAL_MACHINE,
}
#: Msvm_ConcreteJob.RequestStateChange: 4 terminates, 5 kills (that method's page).
JOB_REQUESTS: Final = {4: JobState.TERMINATED, 5: JobState.KILLED}

#: Properties of Msvm_VirtualSystemSettingData that this host lets be set; other known ones keep their value.
SETTABLE: Final = frozenset({"ElementName", "Notes", "AutomaticStartupAction", "AutomaticStartupActionDelay"})
#: Properties of that class that its page marks read-only.
READ_ONLY: Final = frozenset(
    {"Caption", "Description", "VirtualSystemType", "CreationTime", "ConfigurationID", "Version", "Parent", "IsSaved"}
)


def request_power(case: Case) -> MethodResult:
    """Page requeststatechange-msvm-computersystem; locks are those of the replication."""
    vm = case.own_vm()
    requested = case.number("RequestedState")
    case.idle(vm)
    if requested not in POWER_MOVES:
        raise Refused(32775, "return")
    wanted = RequestedPower(requested)
    before, job_type, seconds = POWER_MOVES[wanted]
    case.require(vm.power in before)
    case.require(wanted is not RequestedPower.RUNNING or may_start(case.world, vm))
    if wanted is RequestedPower.RUNNING:
        job_type = _START_JOBS.get(vm.power, job_type)
    return _change_power(case, vm, wanted, job_type, seconds)


def initiate_shutdown(case: Case) -> MethodResult:
    """Page msvm-shutdowncomponent-initiateshutdown: 0 once it is initiated; it has no job."""
    vm = _ready_guest(case)
    shut_down(case.world, case.host, vm)
    return DONE


def initiate_reboot(case: Case) -> MethodResult:
    """Page msvm-shutdowncomponent-initiatereboot."""
    vm = _ready_guest(case)
    reboot(case.world, vm)
    return DONE


def request_job_state(case: Case) -> MethodResult:
    """Page requeststatechange-msvm-concretejob, with codes of its own."""
    job = _job(case)
    if case.argument("TimeoutPeriod") is not None:
        return MethodResult(4098)
    if case.argument("RequestedState") not in JOB_REQUESTS:
        return MethodResult(5)
    if job is None or not job.running:
        return MethodResult(4097)
    if not job.cancellable:
        return MethodResult(1)
    cancel(case.world, case.host, job, JOB_REQUESTS[case.number("RequestedState")])
    return DONE


def get_error(case: Case) -> MethodResult:
    """Page geterror-msvm-concretejob: null while the job is fine."""
    errors = _errors(case)
    return MethodResult(0, None, {"Error": errors[0] if errors else None})


def get_error_ex(case: Case) -> MethodResult:
    """Page geterrorex-msvm-concretejob: null while the job is fine."""
    return MethodResult(0, None, {"Errors": _errors(case) or None})


def destroy_system(case: Case) -> MethodResult:
    """Page destroysystem: VM off or saved. The codes are CIM's: 4 no such VM, 5 wrong state.

    What becomes of the disks is documented for a test copy only (page Stop-VMFailover: its data goes), and for that
    by the cmdlet: a switch. The disks of other VMs stay, as Hyper-V Manager says when it deletes one.
    """
    given = case.argument("AffectedSystem")
    vm = case.host.vm(given.key("Name")) if isinstance(given, Ref) else None
    if vm is None:
        return MethodResult(4)
    case.idle(vm)
    if vm.power not in (Power.OFF, Power.SAVED):
        return MethodResult(5)
    doomed = vm
    stay = not vm.test_of or case.world.switches.is_("test_copy_disks", "left")

    def finish() -> None:
        del case.host.vms[doomed.guid]
        case.host.left_files += [disk.path for disk in doomed.disks] if stay else []
        if not doomed.test_of:  # what a test copy held its replica holds still, and what was written in it was a test
            case.world.note_loss(case.host, doomed, doomed.held, "DestroySystem")

    job_type = JobType.REMOVE_TEST_REPLICA if vm.test_of else JobType.DESTROY_VIRTUAL_MACHINE
    return case.job(vm, job_type, 3.0, finish)


def modify_system(case: Case) -> MethodResult:
    """Page modifysystemsettings. A full read-back, read-only properties and all, is ignored or refused: a switch."""
    given = case.embedded("SystemSettings")
    vm = case.host.vm(given.text("InstanceID").rpartition(":")[2])
    if vm is None or given.class_name.casefold() != "msvm_virtualsystemsettingdata":
        raise Refused(32773, "return")
    case.idle(vm)
    if READ_ONLY & set(given.properties) and case.world.switches.is_("inherited_setting_properties", "refuse"):
        raise Refused(32773, "job")
    action = given.properties.get("AutomaticStartupAction")
    if action is not None and as_number(action) not in [value.value for value in StartAction]:
        raise Refused(32773, "return")
    delay = given.properties.get("AutomaticStartupActionDelay")
    start_delay = vm.start_delay if delay is None else as_interval(delay)
    changed = vm

    def finish() -> None:
        changed.start_action = changed.start_action if action is None else StartAction(as_number(action))
        changed.start_delay = start_delay
        changed.name = given.text("ElementName") or changed.name
        if "Notes" in given.properties:
            changed.notes = as_texts(given.properties["Notes"])

    return case.job(vm, JobType.MODIFY_VIRTUAL_MACHINE, 0.5, finish)


def modify_resources(case: Case) -> MethodResult:
    """Page modifyresourcesettings, for connections of adapters; of other resources nothing can be set here."""
    given = case.argument("ResourceSettings")
    if not isinstance(given, list) or not given:
        raise Refused(32773, "return")
    pairs = [_connection(case, element) for element in given]
    for _rest, adapter, element in pairs:
        _wanted_switch(case, adapter, element)

    def finish() -> None:
        for _rest, adapter, element in pairs:
            _connect(case, adapter, element)

    return case.job(pairs[0][0], JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES, 0.5, finish)


def get_summary(case: Case) -> MethodResult:
    """Page getsummaryinformation: what it is about, in the order asked; the service makes the instances."""
    given = case.argument("SettingData")
    found = list(case.host.vms.values()) if given is None else [_settings_of(case, reference) for reference in given]
    return MethodResult(0, None, {"SummaryInformation": found})


def set_guest_addresses(case: Case) -> MethodResult:
    """Page setguestnetworkadapterconfiguration: sets the addresses of a running guest."""
    vm = case.vm()
    given = case.argument("NetworkConfiguration")
    case.require(vm.power is Power.RUNNING)
    if not isinstance(given, list) or not all(isinstance(element, Emb) for element in given):
        raise Refused(32773, "return")
    addresses = [address for element in given for address in as_texts(element.properties.get("IPAddresses"))]
    return case.job(
        vm, JobType.MODIFY_VIRTUAL_MACHINE_RESOURCES, 2.0, lambda: setattr(vm.guest, "addresses", addresses)
    )


def format_error(case: Case) -> MethodResult:
    """Page formaterror: one readable text of several errors."""
    given = case.argument("Errors")
    texts = [element.text("Message") for element in given or () if isinstance(element, Emb)]
    return MethodResult(0, None, {"ErrorMessage": " ".join(texts)})


def _change_power(case: Case, vm: Vm, wanted: RequestedPower, job_type: JobType, seconds: float) -> MethodResult:
    before = vm.power
    vm.requested_state = wanted.value
    if wanted is RequestedPower.RUNNING and before is Power.OFF:
        vm.power = Power.STARTING

    def finish() -> None:
        if vm.power is Power.STARTING:
            vm.power = before
        _reach(case, vm, wanted)
        vm.requested_state = 12

    def undo() -> None:
        vm.requested_state = 12
        if vm.power is Power.STARTING:
            vm.power = before

    return case.job(vm, job_type, seconds, finish, undo)


def _reach(case: Case, vm: Vm, wanted: RequestedPower) -> None:
    if wanted is RequestedPower.RUNNING:
        power_on(case.world, case.host, vm)
    elif wanted is RequestedPower.RESET:
        reboot(case.world, vm)
    else:
        power_off(case.world, case.host, vm, Power(wanted.value))


def _ready_guest(case: Case) -> Vm:
    """The VM whose guest can be asked (codes 32780 to 32782: page initiateshutdown). A dead one takes the request."""
    vm = case.own_vm("SystemName")
    if vm.power is Power.SHUTTING_DOWN:
        raise Refused(32782, "return")
    if vm.power is not Power.RUNNING:
        raise Refused(32775, "return")
    if vm.guest.answers and vm.guest.up_since is None:
        raise Refused(32780, "return")
    if vm.guest.locked and not case.argument("Force"):
        raise Refused(32781, "return")
    return vm


def _job(case: Case) -> Job | None:
    return case.host.jobs.get(Ref("", case.call.keys).key("InstanceID").upper())


def _errors(case: Case) -> list[Emb]:
    job = _job(case)
    if job is None:
        raise Refused(32773, "return")
    vm = case.host.vm(job.vm_guid)
    return [error_instance(case.host, job.error_code, vm.name if vm else "")] if job.error_code else []


def _connection(case: Case, element: object) -> tuple[Vm, Adapter, Emb]:
    if not isinstance(element, Emb):
        raise Refused(32773, "return")
    if element.class_name.casefold() != "msvm_ethernetportallocationsettingdata":
        raise Refused(32770, "return")
    identity = element.text("InstanceID").casefold()
    for vm in case.host.vms.values():
        for adapter in vm.adapters:
            if identity.startswith(adapter.instance_id.casefold()):
                return vm, adapter, element
    raise Refused(32773, "return")


def _connect(case: Case, adapter: Adapter, element: Emb) -> None:
    adapter.switch = _wanted_switch(case, adapter, element)
    if "TestReplicaSwitchName" in element.properties:
        adapter.test_switch = as_text(element.properties["TestReplicaSwitchName"])
    if "TestReplicaPoolID" in element.properties:
        adapter.test_pool = as_text(element.properties["TestReplicaPoolID"])


def _wanted_switch(case: Case, adapter: Adapter, element: Emb) -> str:
    """The switch to be connected to; EnabledState 3 or an empty HostResource disconnects (class page)."""
    if element.text("EnabledState") == "3":
        return ""
    if "HostResource" not in element.properties:
        return adapter.switch
    paths = as_texts(element.properties["HostResource"])
    if not paths or not paths[0]:
        return ""
    for name in case.host.switches:
        if name in paths[0] or case.host.switch_guid(name).casefold() in paths[0].casefold():
            return name
    raise Refused(32773, "return")


def _settings_of(case: Case, reference: Ref) -> Vm | RecoveryPoint:
    guid = reference.key("InstanceID").rpartition(":")[2].upper()
    found = case.host.vm(guid) or next(
        (point for vm in case.host.vms.values() if (point := vm.point(guid)) is not None), None
    )
    if found is None:
        raise Refused(32773, "return")
    return found

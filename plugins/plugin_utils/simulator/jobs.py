# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs: begun by a method, ended by time, cancelled by somebody, gone a while after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.states import (
    SUCCESSFUL_JOB_STATES,
    JobState,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.languages import (
    error_text,
    job_caption,
    job_status,
)
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.machines import Vm
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.traffic import Passage
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.world import Host, Job, World

#: How long a job takes that is to fail because its step is not legal.
SECONDS_TO_REFUSAL: Final = 1.0


class Refused(Exception):
    """The step is not legal, or cannot be carried out.

    Attributes:
        code: a return code of Msvm_ReplicationService (its methods' pages).
        how: ``switch``: as the switch refusal says; ``return``: by return code; ``job``: by a job that fails.
    """

    def __init__(self, code: int, how: str = "switch") -> None:
        super().__init__(code)
        self.code = code
        self.how = how


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job does.

    Attributes:
        finish: called when its time is up; may raise Refused, which makes the job fail.
        undo: called when it fails or is cancelled.
        over: the hosts that it sends something from and to; it begins when both have room for one more transfer.
    """

    job_type: int
    seconds: float
    finish: Callable[[], None] | None = None
    undo: Callable[[], None] | None = None
    cancellable: bool = True
    over: tuple[Host, Host] | None = None


def start_job(world: World, host: Host, vm: Vm | None, work: Work) -> Job:
    """Begin a job; it ends by itself when its time is up."""
    job = Job(
        guid=world.new_guid(),
        type=work.job_type,
        vm_guid=vm.guid if vm else "",
        submitted=world.now,
        changed=world.now,
        seconds=work.seconds,
        cancellable=work.cancellable,
        finish=work.finish,
        undo=work.undo,
    )
    host.jobs[job.guid] = job
    world.traffic.begin(job.vm_guid)
    if work.over is None:
        job.event = world.after(work.seconds, lambda: _end(world, host, job))
    else:
        _send(world, host, job, work.over)
    return job


def _send(world: World, host: Host, job: Job, over: tuple[Host, Host]) -> None:
    """Let the job's time run from when its transfer has its turn."""

    def begin() -> None:
        job.begun = world.now
        if job.stuck_at is None:
            job.event = world.after(job.seconds, lambda: _end(world, host, job))

    sender, receiver = over
    job.passage = Passage(sender=sender.name, receiver=receiver.name, begin=begin)
    world.traffic.enter((sender.name, sender), (receiver.name, receiver), job.passage)


def failing_job(world: World, host: Host, vm: Vm | None, job_type: int, code: int) -> Job:
    """Begin a job that changes nothing and fails with this ErrorCode."""
    work = Work(job_type=job_type, seconds=SECONDS_TO_REFUSAL, finish=refusing(code))
    return start_job(world, host, vm, work)


def refusing(code: int) -> Callable[[], None]:
    """What a job does that fails with this ErrorCode."""

    def refuse() -> None:
        raise Refused(code)

    return refuse


def stick(job: Job, percent: int) -> None:
    """Let a job stop moving at so many percent."""
    job.stuck_at = percent
    if job.event is not None:
        job.event.cancelled = True


def release(world: World, host: Host, job: Job) -> None:
    """Let a job that was stuck go on; what is left of its time is still to pass."""
    if job.running and job.stuck_at is not None:
        left = job.seconds * (100 - job.stuck_at) / 100
        job.stuck_at = None
        if job.passage is not None and job.begun is None:
            return  # its transfer waits for its turn, and begins then
        job.event = world.after(left, lambda: _end(world, host, job))


def cancel(world: World, host: Host, job: Job, state: JobState) -> None:
    """End a running job before its time, as terminated or killed, and put back what it had begun."""
    _close(world, host, job, state, "cancelled")
    if job.undo is not None:
        job.undo()


def end_now(world: World, host: Host, job: Job) -> int:
    """Do at once what a job was to do, and forget it; the return code says what came of it."""
    if job.event is not None:
        job.event.cancelled = True
    host.jobs.pop(job.guid, None)
    job.state = JobState.COMPLETED
    world.traffic.end(job.vm_guid)
    try:
        if job.finish is not None:
            job.finish()
    except Refused as refused:
        if job.undo is not None:
            job.undo()
        return refused.code
    return 0


def drop_all(world: World, host: Host) -> None:
    """Forget all jobs of a host that lost power; what they had begun is put back."""
    jobs, host.jobs = list(host.jobs.values()), {}
    for job in jobs:
        if job.event is not None:
            job.event.cancelled = True
        world.traffic.leave(job.passage)
        if not job.running:
            continue
        world.traffic.end(job.vm_guid)
        if job.undo is not None:
            job.undo()


def _end(world: World, host: Host, job: Job) -> None:
    try:
        if job.finish is not None:
            job.finish()
    except Refused as refused:
        _fail(world, host, job, refused.code)
    else:
        _close(world, host, job, JobState(world.switches.number("job_success")), "completed")


def _fail(world: World, host: Host, job: Job, code: int) -> None:
    job.error_code = code if world.switches.is_("job_error_code", "return_code") else 0
    job.error_description = f"{job_caption(host.language, job.type)}: {error_text(host.language, code)}"
    vm = host.vm(job.vm_guid)
    job.error_summary = f"{vm.name}: {job_status(host.language, 'failed')}" if vm else job.error_description
    _close(world, host, job, JobState.EXCEPTION, "failed")
    if job.undo is not None:
        job.undo()


def _close(world: World, host: Host, job: Job, state: JobState, status: str) -> None:
    job.settle(world.now)
    job.state = state
    job.percent = 100 if state in SUCCESSFUL_JOB_STATES else job.percent
    job.status = status
    job.ended = job.changed = world.now
    if job.event is not None:
        job.event.cancelled = True
    world.traffic.leave(job.passage)
    world.traffic.end(job.vm_guid)
    world.after(world.switches.number("finished_job_lifetime"), lambda: host.jobs.pop(job.guid, None))

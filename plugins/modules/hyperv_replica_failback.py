#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_failback
short_description: Bring Hyper-V Replica virtual machines home
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - The virtual machine is home and is served there. The task's host is the home, O(peer) is where it runs now.
  - Looks at both hosts, works out a legal path from what it sees to O(state), takes it step by step, looking again
    before each step that changes something, and ends by looking whether O(state) is there. Nothing is remembered
    between runs. A run that was cut off at any point is continued by running it again.
  - A failback is a planned move and loses no write that the recovery host acknowledged.
options:
  vms:
    description:
      - Names or GUIDs of the virtual machines, as the task's host knows them. Nothing else is touched.
      - A name that two virtual machines share is refused with both GUIDs. A test copy never matches a name.
    type: list
    elements: str
    required: true
  peer:
    description:
      - Inventory name of the host where the virtual machines run now, or V(auto) to find it by the names of the
        relationship.
      - Not needed where another replication provider brings the data home and O(source_confirmed_off) is given.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
  state:
    description:
      - V(synced), the source serves the users and both copies are in sync.
      - V(switched_off), the source is off and locked, its last delta is here. B(Nobody is served.)
      - V(running), it runs here.
      - V(protected), it runs here and replicates to the peer. This merges the recovery points.
      - They are ordered, and a later one satisfies an earlier one.
    type: str
    choices: [synced, switched_off, running, protected]
    default: protected
  strategy:
    description:
      - V(reverse) reverses the replication at the recovery host and then makes a planned failover home. It is the way
        of the replication that is built into Hyper-V.
      - V(provider) calls C(InitiateFailback), the way of other replication providers.
      - V(auto) decides by the provider of the relationship alone.
      - V(new_copy) makes the copy at home anew, where home holds none with this GUID any more, because the host was
        rebuilt, its storage was lost, or another site is to be the home. The relationship is removed on the recovery
        host only, made anew towards the task's host, and filled; from there on it is V(reverse). It is never chosen by
        V(auto). O(vms) are looked up on O(peer).
      - V(new_copy) is refused where home holds a copy of it, where another virtual machine has its name there, where
        the recovery host's copy is failed over and not committed, prepared for a failover, or replicates to a third
        host too.
    type: str
    choices: [auto, reverse, provider, new_copy]
    default: auto
  recovery_point_identifier:
    description: For V(provider) only. Sent to the provider as it is given.
    type: str
  initiate_on:
    description: For V(provider) only. On which host's virtual machine C(InitiateFailback) is called.
    type: str
    choices: [here, peer]
    default: here
  source_confirmed_off:
    description:
      - For V(provider) without O(peer). Who says that the other copy is off, how that is known, and the ticket.
    type: str
  on_failure:
    description:
      - What is done when the move fails after the virtual machine was shut down.
      - V(roll_back) starts it at the source again, as long as nothing was started here. V(start_unprotected) starts it
        here without replication. V(stop) leaves it as it is and says so.
    type: str
    choices: [roll_back, start_unprotected, stop]
    default: roll_back
extends_documentation_fragment:
  - hyperv.replica.operation
  - hyperv.replica.operation.guest
  - hyperv.replica.operation.move
  - hyperv.replica.operation.consent
  - hyperv.replica.moves.fence
  - hyperv.replica.moves.new_copy
  - hyperv.replica.attributes
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_failover
  - module: hyperv.replica.hyperv_replica_failover_cancel
  - module: hyperv.replica.hyperv_replica_verify
notes:
  - Reversing the replication merges all recovery points of the replica. From then on there is no way back to them.
  - If the recovery host is lost for good, this is not a failback. Use M(hyperv.replica.hyperv_replica_failover) with
    O(hyperv.replica.hyperv_replica_failover#module:mode=unplanned) on the home host.
"""

EXAMPLES = r"""
- name: What would be done to bring them home
  hyperv.replica.hyperv_replica_failback:
    vms: [SQL01, WEB01]
    peer: hv-b
  check_mode: true
  diff: true

- name: Bring them home
  hyperv.replica.hyperv_replica_failback:
    vms: [SQL01, WEB01]
    peer: hv-b
    expect_source_running: true

- name: Catch up during the day, and switch at night in another run
  hyperv.replica.hyperv_replica_failback:
    vms: [SQL01]
    peer: hv-b
    state: synced

- name: Home came back with writes of its own after the unplanned failover, and they may go
  hyperv.replica.hyperv_replica_failback:
    vms: [SQL01]
    peer: hv-b
    consent: [discard_old_primary_data]
    reason: "Database team compared both copies, CHG0042317, J. Weber"

- name: Another replication provider, and its source is gone from the inventory
  hyperv.replica.hyperv_replica_failback:
    vms: [PRV01]
    strategy: provider
    recovery_point_identifier: "2026-11-20T02:00:00Z"
    source_confirmed_off: "Site B is without power, seen by the night shift, INC0099120"

- name: Home was rebuilt and holds nothing any more
  hyperv.replica.hyperv_replica_failback:
    vms: [SQL01]
    peer: hv-b
    strategy: new_copy
    new_copy:
      replica_server: hv-a.example.com
      assumed_bandwidth: 400
    sync_timeout: 14400
    timeout: 21600

- name: Say where each one is when it did not work
  block:
    - name: Bring them home
      hyperv.replica.hyperv_replica_failback:
        vms: [SQL01, WEB01]
        peer: hv-b
      register: home
  rescue:
    - name: Where they are now
      ansible.builtin.debug:
        msg: "{{ item.name }}: {{ item.now }}"
      loop: "{{ ansible_failed_result.vms }}"
      loop_control:
        label: "{{ item.name }}"
"""

RETURN = r"""
changed:
  description: Whether a request that changes something was carried out, or may have been. In check mode, would be.
  returned: always
  type: bool
msg:
  description: What came of it, in plain words, with the error of each virtual machine that failed and where it is now.
  returned: always
  type: str
  sample: 2 VMs moved, 1 VM already there.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(moved) is replaced by V(planned).
  returned: when the virtual machines were found
  type: dict
  sample: {moved: 2, already_there: 1, failed: 0, skipped: 0}
vms:
  description: One entry for each virtual machine.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the virtual machine.
      type: str
      returned: always
      sample: SQL01
    id:
      description: Its GUID, which is the same on both hosts.
      type: str
      returned: always
      sample: 8E2B4F6A-7C1D-4E3B-9A54-0D2F6B8C1E90
    direction:
      description: From the source to the destination.
      type: str
      returned: always
      sample: hv-a → hv-b
    outcome:
      description: V(moved), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of V(moved).
      type: str
      returned: always
      sample: moved
    changed:
      description: The same as RV(changed), of this virtual machine.
      type: bool
      returned: always
    now:
      description: One line that says where the virtual machine is now, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-b, protected (replicates to hv-a)
    before:
      description: Both ends before anything was done. Every state is given as C(number) and C(name).
      type: dict
      returned: always
      contains:
        destination:
          description: >-
            What the destination showed. C(host), C(vm_name), C(power), C(mode), C(state), C(health),
            C(last_replicated), C(start_action), C(test_copy), C(guest) and the running C(jobs); or C(host), C(why) and
            C(said) where nothing is known.
          type: dict
          returned: always
        source:
          description: What the source showed, in the same form.
          type: dict
          returned: always
    after:
      description: Both ends when the run ended, in the same form.
      type: dict
      returned: always
    plan:
      description:
        - The steps that were decided before anything was asked for, in their order. Their keys are C(host), C(end)
          (V(destination) or V(source)), C(method), C(mutates), C(arguments), C(expects), C(loses) (V(nothing),
          V(recovery_points), V(writes) or V(saved_state)), C(can_be_undone), C(consent), C(contingent) (taken only if
          the host asks for it), C(expected_seconds) and C(why).
      type: list
      elements: dict
      returned: always
    performed:
      description:
        - The calls that were sent, in their order. Beside the keys of RV(vms[].plan) they have C(started), C(ended),
          C(seconds), C(job_id), C(return_code) (number and name) and C(outcome), which is V(done), V(refused),
          V(failed) or V(unknown).
      type: list
      elements: dict
      returned: always
    rescue:
      description: >-
        What O(on_failure) did, empty when nothing had to be rescued. One of V(rolled_back), V(started_unprotected),
        V(stopped) and V(failed).
      type: str
      returned: always
    strategy:
      description: How the data came home; null where there is nothing to choose.
      type: str
      returned: always
    recovery_point:
      description: The recovery point that was used; null for planned moves.
      type: dict
      returned: always
    rpo_seconds:
      description: Seconds of writes that were lost, from the outage to the recovery point. V(0) for a planned move.
      type: float
      returned: always
    rpo_proof:
      description: How RV(vms[].rpo_seconds) is known.
      type: str
      returned: always
    point_age_seconds:
      description: Age of the recovery point on the destination's own clock.
      type: float
      returned: always
    outage_began:
      description: When users lost the service. For a planned move, when the guest was asked to shut down.
      type: str
      returned: always
    served_at:
      description: When users were served again.
      type: str
      returned: always
    rto_from_outage:
      description: Seconds from RV(vms[].outage_began) to RV(vms[].served_at).
      type: float
      returned: always
    rto_from_declaration:
      description: Seconds from the declaration to RV(vms[].served_at).
      type: float
      returned: always
    execution_seconds:
      description: Seconds from the first call that was sent to the last answer.
      type: float
      returned: always
    facts:
      description: What else was found out about this virtual machine.
      type: dict
      returned: always
    warnings:
      description: What the operator should know although it did not stop the run.
      type: list
      elements: str
      returned: always
    error:
      description: What went wrong; null when nothing did. The same keys as RV(error).
      type: dict
      returned: always
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: when the virtual machines were found
  type: dict
  sample: {hv-a: 14, hv-b: 16}
consent:
  description: What was consented to (C(given)), and why (C(reason)).
  returned: when the virtual machines were found
  type: dict
records:
  description: What was done when on which host, oldest first. See O(journal_dir).
  returned: when the virtual machines were found
  type: list
  elements: dict
error:
  description: What went wrong before anything could be said of single virtual machines.
  returned: when the task failed as a whole
  type: dict
  contains:
    kind:
      description: >-
        A word that playbooks may decide by, such as V(wrong_peer), V(peer_unreachable), V(connection_lost),
        V(primary_alive), V(split_brain), V(consent_needed), V(changed_by_other), V(no_such_vm), V(ambiguous_name),
        V(not_in_sync), V(access_refused), V(data_loss), V(refused), V(job_failed), V(timed_out) or V(bad_option).
      type: str
      returned: always
    code:
      description: The number that the host gave, if any.
      type: int
      returned: always
    code_name:
      description: What Microsoft calls that number.
      type: str
      returned: always
    found:
      description: What was seen.
      type: str
      returned: always
    cause:
      description: Why, as far as it is known.
      type: str
      returned: always
    remedy:
      description: What would make it right.
      type: str
      returned: always
    next:
      description: What to do now.
      type: str
      returned: always
    detail:
      description: The host's own words, in the host's language.
      type: str
      returned: always
    host:
      description: Inventory name of the host.
      type: str
      returned: always
    vm:
      description: Name of the virtual machine.
      type: str
      returned: always
    consent:
      description: The consents that would make a path legal.
      type: list
      elements: str
      returned: always
    msg:
      description: All of it in one line.
      type: str
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import FAILBACK


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**FAILBACK, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_failback works through its action plugin of the same name")


if __name__ == "__main__":
    main()

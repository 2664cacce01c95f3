#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_test_failover
short_description: Make and remove test copies of Hyper-V Replica virtual machines
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - V(present), a test copy of each virtual machine exists beside its replica, made of any recovery point, connected to
    nothing or to networks that were named, and on request started and answering. The replica goes on replicating and
    nobody's service is touched.
  - V(absent), it is gone, and so are its disks.
  - The task's host is the replica host. The other end is not asked.
  - A test copy is known by replication mode 3 and by the host's own link to its replica, never by its name. Just before
    it is started, turned off or destroyed, the host is asked once more whether it shows mode 3.
options:
  vms:
    description:
      - Names or GUIDs of the replicated virtual machines, not of their test copies. Nothing else is touched.
      - A name that two virtual machines share is refused with both GUIDs. A test copy never matches a name.
    type: list
    elements: str
  state:
    description: V(present), there is a test copy. V(absent), there is none.
    type: str
    choices: [present, absent]
    required: true
  recovery_point:
    description:
      - Of which recovery point the copy is made. V(latest), V(latest_app_consistent), or the id or name of one, as
        M(hyperv.replica.hyperv_replica_info) returns it.
      - Of which one a copy is that is there already, no host says. It counts as V(already_there), with a warning.
    type: str
    default: latest
  recovery_point_before:
    description: The newest recovery point that is not younger than this time, which needs its offset from UTC.
    type: str
  network:
    description:
      - V(isolated), the copy is connected to nothing. This is what is done when neither this nor O(test_networks) is
        given.
      - V(configured), it is connected to the test switch that is set on each adapter of the replica.
    type: str
    choices: [isolated, configured]
  test_networks:
    description:
      - Switches that the copy is connected to; adapters that are not named are connected to nothing.
      - The test switch of the replica's adapters is set for the time of making the copy and put back afterwards, also
        when the copy could not be made. A run that is killed in between leaves it set.
      - A switch that any virtual machine of the host is connected to which is no test copy is refused.
    type: list
    elements: dict
    suboptions:
      adapter:
        description: Name or MAC address of an adapter of the replica. Without it, all adapters that are not named.
        type: str
      switch:
        description: Name of the virtual switch.
        type: str
        required: true
  start:
    description:
      - Whether the copy is started. A copy that is connected to anything but what was asked for is never started.
    type: bool
    default: false
  heartbeat:
    description: With O(start), whether its guest must answer within O(guest_timeout).
    type: bool
    default: true
  guest_timeout:
    description: Seconds to wait for the heartbeat of a started copy, and again for O(probes).
    type: int
    default: 300
  simulated_guests:
    description:
      - The hosts are simulated, so that no network leads to a copy. Nothing is sent to one, and each probe is as good
        as the heartbeat of its guest.
    type: bool
    default: false
  stop_running:
    description:
      - With O(state=absent), turn off a copy that runs. Without it, a running copy is refused, for somebody may be
        working in it.
    type: bool
    default: false
  orphans:
    description:
      - What is done with test copies of virtual machines that are not in O(vms). They are always listed in the result.
      - V(keep), nothing. V(remove), those in O(orphan_ids) are removed.
    type: str
    choices: [keep, remove]
    default: keep
  orphan_ids:
    description:
      - GUIDs of test copies to remove, with O(state=absent) and O(orphans=remove). One that is gone already is no
        error. A machine that does not show mode 3 is refused.
    type: list
    elements: str
extends_documentation_fragment:
  - hyperv.replica.probes
  - hyperv.replica.operation
  - hyperv.replica.attributes
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_failover
  - module: hyperv.replica.hyperv_replica_verify
"""

EXAMPLES = r"""
- name: Does last night's state of SQL01 boot?
  hyperv.replica.hyperv_replica_test_failover:
    vms: [SQL01]
    state: present
    recovery_point: latest_app_consistent
    start: true

- name: The shop in a bubble of its own, and its page answers there
  hyperv.replica.hyperv_replica_test_failover:
    vms: [SQL01, WEB01]
    state: present
    test_networks:
      - switch: Bubble
    start: true
    probes:
      - vm: WEB01
        address: 198.51.100.21
        tcp: 443

- name: Clean up
  hyperv.replica.hyperv_replica_test_failover:
    vms: [SQL01, WEB01]
    state: absent
    stop_running: true

- name: Remove what somebody left behind
  hyperv.replica.hyperv_replica_test_failover:
    state: absent
    orphans: remove
    orphan_ids: [5B1E7C0A-2F44-4C39-8D11-6A0F3E9C7B52]
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
  sample: 2 VMs done, 1 VM already there.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(done) is replaced by V(planned).
  returned: when the virtual machines were found
  type: dict
  sample: {done: 2, already_there: 1, failed: 0, skipped: 0}
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
      description: The task's host, behind the other end, which is not asked.
      type: str
      returned: always
      sample: (no peer given) → hv-b
    outcome:
      description: V(done), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of
        V(done).
      type: str
      returned: always
      sample: done
    changed:
      description: The same as RV(changed), of this virtual machine.
      type: bool
      returned: always
    now:
      description: One line that says whether there is a test copy, and what it is connected to.
      type: str
      returned: always
      sample: test copy SQL01 - Test is RUNNING on hv-b, connected to nothing
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
    test_copy:
      description: >-
        The test copy as it was seen last; null where there is none. C(id), C(name), C(power), C(connected_to) (names of
        switches), C(disks) (paths), C(heartbeat) and C(addresses).
      type: dict
      returned: always
    probes:
      description: What came of each of O(probes). C(check), C(result), C(found) and C(wanted).
      type: list
      elements: dict
      returned: always
    strategy:
      description: V(present), V(absent) or V(orphan).
      type: str
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
orphans:
  description: >-
    Test copies of the host that belong to none of O(vms), as they were when the run began. C(id), C(name), C(power) and
    C(of), the name of the virtual machine they are a copy of, null where the host links none.
  returned: when the virtual machines were found
  type: list
  elements: dict
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
        V(production_network), V(not_isolated), V(copy_runs), V(no_test_copy), V(disks_left), V(probe_failed),
        V(changed_by_other), V(no_such_vm), V(ambiguous_name), V(not_a_replica), V(not_in_sync), V(access_refused),
        V(refused), V(job_failed), V(timed_out) or V(bad_option).
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

from ansible_collections.hyperv.replica.plugins.module_utils._surface.specs import TEST_FAILOVER


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**TEST_FAILOVER, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_test_failover works through its action plugin of the same name")


if __name__ == "__main__":
    main()

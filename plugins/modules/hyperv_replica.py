#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica
short_description: Make, change, pause, resynchronize or remove the replication of virtual machines
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - The relationship of each virtual machine is there with these settings and in this state, or is not there.
  - B(The task's host sends.) The receiving host is O(peer) where both ends have to be looked at or changed.
  - A relationship that is failed over and not home yet is neither changed nor removed, unless
    O(even_if_failed_over=true).
  - The receiving host has to be a replica server, see M(hyperv.replica.hyperv_replica_server). Statistics are read
    with M(hyperv.replica.hyperv_replica_info). A chain to a third host is looked after with O(leg=extended).
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
      - Inventory name of the receiving host, or V(auto) to find it by the names of the relationship. Both ends are
        looked at then, and both are changed where the state asks for it.
      - Without it only the sending host is looked at and changed.
      - An inventory group with C(hyperv_cluster_name) stands for all nodes of a failover cluster, and so does each of
        its hosts.
    type: str
  leg:
    description:
      - V(primary), the relationship of a virtual machine with its replica.
      - V(extended), that of the replica with a third host. B(The task's host holds the replica) and O(peer) is the
        third host. Its O(interval) is 300 or 900 and not below that of the primary, it has no
        O(app_consistent_interval), and a O(recovery_history) of its own. It has to be removed before the other one is.
    type: str
    choices: [primary, extended]
    default: primary
  state:
    description:
      - V(present), the relationship is there with these settings. Nothing is sent for it to be so.
      - V(replicating), it is there and both ends replicate. The first copy is made, a paused one goes on. A
        resynchronization that is needed takes all recovery points, so it needs a consent.
      - V(suspended), it is paused. So is a resynchronization that is running.
      - V(resynchronized), it replicates, after a resynchronization where one is needed, is paused, or where
        replication is paused. B(A resynchronization deletes all recovery points.) A healthy relationship needs none;
        to compare its disks all the same, suspend it first.
      - V(resynchronization_cancelled), none is running or paused. Nothing is sent until the next one.
      - V(first_copy_stopped), none is being sent. An exported one that is complete cannot be stopped any more.
      - V(promoted), a replica on the task's host that was failed over and committed, and that replicates to a third
        host, is the primary of that host. The host that it came from is left behind. Takes no O(peer).
      - V(absent), it is removed from the sending host, and with O(peer) from the receiving one. Both virtual machines
        stay. B(The recovery points of the replica are merged.) On a host whose other end is gone, be it the receiving
        one, leave O(peer) out.
    type: str
    choices:
      - present
      - replicating
      - suspended
      - resynchronized
      - resynchronization_cancelled
      - first_copy_stopped
      - promoted
      - absent
    default: replicating
  replica_server:
    description:
      - Full name of the receiving host, or of its cluster's broker. Needed to make a relationship. A relationship to
        another one is refused and never redirected.
    type: str
  authentication:
    description: How the sending host signs in. A new relationship takes V(kerberos) when it is not given.
    type: str
    choices: [kerberos, certificate]
  port:
    description: Port of the receiving host's listener. A new relationship takes what O(peer) shows, or 80 or 443.
    type: int
  certificate_thumbprint:
    description: Certificate of the sending host. A new relationship takes the one of its replica server settings.
    type: str
  interval:
    description: Seconds between two deltas.
    type: int
    choices: [30, 300, 900]
  recovery_history:
    description: How many additional recovery points are kept, 0 to 24.
    type: int
  app_consistent_interval:
    description: Hours between two application-consistent recovery points, 1 to 12, or 0 for none.
    type: int
  compression:
    description: Whether what is sent is compressed.
    type: bool
  bypass_proxy:
    description: Whether the proxy server of the sending host is bypassed.
    type: bool
  included_disks:
    description:
      - The virtual disks to replicate, each by the path or the name of its file, or by the id of its settings.
      - A new relationship takes all of them when it is not given.
    type: list
    elements: str
  auto_resynchronize:
    description: Whether a resynchronization that is needed begins by itself, in a window of the day.
    type: bool
  auto_resynchronize_from:
    description: When that window begins, in the local time of the host, as C("18:30").
    type: str
  auto_resynchronize_until:
    description: When that window ends, in the local time of the host, as C("06:00").
    type: str
  provider:
    description: GUID of the replication provider.
    type: str
  additional_settings:
    description: Text for an external provider, given to it as written.
    type: str
  first_copy:
    description:
      - How the disks get to the receiving host for the first time. V(network) sends them.
      - V(export) writes them to O(export_path). Once they were brought to the receiving host, run this again with
        O(import_path).
      - V(existing) makes the virtual machine with the same GUID, which is on the receiving host already and off, the
        replica. B(What only that copy has is overwritten), so it needs the consent V(discard_old_primary_data). Where
        the host asks for an authorization entry first, give O(hyperv.replica.hyperv_replica_server#module:vm_entries).
    type: str
    choices: [network, export, existing]
    default: network
  export_path:
    description: Folder for O(first_copy=export), as the sending host sees it.
    type: str
  import_path:
    description: The same folder as the receiving host sees it, once it is there.
    type: str
  start_at:
    description:
      - When the first copy or the resynchronization begins, with offset, as C("2026-11-20T22:00:00+01:00"). A time
        that has passed means at once.
      - B(Changed in each run until that time.) No host shows what it will begin later, so nothing can be compared.
    type: str
  reset_statistics:
    description: Count the statistics anew, on the task's host. B(Always changed.)
    type: bool
    default: false
  even_if_failed_over:
    description:
      - Change or remove a relationship although it is failed over, or prepared for that, and not home yet.
        B(The way home may be lost with it.) A failover that is not committed is committed before it is removed.
    type: bool
    default: false
  sync_timeout:
    description: Seconds to wait until a first copy or a resynchronization is complete.
    type: int
    default: 3600
  consent:
    description:
      - What this run may lose. V(resynchronize), all recovery points, where O(state=replicating) needs a
        resynchronization. V(discard_old_primary_data), what only the copy has that O(first_copy=existing) overwrites.
    type: list
    elements: str
    choices: [resynchronize, discard_old_primary_data]
  reason:
    description: Why O(consent) is given, and by whom. Goes into the result and the evidence. Required with O(consent).
    type: str
extends_documentation_fragment:
  - hyperv.replica.operation
  - hyperv.replica.attributes
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_server
  - module: hyperv.replica.hyperv_replica_info
  - module: hyperv.replica.hyperv_replica_failover
"""

EXAMPLES = r"""
- name: Protect two virtual machines of hv-a on hv-b
  hyperv.replica.hyperv_replica:
    vms: [SQL01, WEB01]
    peer: hv-b
    replica_server: hv-b.example.com
    interval: 300
    recovery_history: 4

- name: Write the first copy to a disk that travels by car
  hyperv.replica.hyperv_replica:
    vms: [FILES01]
    replica_server: hv-b.example.com
    first_copy: export
    export_path: E:\Travel

- name: Take it in where it arrived
  hyperv.replica.hyperv_replica:
    vms: [FILES01]
    peer: hv-b
    first_copy: export
    export_path: E:\Travel
    import_path: F:\Travel

- name: Pause replication during the backup window
  hyperv.replica.hyperv_replica:
    vms: [SQL01]
    state: suspended

- name: Replicate from the replica on hv-b to a third host
  hyperv.replica.hyperv_replica:
    vms: [SQL01]
    leg: extended
    peer: hv-c
    replica_server: hv-c.example.com
    interval: 900
  delegate_to: hv-b

- name: Remove replication from both ends
  hyperv.replica.hyperv_replica:
    vms: [TEST07]
    peer: hv-b
    state: absent
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
  sample: 2 VMs changed, 1 VM already there.
summary:
  description:
    - How many virtual machines ended with which outcome. In check mode V(changed) is replaced by V(planned).
  returned: when the virtual machines were found
  type: dict
  sample: {changed: 2, already_there: 1, failed: 0, skipped: 0}
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
      description: From the sending host, which is the task's, to the receiving one where O(peer) was given.
      type: str
      returned: always
      sample: hv-a → hv-b
    outcome:
      description: V(changed), V(already_there), V(failed) or V(skipped). In check mode V(planned) instead of
        V(changed).
      type: str
      returned: always
      sample: changed
    changed:
      description: The same as RV(changed), of this virtual machine.
      type: bool
      returned: always
    now:
      description: One line that says where the virtual machine is now, or what is unknown.
      type: str
      returned: always
      sample: runs on hv-a, protected (replicates to hv-b)
    before:
      description: Both ends before anything was done. Every state is given as C(number) and C(name).
      type: dict
      returned: always
      contains:
        sender:
          description: >-
            What the task's host showed. C(host), C(vm_name), C(power), C(mode), C(state), C(health),
            C(last_replicated), C(start_action), C(test_copy), C(guest) and the running C(jobs); or C(host), C(why) and
            C(said) where nothing is known.
          type: dict
          returned: always
        receiver:
          description: What the peer showed, in the same form.
          type: dict
          returned: always
    after:
      description: Both ends when the run ended, in the same form.
      type: dict
      returned: always
    plan:
      description:
        - The steps that were decided before anything was asked for, in their order. Their keys are C(host), C(end)
          (V(sender) or V(receiver)), C(method), C(mutates), C(arguments), C(expects), C(loses) (V(nothing),
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
        What was done after a failure, empty when nothing had to be rescued. One of V(rolled_back),
        V(started_unprotected), V(stopped) and V(failed).
      type: str
      returned: always
    strategy:
      description: The way of the first copy, where O(state=replicating); else empty.
      type: str
      returned: always
    execution_seconds:
      description: Seconds from the first call that was sent to the last answer.
      type: float
      returned: always
    facts:
      description: What else was found out about this virtual machine.
      type: dict
      returned: always
      contains:
        settings:
          description:
            - The settings of the relationship as they are now, named as the options of this module; null where there is
              none. Disks are given by path where that is known.
            - C(auto_resynchronize_from) and C(auto_resynchronize_until) are in the host's local time,
              C(auto_resynchronize_from_utc) and C(auto_resynchronize_until_utc) in UTC as of today, or null where the
              host does not say how far its clock is from UTC.
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
  description: What went wrong before anything could be said of single virtual machines. The same keys as those of
    RV(hyperv.replica.hyperv_replica_failback#module:error).
  returned: when the task failed as a whole
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.relationship_surface import REPLICA


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**REPLICA, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica works through its action plugin of the same name")


if __name__ == "__main__":
    main()

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

#: Suboptions of a new copy that one machine and a whole plan have alike.
_HOW = r"""
      first_copy:
        description:
          - V(network) sends the disks. V(export) writes them to O(new_copy.export_path) and takes them in from
            O(new_copy.import_path). V(existing) fills up a copy with the same GUID that somebody brought home by hand
            and that is off and not replicated; what only that copy has is lost, with C(discard_old_primary_data).
          - If the exported disks have to be carried from one site to the other first, make the relationship with
            M(hyperv.replica.hyperv_replica) on the recovery host, and bring it home with V(auto) afterwards.
        type: str
        choices: [network, export, existing]
        default: network
      export_path:
        description: Folder that the first copy is written to, as the recovery host sees it.
        type: str
      import_path:
        description: The same folder as home sees it.
        type: str
      start_at:
        description: When the first copy begins, with an offset. At once if it is left out or has passed.
        type: str
      assumed_bandwidth:
        description:
          - Mbit/s to estimate with how long the first copy takes. If it is left out, what the statistics of the
            replication on the recovery host say is used, where there are any.
          - A first copy that is expected to take longer than O(sync_timeout) or O(timeout) is refused before anything
            is removed.
        type: float
      authentication:
        description: How the two hosts sign in to each other.
        type: str
        choices: [kerberos, certificate]
      port:
        description: Port that the replica server at home listens on, 1 to 65535.
        type: int
      certificate_thumbprint:
        description: Certificate that the recovery host signs in with.
        type: str
      interval:
        description: Seconds between two replications.
        type: int
        choices: [30, 300, 900]
      recovery_history:
        description: How many additional recovery points are kept, 0 to 24.
        type: int
      app_consistent_interval:
        description: Hours between two application-consistent recovery points, 0 to 12; 0 makes none.
        type: int
      compression:
        description: Whether what is sent is compressed.
        type: bool
      included_disks:
        description: Disks to replicate, by path, file name or id. All of them if it is left out.
        type: list
        elements: str
"""


class ModuleDocFragment:
    """Options of moves that are too many for the page of their module."""

    NEW_COPY = r"""
options:
  new_copy:
    description:
      - For V(new_copy) of O(strategy) only. How the new copy is made.
      - What is not given is taken over from the old relationship as long as that is there. A run that was cut off
        after it was removed goes on with Hyper-V's defaults.
    type: dict
    suboptions:
      replica_server:
        description:
          - Full name of the host, or of its cluster's broker, that is to receive the replication. This is the home,
            and has to be the task's host.
        type: str
        required: true
"""
    NEW_COPY += _HOW

    NEW_COPIES = r"""
options:
  new_copy:
    description:
      - For V(new_copy) of O(strategy) only. How the new copies are made.
      - What is not given is taken over from each old relationship as long as that is there.
    type: dict
    suboptions:
      vms:
        description:
          - Names of the virtual machines of the plan whose copy at home is made anew. All of the task when left out.
            The others come home as with V(auto).
        type: list
        elements: str
      replica_servers:
        description: By which name replication reaches each home of these virtual machines.
        type: list
        elements: dict
        required: true
        suboptions:
          home:
            description: The home as the plan names it.
            type: str
            required: true
          replica_server:
            description: Full name of that host, or of its cluster's broker, that is to receive the replication.
            type: str
            required: true
"""
    NEW_COPIES += _HOW

    VERIFIED = r"""
options:
  fall_back_to_older_points:
    description:
      - For O(commit=verified). How many older recovery points may be tried, one after the other, when the guest is not
        found good. Each has to lie within O(max_data_loss).
      - To ask for it is the consent to discard what the trial itself wrote, apart from the network and while it served
        nobody, and to nothing else.
      - When no further point may be tried, the last one is left failed over, running and apart from its network, for
        people to look at. The same task asks it again.
    type: int
    default: 0
  verify_within:
    description: For O(commit=verified). Seconds that a started guest may take to be found good.
    type: int
    default: 300
  verify_networks:
    description:
      - For O(commit=verified). What its adapters are connected to while it is on trial. Whatever is not named is
        disconnected. A switch that other virtual machines serve on is refused.
      - What they were connected to before is kept in the notes of the virtual machine, and put back when it is good,
        when it is cancelled, and when another run does not go on with the trial.
    type: list
    elements: dict
    suboptions:
      adapter:
        description: Name or MAC address of the adapter. Without it, all that are not named.
        type: str
      switch:
        description: Name of the virtual switch.
        type: str
        required: true
  simulated_guests:
    description: For O(commit=verified). No network leads to the guests, as on simulated hosts. A probe is as good as
      the guest's heartbeat.
    type: bool
    default: false
"""

    FENCE = r"""
options:
  fence_adapters:
    description:
      - An old primary that is found after a failover is kept from starting by itself before anything else is done with
        it. With V(true) its network adapters are disconnected too.
      - What it was like is kept in the notes of the virtual machine, and put back when it is served there again. What
        somebody else changed meanwhile stays as it is and is said.
    type: bool
    default: false
"""

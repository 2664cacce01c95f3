#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_replica_server
short_description: Set how a Hyper-V host receives replication, and from whom
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - The task's host receives replication as asked, with the listener, certificate and authorization entries given here.
    What is not given stays as it is.
  - For a failback, the home host has to receive replication too. Run this for both sites.
  - The firewall of the host is not touched. Its rule for the listener has to be on.
options:
  enabled:
    description: Whether the host receives replication.
    type: bool
  authentication:
    description: How sending hosts may sign in. V(kerberos) is sent over HTTP, V(certificate) over HTTPS.
    type: str
    choices: [kerberos, certificate, both]
  http_port:
    description: Port of the listener for Kerberos.
    type: int
  https_port:
    description: Port of the listener for certificates.
    type: int
  certificate_thumbprint:
    description:
      - Thumbprint of the listener's certificate, which has to be in the machine's personal store.
      - Where the host lists its certificates, one that is not among them, is not in force or is not for both client
        and server authentication is refused.
    type: str
  certificate_subject:
    description:
      - The name that the listener's certificate is issued to, as common name or DNS name. Of those that can be used,
        the one that lasts longest is taken, so that a renewed certificate is found by running this again.
    type: str
  certificate_days:
    description: For how many days from now the certificate has to go on. A shorter one is refused.
    type: int
    default: 0
  monitoring_interval:
    description: Length, in seconds, of the interval over which statistics and health are counted, 3600 to 604800.
    type: int
  monitoring_start:
    description: Time of day, in UTC, at which such an interval begins, as C("09:00").
    type: str
  any_server:
    description:
      - Whether every server may send to this host. V(true) adds the entry C(*), with O(default_storage) as its
        folder. V(false) removes it, which B(stops the replication of virtual machines that came in by it); list the
        servers that may go on sending in O(entries).
      - PowerShell accepts no other entry beside C(*). Whether a host refuses that is not documented; it says so then.
    type: bool
  default_storage:
    description: Folder on the host for what every server sends, and for new O(entries) that name none.
    type: str
  entries:
    description: Who may send to this host. Entries that are not listed are left alone, unless O(purge) is V(true).
    type: list
    elements: dict
    suboptions:
      primary:
        description:
          - Fully qualified name of the sending host or of its cluster's broker. Its first label may be a wildcard,
            as in C(*.example.com). Upper and lower case are the same.
        type: str
        required: true
      storage:
        description: Folder on this host that its replicas are stored in. Needed for a new entry.
        type: str
      trust_group:
        description: Name shared by servers between which virtual machines may move. New entries without one get
          C(DefaultTrustGroup).
        type: str
      state:
        description: V(absent) removes the entry. B(Replication stops for every virtual machine that came in by it.)
        type: str
        choices: [present, absent]
        default: present
  purge:
    description:
      - Remove every entry that is not in O(entries), but not C(*), which O(any_server) is for. B(Replication from
        those servers stops.)
    type: bool
    default: false
  vm_entries:
    description:
      - Bind virtual machines to the entry of a server that may replicate into them.
      - B(Always changed.) No host shows which entry a virtual machine is bound to, so nothing can be compared.
    type: list
    elements: dict
    suboptions:
      vm:
        description: Name or GUID of a virtual machine on the host.
        type: str
        required: true
      primary:
        description: The server whose entry it is bound to.
        type: str
        required: true
  timeout:
    description: Seconds for the whole task. When they have passed, nothing is cancelled on the host.
    type: int
    default: 300
  poll_interval:
    description: Upper bound, in seconds, of the time between two looks at the host.
    type: float
    default: 5.0
  journal_dir:
    description: Directory on the controller to which the records of the run are written as they are made.
    type: path
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return the plan. No request that changes anything is sent.
  diff_mode:
    support: full
    description: Returns the settings and entries, and the plan as text that a person reads.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  action:
    support: full
    description: Works in an action plugin, in the controller's process.
  platform:
    support: full
    platforms: windows
    description: Target OS/families that can be operated against.
extends_documentation_fragment:
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica
  - module: hyperv.replica.hyperv_replica_info
"""

EXAMPLES = r"""
- name: Let hv-a replicate to this host, signed in by Kerberos
  hyperv.replica.hyperv_replica_server:
    enabled: true
    authentication: kerberos
    entries:
      - primary: hv-a.example.com
        storage: D:\Replica

- name: Listen with the certificate of this host, whichever was renewed last
  hyperv.replica.hyperv_replica_server:
    enabled: true
    authentication: certificate
    certificate_subject: "{{ inventory_hostname }}.example.com"
    certificate_days: 30

- name: Let in these two servers and nobody else
  hyperv.replica.hyperv_replica_server:
    any_server: false
    default_storage: D:\Replica
    purge: true
    entries:
      - primary: hv-a.example.com
      - primary: hv-c.example.com
  check_mode: true
  diff: true
"""

RETURN = r"""
changed:
  description: Whether a request that changes something was carried out, or may have been. In check mode, would be.
  returned: always
  type: bool
msg:
  description: What came of it, in plain words.
  returned: always
  type: str
  sample: "hv-b: 2 changes made."
outcome:
  description: V(changed), V(already_there) or V(failed). In check mode V(planned) instead of V(changed).
  returned: when the host was looked at
  type: str
  sample: changed
before:
  description: How the host received replication before anything was done.
  returned: when the host was looked at
  type: dict
  contains:
    host:
      description: Inventory name of the host.
      type: str
      returned: always
    enabled:
      description: Whether it receives replication.
      type: bool
      returned: always
    listening:
      description: Whether its listener runs; null where it does not say.
      type: bool
      returned: always
    authentication:
      description: V(kerberos), V(certificate), V(both), or null for none.
      type: str
      returned: always
    http_port:
      description: Port for Kerberos.
      type: int
      returned: always
    https_port:
      description: Port for certificates.
      type: int
      returned: always
    certificate_thumbprint:
      description: Thumbprint of the listener's certificate.
      type: str
      returned: always
    monitoring_interval:
      description: Length of a monitoring interval, in seconds.
      type: int
      returned: always
    monitoring_start:
      description: When one begins, in UTC; null where it cannot be read.
      type: str
      returned: always
    any_server:
      description: Whether every server may send.
      type: bool
      returned: always
    entries:
      description: Who may send, each with C(primary), C(storage) and C(trust_group).
      type: list
      elements: dict
      returned: always
after:
  description: The same when the run ended.
  returned: when the host was looked at
  type: dict
certificates:
  description:
    - The certificates that the host lists, each with C(thumbprint), C(names), C(begins), C(ends) and C(usable), which
      says whether it is for both client and server authentication. Null where the host lists none to this account.
  returned: when the host was looked at
  type: list
  elements: dict
plan:
  description: The calls that were decided, in their order, each with C(method), C(arguments), C(why) and C(vm_id).
  returned: when the host was looked at
  type: list
  elements: dict
performed:
  description: The calls that were sent. They also have C(started), C(ended), C(return_code), C(job_id) and C(outcome),
    which is V(done), V(refused), V(failed) or V(unknown).
  returned: when the host was looked at
  type: list
  elements: dict
exchanges:
  description: HTTP requests after the sign-in, by host.
  returned: when the host was looked at
  type: dict
  sample: {hv-b: 14}
records:
  description: What was done when, oldest first. See O(journal_dir).
  returned: when the host was looked at
  type: list
  elements: dict
error:
  description: What went wrong. The same keys as those of RV(hyperv.replica.hyperv_replica_failback#module:error).
  returned: when the task failed
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.server_surface import SERVER


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**SERVER, supports_check_mode=True)
    module.fail_json(msg="hyperv_replica_server works through its action plugin of the same name")


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: hyperv_krb5_info
short_description: Tell whether signing in to a host by Kerberos can work from here
version_added: 0.1.0
author:
  - The hyperv.replica authors (@hyperv-replica)
description:
  - Looks at what Kerberos needs where the playbook runs, which in AWX is the execution environment, and names the usual
    causes when something is missing. It reads the libraries, C(krb5.conf) with C(dns_lookup_kdc) and C(rdns), the names
    forward and back, whether a KDC answers, how far the clocks are apart, and asks for a ticket for the host's service.
  - It takes account, address and service from the task's own connection, so it tries what the other modules would do.
    It does not sign in to the host.
  - Changes nothing. The tickets it gets are thrown away.
options:
  fail_on:
    description: From which verdict on the task fails.
    type: str
    choices: [fail, warn, never]
    default: fail
  timeout:
    description: Seconds for each server that is asked.
    type: int
    default: 10
extends_documentation_fragment:
  - hyperv.replica.attributes.looks
  - hyperv.replica.attributes.connection
seealso:
  - module: hyperv.replica.hyperv_replica_preflight
"""

EXAMPLES = r"""
- name: Tell whether this execution environment can sign in by Kerberos
  hosts: hyperv
  gather_facts: false
  tasks:
    - name: Look at libraries, settings, names, clocks and tickets
      hyperv.replica.hyperv_krb5_info:
"""

RETURN = r"""
checks:
  description: Each finding, in an order in which the first one that is wrong mostly explains the others.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: One of libraries, account, name, configuration, kdc, reverse_name, clock, ticket.
      type: str
    result:
      description: PASS, WARN, FAIL or NOT_CHECKED.
      type: str
    found:
      description: What was seen.
      type: str
    cause:
      description: Why that matters. Empty where nothing is wrong.
      type: str
    remedy:
      description: What would make it right. Empty where nothing is wrong.
      type: str
  sample:
    - check: clock
      result: FAIL
      found: the host's clock is 412 s ahead of the controller's
      cause: Kerberos refuses more than 300 s
      remedy: Let both take the time from the domain
verdict:
  description: passed, warned or failed.
  returned: success
  type: str
  sample: failed
error:
  description: What went wrong, in the form that M(hyperv.replica.hyperv_replica_info) documents.
  returned: when the options or the connection could not be used
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.hyperv.replica.plugins.module_utils._surface.kerberos import KRB5


def main() -> None:
    """Say where the work is done; the spec is here so that it is checked against the documentation."""
    module = AnsibleModule(**KRB5, supports_check_mode=True)
    module.fail_json(msg="hyperv_krb5_info works through its action plugin of the same name")


if __name__ == "__main__":
    main()

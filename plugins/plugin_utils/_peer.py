# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The peer's connection, resolved as core resolves delegate_to. The only file that knows core's private names.

Core hands an action its own host's variables and connection, and no way to another's. What TaskExecutor uses is all
there, though, in the worker process that the action runs in (``current_worker``): variable manager, inventory, the
play's password and the plugin loaders. Read in ansible-core 2.16 to 2.21. The vault of a data loader is here for the
same reason: core gives nobody a way to write down encrypted again what was read encrypted.

It differs from delegate_to in two places, on purpose: ``inventory_hostname`` is the peer's own while the peer's
variables are templated (core's is the task's host, so ``ansible_host: "{{ inventory_hostname }}.corp"`` would lead to
the wrong machine); and a name the inventory does not know is refused instead of being tried as an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.executor.process import worker as _process
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

#: The connections that have a carrier, by every name they may go by in a playbook.
_CARRIED = tuple(
    f"{prefix}{name}" for prefix in ("", "ansible.builtin.", "ansible.legacy.") for name in ("psrp", "winrm")
)

_ADDRESSES = ("ansible_psrp_host", "ansible_winrm_host", "ansible_host")


def peer_connection(action: ActionBase, peer: str, task_vars: Mapping[str, Any]) -> Any:
    """Give the connection to an inventory host, with its options set and nothing opened.

    Raises:
        PreconditionFailed: the peer is no other host of the inventory, its options cannot be resolved, it is reached
            by a connection that carries no WS-Management, or become is asked for.
    """
    _refuse_wrong_names(action, peer, task_vars)
    variables = _variables(action, peer, task_vars)
    templar = Templar(loader=action._loader, variables=variables)
    try:
        _refuse_become(action, peer, variables, templar)
        connection = _load(action, peer, _connection_name(action, variables, templar))
        _set_options(action, connection, variables, templar)
    except AnsibleError as error:
        raise PreconditionFailed(
            f"the connection of the peer {peer} cannot be resolved",
            host=peer,
            cause=" ".join(str(error).split()),
            remedy=f"define what is missing where {peer} can see it: its host or group variables, or this play's",
        ) from None
    return connection


def vault_of(loader: DataLoader) -> VaultLib:
    """Give what opens the encrypted files of this run, and can close them again with the same secret."""
    vault: VaultLib = loader._vault
    return vault


def task_host(action: ActionBase, task_vars: Mapping[str, Any]) -> str:
    """Give the inventory name of the host that the task's connection leads to."""
    return str(action._task.delegate_to or task_vars["inventory_hostname"])


def inventory_hosts(action: ActionBase) -> tuple[str, ...]:
    """Give the names of all inventory hosts, those outside the play and its limit included."""
    return tuple(str(name) for name in _worker(action)._variable_manager._inventory.hosts)


def inventory_groups(action: ActionBase) -> tuple[str, ...]:
    """Give the names of all inventory groups."""
    return tuple(str(name) for name in _worker(action)._variable_manager._inventory.groups)


def group_members(action: ActionBase, name: str) -> tuple[str, ...] | None:
    """Give the hosts of an inventory group; None where the name is a host's, or nobody's."""
    inventory = _worker(action)._variable_manager._inventory
    group = None if name in inventory.hosts else inventory.groups.get(name)
    return None if group is None else tuple(str(host) for host in group.get_hosts())


def host_value(
    action: ActionBase, name: str, variable: str, task_vars: Mapping[str, Any]
) -> tuple[str, tuple[str, ...]]:
    """Give a variable of an inventory host as text, empty where it has none, and the hosts of its groups.

    A host without a group is with all others.

    Raises:
        PreconditionFailed: the variable cannot be resolved.
    """
    inventory = _worker(action)._variable_manager._inventory
    host = inventory.get_host(name)
    if host is None:
        return "", ()
    variables = _variables(action, name, task_vars)
    if variables.get(variable) is None:
        return "", ()
    try:
        value = str(Templar(loader=action._loader, variables=variables).template(variables[variable]))
    except AnsibleError as error:
        raise PreconditionFailed(
            f"{variable} cannot be resolved",
            host=name,
            cause=" ".join(str(error).split()),
            remedy="define what is missing where this host can see it",
        ) from None
    groups = [group for group in host.get_groups() if group.name not in ("all", "ungrouped")]
    near = {str(one) for group in groups for one in group.get_hosts()}
    return value, tuple(one for one in inventory_hosts(action) if not groups or one in near)


def addresses(action: ActionBase, name: str, task_vars: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the addresses that the inventory has for a host."""
    return tuple(_addresses(action, name, task_vars))


def match_peer(
    action: ActionBase, host_names: Sequence[str], task_vars: Mapping[str, Any], *, tied_by: str = ""
) -> str:
    """Give the one inventory host, other than the task's, that goes by one of these names.

    Compared are inventory name and address, then both without their domain. Hosts with the same value of the variable
    ``tied_by`` are one: the first of them is given.

    Raises:
        PreconditionFailed: there is none, or more than one.
    """
    own = task_host(action, task_vars)
    others = [name for name in inventory_hosts(action) if name != own]
    addresses = {name: {name, *_addresses(action, name, task_vars)} for name in others}
    wanted = {name.casefold() for name in host_names}
    found = _going_by(addresses, wanted) or _going_by(
        {name: {_short(one) for one in known} for name, known in addresses.items()},
        {_short(name) for name in wanted},
    )
    if len(found) == 1 or (found and tied_by and _tied(action, found, tied_by, task_vars)):
        return found[0]
    told = ", ".join(host_names)
    if found:
        raise PreconditionFailed(
            f"the other host ({told}) may be any of these inventory hosts: {', '.join(found)}",
            kind="ambiguous_name",
            host=own,
            remedy="name the right one with peer",
        )
    raise PreconditionFailed(
        f"no inventory host goes by the other host's name ({told})",
        host=own,
        remedy="add it to the inventory, or name the inventory host with peer",
    )


def _tied(action: ActionBase, names: Sequence[str], variable: str, task_vars: Mapping[str, Any]) -> bool:
    values = {host_value(action, name, variable, task_vars)[0] for name in names}
    return len(values) == 1 and "" not in values


def _worker(action: ActionBase) -> Any:
    worker = _process.current_worker
    if worker is None:
        raise PreconditionFailed(
            "the inventory is out of reach",
            kind="unsupported",
            cause=f"{action._task.action} does not run in a worker process of ansible-core",
            remedy="run it with ansible-playbook and one of core's own strategies",
        )
    return worker


def _refuse_wrong_names(action: ActionBase, peer: str, task_vars: Mapping[str, Any]) -> None:
    own = task_host(action, task_vars)
    if peer == own:
        raise PreconditionFailed(
            f"peer is {peer}, which is the task's own host",
            host=own,
            remedy="name the other Hyper-V host: the task's host is the destination, peer is the source",
        )
    if peer in constants.LOCALHOST:
        raise PreconditionFailed(
            f"peer is {peer}, the controller", host=own, remedy="name the inventory host of the other Hyper-V host"
        )
    known = inventory_hosts(action)
    if peer not in known:
        raise PreconditionFailed(
            f"peer is {peer}, which is not in the inventory",
            host=own,
            cause=_near(peer, known),
            remedy="add it to the inventory (add_host will do), or correct the name; it need not be in the play",
            next_move=sliced(task_vars),
        )


def sliced(task_vars: Mapping[str, Any]) -> str:
    """What else may be wrong in a job of AWX: a slice is given its own hosts only, and nothing says that it is one."""
    if not {"awx_job_id", "tower_job_id"} & task_vars.keys():
        return ""
    return (
        "If AWX cuts this job into slices, set the template's job slicing to 1: each slice is given its own hosts "
        "only, and a move needs both ends. plan_shard divides a plan over jobs that have the whole inventory"
    )


def _near(peer: str, known: Sequence[str]) -> str:
    near = [name for name in known if _short(name) == _short(peer)]
    return f"there is {', '.join(near)}" if near else ""


def _variables(action: ActionBase, peer: str, task_vars: Mapping[str, Any]) -> dict[str, Any]:
    manager = _worker(action)._variable_manager
    variables: dict[str, Any] = manager.get_vars(
        play=action._task.get_play(),
        host=manager._inventory.get_host(peer),
        task=action._task,
    )
    return {**variables, **dict(_loop_variables(task_vars))}  # with ANSIBLE_DEBUG they are no dict, and know no |


def _loop_variables(task_vars: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The variable manager does not know which item the executor is at."""
    names = [str(task_vars.get("ansible_loop_var")), str(task_vars.get("ansible_index_var"))]
    for name in (*names, "ansible_loop_var", "ansible_index_var", "ansible_loop"):
        if name in task_vars:
            yield name, task_vars[name]


def _refuse_become(action: ActionBase, peer: str, variables: Mapping[str, Any], templar: Templar) -> None:
    become = variables.get("ansible_become")
    if boolean(action._task.become if become is None else templar.template(become), strict=False):
        raise PreconditionFailed(
            "become is not supported",
            kind="unsupported",
            host=peer,
            cause="WMI acts as the user of the connection",
            remedy="set become: false for this task, and let ansible_user be the account that may manage Hyper-V",
        )


def _connection_name(action: ActionBase, variables: Mapping[str, Any], templar: Templar) -> str:
    given = variables.get("ansible_connection")
    return str(action._task.connection if given is None else templar.template(given))


def _load(action: ActionBase, peer: str, name: str) -> Any:
    if name not in _CARRIED:
        raise PreconditionFailed(
            f"the peer {peer} is reached by the connection {name}",
            kind="unsupported",
            host=peer,
            cause="only psrp and winrm carry WS-Management",
            remedy=f"set ansible_connection of {peer} to psrp or winrm",
        )
    context = _worker(action)._play_context.copy()
    context.connection = name
    connection = action._shared_loader_obj.connection_loader.get(name, context, new_stdin=None)
    if connection is None:
        raise PreconditionFailed(f"ansible-core has no connection {name}", kind="unsupported", host=peer)
    return connection


def _set_options(action: ActionBase, connection: Any, variables: Mapping[str, Any], templar: Templar) -> None:
    """As TaskExecutor._set_connection_options does."""
    keys = action._task.dump_attrs()
    context = _worker(action)._play_context  # the play's own, not yet filled from the variables of the task's host
    keys["timeout"] = context.timeout
    if context.password:
        keys["password"] = context.password
    keys.pop("retries", None)
    connection.set_options(task_keys=keys, var_options=_option_variables(connection, variables, templar))


def _option_variables(connection: Any, variables: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
    if hasattr(connection, "_resolve_option_variables"):
        resolved: dict[str, Any] = connection._resolve_option_variables(variables, templar)
        return resolved
    # ansible-core 2.16 has this inside TaskExecutor.
    names = constants.config.get_plugin_vars("connection", connection._load_name)
    options = {name: templar.template(variables[name]) for name in names if name in variables}
    prefix = f"ansible_{connection.extras_prefix}_"
    more = [name for name in variables if name.startswith(prefix) and name not in options]
    wanted = more if getattr(connection, "allow_extras", False) else []
    return options | {"_extras": {name: templar.template(variables[name]) for name in wanted}}


def _addresses(action: ActionBase, name: str, task_vars: Mapping[str, Any]) -> Iterator[str]:
    variables = _variables(action, name, task_vars)
    templar = Templar(loader=action._loader, variables=variables)
    for address in _ADDRESSES:
        if variables.get(address) is not None:
            try:
                yield str(templar.template(variables[address]))
            except AnsibleError:
                continue  # a host whose address cannot be resolved goes by its inventory name alone


def _going_by(known: Mapping[str, set[str]], wanted: set[str]) -> list[str]:
    return [name for name, names in known.items() if wanted & {one.casefold() for one in names}]


def _short(name: str) -> str:
    head = name.partition(".")[0]
    return name.casefold() if head.isdigit() or ":" in name else head.casefold()

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Preflight rules about disks: what does not replicate, what keeps a copy from starting, and room to work in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.fitness import Attached, Checkpoint, Medium
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import End, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import guards
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight import Rule, gates
from ansible_collections.hyperv.replica.plugins.module_utils._operations.preflight_view import (
    Finding,
    Phase,
    Unseen,
    View,
    failed,
    passed,
)

#: A file that only holds what differs from its parent.
_DIFFERENCING: Final = (".avhd", ".avhdx")

#: Of each volume, this share stays free whatever is asked for.
_SHARE: Final = 0.05

_GIB: Final = 1 << 30


def _attached(view: View, end: End) -> tuple[Attached, ...]:
    build, side = view.build(end), view.side(end)
    if build.attached is None:
        why = build.unread.get("attached") or build.unread.get("pass_through") or "its drives were not read"
        raise Unseen(side.host, why)
    return build.attached


def _disks(view: View, end: End) -> list[Attached]:
    return [one for one in _attached(view, end) if one.medium is Medium.DISK]


def _checkpoints_of(view: View, end: End) -> tuple[Checkpoint, ...]:
    build, side = view.build(end), view.side(end)
    if build.checkpoints is None:
        raise Unseen(side.host, build.unread.get("checkpoints", "its checkpoints were not read"))
    return build.checkpoints


def _primary_end(view: View) -> End:
    """Where the copy is that sends: the source, until the move has turned the direction."""
    return End.DESTINATION if view.phase is Phase.BEGUN and view.here.mode not in guards.RECEIVERS else End.SOURCE


def _unreplicated_disks(view: View) -> Finding:
    end = _primary_end(view)
    side, disks = view.side(end), _disks(view, end)
    named = side.settings.included_disks if side.settings else ()
    if disks and not named:
        raise Unseen(side.host, "it does not say which disks are replicated")
    included = [name.upper().replace("\\\\", "\\") for name in named]
    left = [one.path for one in disks if not any(one.id.upper() in name for name in included)]
    if left:
        return failed(f"attached, but not replicated: {', '.join(left)}", side.host)
    return passed(f"all of {len(disks)} are replicated", side.host)


def _pass_through_disks(view: View) -> Finding:
    return _none_of(view, "disks of the host itself", lambda one: one.medium is Medium.PASS_THROUGH)


def _shared_disks(view: View) -> Finding:
    return _none_of(view, "disks that several VMs share", lambda one: one.shared)


def _iso(view: View) -> Finding:
    return _none_of(view, "images in DVD drives", lambda one: one.medium is Medium.ISO)


def _none_of(view: View, what: str, wanted: Callable[[Attached], bool]) -> Finding:
    """That neither end has such a thing; one end is enough to say that it has."""
    for end in End:
        if isinstance(view.pair.at(end), Side) and (found := [one.path for one in _attached(view, end) if wanted(one)]):
            return failed(f"{what}: {', '.join(found)}", view.side(end).host)
    for end in End:
        _attached(view, end)
    return passed(f"no {what}")


def _startable_disks(view: View) -> Finding:
    here, disks = view.here, _disks(view, End.DESTINATION)
    there = view.pair.source
    wanted = bool(here.settings and here.settings.included_disks) or (isinstance(there, Side) and bool(there.disks))
    if wanted and not disks:
        return failed("no disk is attached", here.host)
    if any(not one.path for one in disks):
        return failed("a disk is attached that names no file", here.host)
    return _unexplained(view, End.DESTINATION) or passed(f"{len(disks)} disks are attached", here.host)


def _hidden_chain(view: View) -> Finding:
    side = view.side(End.SOURCE)
    return _unexplained(view, End.SOURCE) or passed("every disk is what its checkpoints explain", side.host)


def _unexplained(view: View, end: End) -> Finding | None:
    """A differencing disk that no checkpoint and no failover explains."""
    side = view.side(end)
    chains = [one.path for one in _disks(view, end) if one.path.casefold().endswith(_DIFFERENCING)]
    if not chains or _checkpoints_of(view, end) or side.points or side.state in guards.FAILED_OVER:
        return None
    return failed(f"runs on differencing disks that no checkpoint explains: {', '.join(chains)}", side.host)


def _checkpoints(view: View) -> Finding:
    for end in End:
        if isinstance(view.pair.at(end), Side) and (found := _checkpoints_of(view, end)):
            told = ", ".join(f"{one.name}{' (left by a backup)' if one.backup else ''}" for one in found)
            return failed(told, view.side(end).host)
    for end in End:
        _checkpoints_of(view, end)
    return passed("neither copy has a checkpoint")


def _free_space(view: View) -> Finding:
    return _room(view, End.DESTINATION)


def _free_space_at_peer(view: View) -> Finding:
    return _room(view, End.SOURCE)


def _room(view: View, end: End) -> Finding:
    side, site = view.side(end), view.site(end)
    if site.volumes is None:
        raise Unseen(side.host, site.unread.get("volumes", "its volumes were not read"))
    paths = [one.path for one in _disks(view, end)]
    volumes = {}
    for path in paths:
        volume = site.volume_of(path)
        if volume is None:
            raise Unseen(side.host, f"{path} is on no volume that the host shows, such as a share of another one")
        volumes[volume.name] = volume
    needed = {one.name: max(float(view.asked.min_free), one.size * _SHARE) for one in volumes.values()}
    tight = [one for one in volumes.values() if one.free < needed[one.name]]
    if tight:
        told = (f"{one.name} has {_gib(one.free)} free, {_gib(needed[one.name])} are wanted" for one in tight)
        return failed("; ".join(told), side.host)
    return passed(_list(f"{one.name} has {_gib(one.free)} free" for one in volumes.values()), side.host)


def _list(parts: Iterable[str]) -> str:
    return "; ".join(parts) or "it has no disks"


def _gib(size: float) -> str:
    return f"{size / _GIB:.1f} GiB"


RULES: Final = (
    Rule(
        id="unreplicated_disks",
        asks="Every disk of the primary is replicated.",
        gates=gates("W B W W B"),
        check=_unreplicated_disks,
        cause="A disk was added, or left out when replication was enabled; it stays behind",
        remedy="Include it in the replication, or detach it",
    ),
    Rule(
        id="pass_through_disks",
        asks="No disk of the host itself is attached.",
        gates=gates("B B W W B"),
        check=_pass_through_disks,
        cause="Such a disk cannot be replicated: out of scope",
        remedy="Turn it into a virtual disk, or move this VM by other means",
    ),
    Rule(
        id="shared_disks",
        asks="No disk is shared with other VMs.",
        gates=gates("B B W W B"),
        check=_shared_disks,
        cause="Disks of guest clusters cannot be replicated: out of scope",
        remedy="Let the guests replicate by their own means, and take this VM out of the plan",
    ),
    Rule(
        id="startable_disks",
        asks="The destination's copy has its disks, and none hangs on an unknown chain.",
        gates=gates("B B B W B"),
        check=_startable_disks,
        cause="Without them the VM fails over and does not start, or starts from old data",
        remedy="Attach the replica's disks in Hyper-V Manager, or replicate it anew",
    ),
    Rule(
        id="hidden_chain",
        asks="The source's disks are what its checkpoints explain.",
        gates=gates("- B - W B"),
        check=_hidden_chain,
        cause="A failed backup or resynchronization left differencing disks that no console lists",
        remedy="Merge the chain with the VM off, then let it resynchronize",
    ),
    Rule(
        id="checkpoints",
        asks="Neither copy has a checkpoint of a user or of a backup.",
        gates=gates("W W W - W"),
        check=_checkpoints,
        cause="A checkpoint slows replication down, and applying it makes a resynchronization needed",
        remedy="Delete it and let it merge before the move",
    ),
    Rule(
        id="iso",
        asks="No image is in a DVD drive.",
        gates=gates("W W W - W"),
        check=_iso,
        cause="A VM whose image is not at the same path on the other host does not start there",
        remedy="Eject it",
    ),
    Rule(
        id="free_space",
        asks="The destination's volumes have room for logs, recovery points, a merge and test disks.",
        gates=gates("B B B W B"),
        check=_free_space,
        cause="A full volume pauses its VMs and stops replication",
        remedy="Make room, or move disks to another volume",
        of_hosts=True,
    ),
    Rule(
        id="free_space_at_peer",
        asks="The source's volumes have room for logs, and for replication on the way home.",
        gates=gates("- B - W B"),
        check=_free_space_at_peer,
        cause="A full volume pauses its VMs and stops replication",
        remedy="Make room, or move disks to another volume",
        of_hosts=True,
    ),
)

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a poll is worth its while: where something always moves, it only comes before the look that is due anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.glancing import Needs
from ansible_collections.hyperv.replica.plugins.module_utils._operations.looks import Looks
from ansible_collections.hyperv.replica.plugins.module_utils._operations.needs import parts_at

#: About as many queries are a whole look at one host.
_WHOLE: Final = 6


class Polls:
    """Learns from round to round how likely it is that something moves."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._likely = 0.0

    def worth(self, needs: Mapping[str, Needs]) -> Mapping[str, Needs]:
        """Those of these VMs that are polled: all of whom a poll can tell, or nobody where a look costs no more."""
        told = {vm_id: ends for vm_id, ends in needs.items() if self._looks.may_poll(vm_id, ends)}
        parts = parts_at(told, self._looks.routes)
        whole = _WHOLE * len(parts)
        dear = sum(map(len, parts.values())) >= (1 - self._likely) * whole
        return {} if parts and dear else told

    def learn(self, moved: bool) -> None:
        """Whether something moved in this round; each round counts as much as all before it."""
        self._likely = (self._likely + moved) / 2

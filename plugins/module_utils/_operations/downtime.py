# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For how long one VM is without service, and how much of that is left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import TimedOut
from ansible_collections.hyperv.replica.plugins.module_utils._hyperv.model import Pair, Side
from ansible_collections.hyperv.replica.plugins.module_utils._operations import rescue
from ansible_collections.hyperv.replica.plugins.module_utils._operations.waiting import Now

KIND: Final = "max_downtime"


class Downtime:
    """Since when the source does not serve users, against what is allowed; None allows any."""

    def __init__(self, allowed: timedelta | None, now: Now) -> None:
        self._allowed, self._now = allowed, now
        self._since: datetime | None = None

    def see(self, seen: Pair) -> None:
        """It counts from the first look that shows the source down."""
        source = seen.source
        if self._since is None and isinstance(source, Side) and source.power not in rescue.SERVING:
            self._since = self._now()

    def left(self, seen: Pair) -> timedelta | None:
        """None where it does not count: nothing is limited, nobody is without service."""
        if self._allowed is None or self._since is None or rescue.served(seen):
            return None
        return max(self._allowed - (self._now() - self._since), timedelta())


def passed(*, host: str = "", cause: str = "") -> TimedOut:
    """What is said when nothing is left of it."""
    return TimedOut("max_downtime has passed and users are not served yet", kind=KIND, host=host, cause=cause)

# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a process of this machine still lives."""

from __future__ import annotations

import os
from pathlib import Path


def birth(process: int) -> str | None:
    """What tells a process from a later one of the same number: when it was born; None where it is gone.

    One that ended and waits to be reaped is gone: in a container nobody may ever reap it.
    """
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except ProcessLookupError:
        return None
    except OSError:
        return "alive"  # another user's, or a system without /proc
    fields = status.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]

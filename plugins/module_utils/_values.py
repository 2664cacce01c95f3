# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write for a length of time, a point in time or a size, as values. Nothing here is guessed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import PreconditionFailed

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION: Final = re.compile(r"(?:(?P<d>\d{1,6})d)?(?:(?P<h>\d{1,6})h)?(?:(?P<m>\d{1,6})m)?(?:(?P<s>\d{1,9})s)?")
_SHIFTS: Final = {"kib": 10, "mib": 20, "gib": 30, "tib": 40}
_SIZE: Final = re.compile(r"(?P<amount>\d{1,9})(?P<unit>[kmgt]ib)")


def duration(text: str, *, option: str) -> timedelta:
    """A length of time with its unit: ``90s``, ``15m``, ``2h``, ``1d``, or several as in ``1h30m``.

    Raises:
        PreconditionFailed: it has no unit, or is something else; kind is ``bad_option``.
    """
    match = _DURATION.fullmatch(str(text).replace(" ", "").lower())
    given = {unit: int(amount) for unit, amount in match.groupdict().items() if amount} if match else {}
    if not given:
        raise PreconditionFailed(
            f"{option} is {text!r}, which is not a length of time with a unit",
            kind="bad_option",
            remedy='Write it with its unit and in quotes, such as "90s", "15m", "2h" or "1h30m"',
        )
    return timedelta(**{_UNITS[unit]: amount for unit, amount in given.items()})


def size(text: str, *, option: str) -> int:
    """Bytes, from a whole number with its unit: ``512MiB``, ``2GiB``, ``1TiB``.

    Raises:
        PreconditionFailed: it has no unit, or is something else; kind is ``bad_option``.
    """
    match = _SIZE.fullmatch(str(text).replace(" ", "").lower())
    if match is None:
        raise PreconditionFailed(
            f"{option} is {text!r}, which is not a size with a unit",
            kind="bad_option",
            remedy='Write it with its unit, such as "512MiB", "2GiB" or "1TiB"',
        )
    return int(match["amount"]) << _SHIFTS[match["unit"]]


def moment(text: str, *, option: str) -> datetime:
    """A point in time with its offset from UTC, as an aware value in UTC.

    Raises:
        PreconditionFailed: it has no offset, or is no time at all; kind is ``bad_option``.
    """
    written = str(text).strip()
    try:
        value = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", written))
        known = None if value.tzinfo is None else value.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise _not_a_moment(option, written, "which is not a date and time") from None
    if known is None:
        raise _not_a_moment(option, written, "which does not say its offset from UTC")
    return known


def _not_a_moment(option: str, written: str, why: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"{option} is {written!r}, {why}",
        kind="bad_option",
        remedy='Write it with its offset and in quotes, such as "2026-11-20T03:00:00+01:00" or "2026-11-20T02:00:00Z"',
    )

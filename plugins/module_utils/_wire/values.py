# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CIM values as text: moments, intervals, numbers and truths, in the forms of WS-CIM and of CIM itself.

WS-CIM (DSP0230) writes ISO 8601; CIM-XML and WMI write yyyymmddHHMMSS.mmmmmm+UUU and ddddddddHHMMSS.mmmmmm:000
(Microsoft's page "CIM_DATETIME"). Hosts send the first in typed instances and the second inside embedded ones, and
Hyper-V accepts only the second inside embedded ones.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from ansible_collections.hyperv.replica.plugins.module_utils._errors import WireError

_ISO_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z)|([+-])(\d\d):(\d\d))", re.ASCII
)
_CIM_MOMENT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.([\d*]{6})([+-])(\d{3})", re.ASCII)
_ISO_INTERVAL: Final = re.compile(
    r"(-)?P(?=\d|T\d)(?:0+Y)?(?:0+M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.(\d+))?S)?)?",
    re.ASCII,
)
_CIM_INTERVAL: Final = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.([\d*]{6}):000", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d{1,20}", re.ASCII)

#: A moment in this year is how WMI says "never": its clock begins there (hosts send 1601-01-01T00:00:00Z).
_NEVER: Final = 1601

_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


def read_integer(text: str) -> int:
    """Read decimal text; raises ValueError."""
    if not _INTEGER.fullmatch(text.strip()):
        raise ValueError("not an integer")
    return int(text)


def read_boolean(text: str) -> bool:
    """Read true or false in any case; raises ValueError."""
    try:
        return _TRUTHS[text.strip().lower()]
    except KeyError:
        raise ValueError("neither true nor false") from None


def read_moment(text: str) -> datetime | None:
    """Read either form as UTC, and "never" as None; raises ValueError, also where the offset is not said."""
    if iso := _ISO_MOMENT.fullmatch(text.strip()):
        *date, fraction, _zulu, sign, hours, minutes = iso.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    elif cim := _CIM_MOMENT.fullmatch(text.strip()):
        *date, fraction, sign, minutes = cim.groups()
        offset = timedelta(minutes=int(minutes))
    else:
        raise ValueError("not a moment")
    if int(date[0]) == _NEVER:
        return None
    try:
        local = datetime(*map(int, date), _microseconds(fraction), tzinfo=timezone.utc)  # type: ignore[arg-type,misc]
        return local + offset if sign == "-" else local - offset
    except OverflowError as error:
        raise ValueError("not a moment") from error


def read_interval(text: str) -> timedelta:
    """Read either form; raises ValueError. Years and months have no fixed length and are refused."""
    if iso := _ISO_INTERVAL.fullmatch(text.strip()):
        sign, *parts, fraction = iso.groups()
    elif cim := _CIM_INTERVAL.fullmatch(text.strip()):
        sign, (*parts, fraction) = None, cim.groups()
    else:
        raise ValueError("not an interval")
    days, hours, minutes, seconds = (int(part or 0) for part in parts)
    try:
        length = timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=_microseconds(fraction)
        )
    except OverflowError as error:
        raise ValueError("not an interval") from error
    return -length if sign else length


def iso_moment(moment: datetime) -> str:
    """Write it as WS-CIM does, in UTC."""
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def cim_moment(moment: datetime) -> str:
    """Write it as CIM itself does, in UTC."""
    return _utc(moment).strftime("%Y%m%d%H%M%S.%f+000").rjust(25, "0")


def iso_interval(length: timedelta) -> str:
    """Write it as WS-CIM does; raises WireError for one that runs backwards."""
    days, hours, minutes, seconds, micro = _parts(length)
    fraction = f".{micro:06d}".rstrip("0") if micro else ""
    return f"P{days}DT{hours}H{minutes}M{seconds}{fraction}S"


def cim_interval(length: timedelta) -> str:
    """Write it as CIM itself does, ddddddddHHMMSS.mmmmmm:000; raises WireError where that form has no room."""
    days, hours, minutes, seconds, micro = _parts(length)
    if days > 99_999_999:
        raise WireError(f"{length} is longer than a CIM interval can be")
    return f"{days:08d}{hours:02d}{minutes:02d}{seconds:02d}.{micro:06d}:000"


def cim_datetime(text: str) -> str:
    """Turn a moment or an interval, in either form, into CIM's own; raises ValueError. "Never" stays never."""
    stripped = text.strip()
    if _CIM_MOMENT.fullmatch(stripped) or _CIM_INTERVAL.fullmatch(stripped):
        return stripped
    if stripped.lstrip("-").startswith("P"):
        return cim_interval(read_interval(stripped))
    moment = read_moment(stripped)
    return "16010101000000.000000-000" if moment is None else cim_moment(moment)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0").replace("*", "0")[:6].ljust(6, "0"))


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise WireError(f"{moment.isoformat()} has no offset and cannot be sent")
    return moment.astimezone(timezone.utc)


def _parts(length: timedelta) -> tuple[int, int, int, int, int]:
    if length < timedelta():
        raise WireError(f"{length} runs backwards and cannot be sent")
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return length.days, hours, minutes, seconds, length.microseconds

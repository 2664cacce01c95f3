# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as a person sees it: in Chromium, light and dark, wide and narrow, and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.hyperv.replica.plugins.module_utils._drill.drill import Drill
from ansible_collections.hyperv.replica.plugins.module_utils._drill.html import page
from ansible_collections.hyperv.replica.plugins.module_utils._drill.merge import merged
from ansible_collections.hyperv.replica.plugins.module_utils._drill.trend import Earlier, summary
from ansible_collections.hyperv.replica.plugins.module_utils._surface.evidence_surface import drill
from ansible_collections.hyperv.replica.plugins.plugin_utils._report import html
from ansible_collections.hyperv.replica.tests.browser.chromium import Tab, browser
from ansible_collections.hyperv.replica.tests.unit.plugins.module_utils._drill import drills

SIMULATED: dict[str, Any] = {"simulated_hosts": ["hv-a", "hv-b"]}
OPTIONS: dict[str, dict[str, Any]] = {
    "one": drills.options(1, **SIMULATED),
    "twelve": drills.options(12, waive=[{"rule": "free_space", "vm": "WEB01", "reason": "the disk is thin"}]),
    "many": drills.options(300),
    "failed": drills.options(12, dead="SQL01", **SIMULATED),
    "forty-three": drills.forty_and_three(),
    "hostile": drills.options(1, id="<script>alert(1)</script>", reason="<img src=x onerror=alert(2)>" + "w" * 400),
}

#: Text against the first background behind it that is not see-through, as WCAG 2 (1.4.3) reckons contrast.
CONTRAST = """
(() => {
  const channel = value => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll('body *')) {
    if (![...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const [one, other] = [light(parts(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) poor.add(element.tagName + '.' + element.className);
  }
  return [...poor];
})()
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every report as a file; the one of twelve machines has four drills before it."""
    folder, files = tmp_path_factory.mktemp("reports"), {}
    for name, options in OPTIONS.items():
        this = drill(options)
        before = [earlier(this, number) for number in (4, 3, 2, 1)] if name == "twelve" else []
        files[name] = folder / f"{name}.html"
        files[name].write_text(html(page(this, merged([], []), before, "0" * 64)), encoding="utf-8")
    return files


def earlier(this: Drill, number: int) -> Earlier:
    began = (this.began or drills.BEGAN) - timedelta(days=90 * number)
    told = summary(this)
    return Earlier(
        id=f"drill-{number}",
        plan="accounting",
        began=began,
        verdict="PASSED",
        simulated=False,
        summary=told,
        intact=number != 3,
    )


def seen_at_once(tab: Tab) -> str:
    """The text that stands in the window before anybody has scrolled."""
    text: str = tab.value(
        "[...document.querySelectorAll('h1, .where, .lead, .reasons li, .tile, td, h2')]"
        ".filter(one => one.getBoundingClientRect().bottom <= innerHeight).map(one => one.innerText).join('\\n')"
    )
    return text


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_report_opens_without_a_complaint_asks_for_no_other_file_and_can_be_read(
    tab: Tab, reports: dict[str, Path], name: str, dark: bool
) -> None:
    tab.open(reports[name], dark=dark)

    assert tab.complaints() == []
    assert tab.value(CONTRAST) == []


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("width", [1280, 794, 400], ids=["desk", "A4", "phone"])
def test_nothing_stands_out_at_the_side(tab: Tab, reports: dict[str, Path], name: str, width: int) -> None:
    tab.open(reports[name], width=width)

    assert tab.value("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one", ["PASSED", "SIMULATOR", "1 of 1"]),
        ("twelve", ["PASSED", "REAL HOSTS", "12 of 12", "every limit kept"]),
        ("many", ["PASSED", "REAL HOSTS", "300 of 300"]),
        ("forty-three", ["FAILED", "257 of 300", "40 VMs: VM001", "hv-b1 is away", "3 VMs: VM006, VM101, VM201"]),
        (
            "failed",
            ["FAILED", "SIMULATOR", "SQL01 (database), failover", "tcp 1433: no answer", "14 min 29 s without service"],
        ),
    ],
)
def test_verdict_reason_and_where_the_time_went_are_seen_without_scrolling(
    tab: Tab, reports: dict[str, Path], name: str, words: list[str]
) -> None:
    tab.open(reports[name], width=1280, height=800)

    text = seen_at_once(tab)

    assert [word for word in [*words, "Where the time went", "failover"] if word not in text] == []


def test_verdict_and_where_it_was_are_the_largest_on_the_page(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["failed"])

    sizes = tab.value(
        "[...document.querySelectorAll('body *')].map(one => [parseFloat(getComputedStyle(one).fontSize), one])"
        ".filter(([size]) => size > 30).map(([size, one]) => one.closest('h1, .where')?.innerText ?? one.outerHTML)"
    )

    assert set(sizes) == {"✘ FAILED", "SIMULATOR"}


def test_every_section_has_its_heading_and_every_column_its_name(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["twelve"])

    nameless = tab.value(
        "[...document.querySelectorAll('section')].map(one => one.getAttribute('aria-labelledby'))"
        ".filter(id => !document.getElementById(id)).length"
    )
    ids = tab.value("[...document.querySelectorAll('[id]')].map(one => one.id)")
    scopes = tab.value("[...document.querySelectorAll('th')].filter(one => one.scope !== 'col').length")

    assert (nameless, scopes) == (0, 0)
    assert len(ids) == len(set(ids))
    assert {"consents", "waivers", "timeline", "systems", "schedule", "trend", "plan", "signoff"} <= set(ids)


def test_a_colour_never_says_alone_what_is_good_or_bad(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["failed"])

    unsigned = tab.value(
        "[...document.querySelectorAll('td.good, td.bad, td.warn, :is(.tile.good, .tile.bad) .value, .row.bad .name')]"
        ".filter(one => !/[✔✘▲]/.test(one.textContent)).map(one => one.outerHTML)"
    )

    assert unsigned == []


def test_the_timeline_shows_each_machine_in_its_tier_and_the_dead_guest_in_a_pattern_of_its_own(
    tab: Tab, reports: dict[str, Path]
) -> None:
    tab.open(reports["failed"])

    names = tab.value("[...document.querySelectorAll('.timeline .row .name')].map(one => one.innerText)")
    dead = tab.value("[...document.querySelectorAll('.timeline .bar.dead')].map(one => one.closest('.row').innerText)")

    assert [name for name in names if name.removeprefix("✘") in drills.TIERS] == [
        "directory",
        "✘database",
        "application",
    ]
    assert len(names) == 2 + 3 + 12
    assert [text.split()[0] for text in dead] == ["✘SQL01"]


def test_the_timeline_of_hundreds_fits_a_screen_and_shows_for_each_tier_how_many_were_without_service(
    tab: Tab, reports: dict[str, Path]
) -> None:
    tab.open(reports["many"])

    height = tab.value("document.querySelector('.timeline').getBoundingClientRect().height")
    crowds = tab.value(
        "[...document.querySelectorAll('.row.crowd .track')].map(one => [one.getBoundingClientRect(),"
        " [...one.querySelectorAll('.bar')].map(bar => bar.getBoundingClientRect())])"
        ".map(([track, bars]) => [Math.max(...bars.map(bar => bar.height)) / track.height,"
        " bars.every(bar => Math.abs(bar.bottom - track.bottom) < 1)])"
    )

    assert height < 800
    assert [(highest > 0.9, stands) for highest, stands in crowds] == [(True, True)] * 3


def test_the_trend_shows_earlier_drills_and_says_which_bundle_was_changed(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["twelve"])

    rows = tab.value(
        "[...document.querySelectorAll('section[aria-labelledby=trend] tbody tr')].map(one => one.innerText)"
    )

    assert len(rows) == 5
    assert "drill-3: changed after it was written" in rows[1]
    assert "this drill" in rows[-1]


def test_what_others_wrote_is_text_and_nothing_else(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["hostile"])

    assert tab.value("document.querySelectorAll('script, img').length") == 0
    assert "<script>alert(1)</script>" in tab.value("document.body.innerText")


@pytest.mark.parametrize(
    ("name", "most"), [("one", 5), ("twelve", 9), ("many", 20), ("failed", 9), ("forty-three", 22)]
)
def test_it_prints_on_a4_with_every_machine_and_not_by_the_kilo(
    tab: Tab, reports: dict[str, Path], tmp_path: Path, name: str, most: int
) -> None:
    tab.open(reports[name])

    tab.printed(tmp_path / "report.pdf")

    content = (tmp_path / "report.pdf").read_bytes()
    assert content.count(b"/Type /Page\n") + content.count(b"/Type/Page/") in range(1, most + 1)
    assert b"/MediaBox [0 0 594.95" in content or b"/MediaBox [0 0 595" in content


def test_on_paper_nothing_is_wider_than_the_page_and_all_systems_are_there(tab: Tab, reports: dict[str, Path]) -> None:
    tab.open(reports["many"], width=697)  # 184 mm, an A4 page without its margins
    tab.window(697, 1000, media="print")

    shown = tab.value(
        "[...document.querySelectorAll('section[aria-labelledby=systems] tbody tr')]"
        ".filter(one => one.checkVisibility({contentVisibilityAuto: true})).length"
    )

    assert tab.value("document.documentElement.scrollWidth") <= 697
    assert shown == 600

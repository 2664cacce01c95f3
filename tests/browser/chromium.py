# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A headless Chromium, spoken to over a pipe in the DevTools protocol: opens a file, measures and prints it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: The browser reads its orders from file 3 and answers on file 4, whatever those of ours are.
_ON_3_AND_4 = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD_CLOEXEC, 10) for number in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program() -> str:
    """Where the browser is; without one the report cannot be tested, and that is a failure."""
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    raise AssertionError(f"none of {', '.join(PROGRAMS)} is installed: apt-get install chromium, as .ci/run does")


@dataclass
class Tab:
    """One tab. ``events`` holds what the page did unasked: exceptions, messages on its console, requests."""

    to_browser: BinaryIO
    from_browser: BinaryIO
    session: str = ""
    number: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; events that come in between are kept."""
        self.number += 1
        told: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            told["sessionId"] = self.session
        self.to_browser.write(json.dumps(told).encode() + b"\0")
        self.to_browser.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def open(self, file: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Show a file in a window of this size, and wait until it is there; what happened before is forgotten."""
        self.events.clear()
        self.window(width, height, dark=dark)
        self.ask("Page.navigate", url=file.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def window(self, width: int, height: int, *, dark: bool = False, media: str = "screen") -> None:
        """The size of the window, light or dark, screen or print."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def value(self, expression: str) -> Any:
        """What a piece of JavaScript comes to."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """What is seen, or the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))

    def printed(self, file: Path) -> None:
        """The page on A4, as the browser prints it."""
        self.ask("Emulation.setEmulatedMedia", media="", features=[])
        pages = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        file.write_bytes(base64.b64decode(pages["data"]))

    def complaints(self) -> list[str]:
        """Exceptions, messages on the console, and requests for anything but the file itself."""
        bad = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        found = [json.dumps(event["params"]) for event in self.events if event.get("method") in bad]
        asked = [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return found + [url for url in asked[1:] if not url.startswith("data:")]

    def _next(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self.from_browser.read(1)) != b"\0":
            if not byte:
                raise AssertionError("the browser ended")
            data += byte
        event: dict[str, Any] = json.loads(data)
        return event


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    """A browser with a profile of its own, ended afterwards."""
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    flags += ["--hide-scrollbars", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"]
    command = [sys.executable, "-c", _ON_3_AND_4, str(theirs_in), str(theirs_out), program(), *flags, "about:blank"]
    process = subprocess.Popen(
        command,
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    with os.fdopen(ours_out, "wb") as to_browser, os.fdopen(ours_in, "rb") as from_browser:
        try:
            yield _tab(Tab(to_browser, from_browser))
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tab(tab: Tab) -> Tab:
    target = tab.ask("Target.createTarget", url="about:blank")["targetId"]
    tab.session = tab.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        tab.ask(f"{domain}.enable")
    return tab

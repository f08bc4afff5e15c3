"""How long a reader waits for a scan page in a real browser: until it is there, and until it has checked itself.

The browser is headless Chromium with its processor slowed (Chrome DevTools Protocol, Emulation.setCPUThrottlingRate), a
fresh profile each time. The page is there with its first contentful paint; the check lasts from when the page's script
has the proof to the verdict; the verdict is told from when the page was asked for.
"""

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_WATCH = """
const take = Response.prototype.arrayBuffer;
Response.prototype.arrayBuffer = function (...given) {
  window.takenAt ??= performance.now();
  return take.apply(this, given);
};
addEventListener("DOMContentLoaded", () => {
  const section = document.getElementById("check");
  new MutationObserver(() => { section.dataset.done && (window.checkedAt ??= performance.now()); })
    .observe(section, { attributes: true, attributeFilter: ["data-done"] });
});
"""
_TIMES = """() => {
  const came = performance.getEntriesByType("resource").find((one) => one.name.includes("/bundle")).responseEnd;
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const { takenAt, checkedAt } = window;
  return [painted, checkedAt - Math.max(came, takenAt), checkedAt, document.getElementById("check").dataset.done];
}"""


@dataclass(frozen=True)
class ViewFigure:
    """In ms, of each visit: when the page was there, how long its check took, when the verdict was there.

    `slowed`: so many times.
    """

    slowed: int
    own_curves: bool
    painted_ms: tuple[float, ...]
    checked_ms: tuple[float, ...]
    verdict_ms: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)

    @property
    def line(self) -> str:
        """For people."""
        curves = "own curves" if self.own_curves else "WebCrypto"
        return (
            f"processor slowed {self.slowed} times, {curves}: page there after {_span(self.painted_ms)}, short proof "
            f"checked in {_span(self.checked_ms)}, verdict there after {_span(self.verdict_ms)}"
        )


def run_view(url: str, visits: int, slowed: int) -> list[ViewFigure]:
    """With WebCrypto and without. Raises RuntimeError without Chromium, or where a page does not verify."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  comes with the tests, and with nothing that serves

    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise RuntimeError("no Chromium here: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _visit(browser, url, slowed, own_curves=False)  # the server has made the page once
        return [_figure(browser, url, visits, slowed, own_curves=own) for own in (False, True)]


def _figure(browser: "Browser", url: str, visits: int, slowed: int, *, own_curves: bool) -> ViewFigure:
    times = [_visit(browser, url, slowed, own_curves=own_curves) for _ in range(visits)]
    return ViewFigure(slowed, own_curves, *zip(*times, strict=True))


def _visit(browser: "Browser", url: str, slowed: int, *, own_curves: bool) -> tuple[float, float, float]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    try:
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
        page.add_init_script(_WATCH + ("delete Crypto.prototype.subtle;" if own_curves else ""))
        page.goto(url)
        page.wait_for_selector("#check[data-done]", timeout=60_000)
        painted, checked, verdict, done = page.evaluate(_TIMES)
    finally:
        context.close()
    if done != "verified":
        raise RuntimeError(f"the page at {url} did not verify itself")
    return float(painted), float(checked), float(verdict)


def _span(times: Sequence[float]) -> str:
    most = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    return f"{median(times):.0f} ms ({min(times):.0f} to {max(times):.0f}, 95 % within {most:.0f})"

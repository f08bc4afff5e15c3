"""A person with a browser, for tests: opens pages, waits until they have checked themselves, says what they show."""

import json
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Error

from tests.eventually import SOON

PHONE = {"width": 390, "height": 844}
PATIENCE = SOON * 1000  # ms
WORDS = Path(__file__).parents[2] / "api" / "browser" / "words"


def words(language="en"):
    return json.loads((WORDS / f"{language}.json").read_text("utf-8"))


class Reader:
    """One page at a time. `complaints` are what the browser's console says, and errors of scripts."""

    def __init__(self, browser):
        self._browser = browser
        self._contexts = []
        self.complaints = []
        self.asked = []
        self.page = None

    def open(self, url, *, done="[data-done]", prepare=None, **given):
        """A fresh browser profile at this address; `prepare` is told the page before it goes there."""
        context = self._browser.new_context(viewport=PHONE, **{"locale": "en-GB", **given})
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        self.page = context.new_page()
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        if prepare is not None:
            prepare(self.page)
        answer = self.page.goto(url)
        if done:
            self.page.wait_for_selector(f"#check{done}")
        return answer

    def _complain(self, kind, text):
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def again(self, button):
        """Taps something that checks once more."""
        self.page.evaluate("delete document.getElementById('check').dataset.done")
        self.page.get_by_role("button", name=button, exact=True).click()
        self.page.wait_for_selector("#check[data-done]")

    def forgive(self, complaint):
        """What the browser says by itself of an answer that the test wanted."""
        self.complaints = [one for one in self.complaints if complaint not in one]

    def drop(self, data, name="x.coilmark.json"):
        """Drops a file on the page, as a hand with a mouse does."""
        self.page.evaluate(
            """([text, name]) => {
                delete document.getElementById("check").dataset.done;
                const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0)), transfer = new DataTransfer();
                transfer.items.add(new File([bytes], name));
                document.getElementById("drop").dispatchEvent(
                    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
            }""",
            [_base64(data), name],
        )
        self.page.wait_for_selector("#check[data-done]")

    @property
    def verdict(self):
        return self.page.inner_text("#check .verdict")

    @property
    def kind(self):
        return self.page.get_attribute("#check .verdict", "class").removeprefix("verdict ")

    @property
    def outcomes(self):
        """Of the thirteen steps."""
        classes = self.page.eval_on_selector_all("#check .steps > li", "all => all.map((one) => one.className)")
        return classes[:13]

    def leave(self):
        for context in self._contexts:
            with suppress(Error):
                context.close()


def _base64(data):

    return b64encode(data).decode()

"""Pages for who does not see, does not use a mouse, reads in the dark, or prints."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from parks import address_of, proof_of
from reading import words

pytestmark = pytest.mark.slow
SAY = words()
GRAVE = {"serious", "critical"}


def faults(reader):
    """What axe-core finds, with the elements that have it."""
    found = Axe().run(reader.page).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]


def broken(page):
    page.route("**/bundle*", lambda route: route.fulfill(body="{}"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("prepare", [None, broken], ids=["good", "failed"])
def test_nothing_serious_is_wrong_with_the_scan_page(reader, park, scheme, prepare):
    reader.open(address_of(park), color_scheme=scheme, prepare=prepare)
    assert reader.kind == ("bad" if prepare else "good")
    for summary in reader.page.query_selector_all("details:not([open]) > summary"):
        summary.click()
    assert faults(reader) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_wrong_with_verify(reader, park, scheme):
    reader.open(f"http://127.0.0.1:{park.port}/verify", done="[data-ready]", color_scheme=scheme)
    reader.drop(proof_of(park))
    assert faults(reader) == []


def test_the_map_is_told_in_words_and_not_in_colours_alone(reader, park):
    reader.open(address_of(park))
    steps = reader.page.inner_html("#check .steps")
    assert steps.count(f"({SAY['passed']})") == 13  # twelve steps, and what the page shows
    assert steps.count(f"({SAY['not_checked']})") == 1


def test_all_of_it_is_reached_with_a_keyboard(reader, park):
    reader.open(address_of(park))
    reached = set()
    for _ in range(40):
        reader.page.keyboard.press("Tab")
        reached.add(reader.page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
        if "<summary" in reader.page.evaluate("document.activeElement.outerHTML") and "steps" not in reached:
            reader.page.keyboard.press("Enter")
            reached.add("steps")
    assert reader.page.eval_on_selector("#check .found", "one => one.open")
    assert any("<button" in one for one in reached)
    assert sum("<a href" in one for one in reached) > 5


def test_a_phone_does_not_scroll_sideways(reader, park):
    for width in (320, 390):
        reader.open(address_of(park))
        reader.page.set_viewport_size({"width": width, "height": 700})
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= width


def test_printed_it_keeps_the_verdict_and_drops_the_buttons(reader, park):
    reader.open(address_of(park))
    reader.page.emulate_media(media="print")
    assert reader.page.is_visible("#check .verdict")
    assert reader.page.is_hidden("#check button")
    assert reader.page.pdf().startswith(b"%PDF")

"""What a page is on paper: nothing that a reader would have to tap is closed."""

import pytest
from parks import address_of


@pytest.mark.slow
def test_a_printed_page_shows_every_step(reader, park):
    reader.open(address_of(park))
    assert reader.page.query_selector("details:not([open])") is not None
    reader.page.pdf()
    assert reader.page.query_selector("details:not([open])") is None

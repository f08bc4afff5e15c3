"""A page of which a part was packed before: whoever unpacks it gets the page."""

import gzip

from hypothesis import example, given
from hypothesis import strategies as st

from api.packing import Page, gzipped, keep

_TEXTS = st.text(st.sampled_from("<p>ab—ж\n"), max_size=400)
_AGAIN = "the same words " * 40  # what could be referred to across the borders


@given(_TEXTS, _TEXTS, _TEXTS)
@example(_AGAIN, _AGAIN, _AGAIN)
@example("", "", "")
def test_what_is_unpacked_is_the_page(above, kept, below):
    page = Page(above.encode(), keep(kept), below.encode())
    assert gzip.decompress(gzipped(page)) == page.body == (above + kept + below).encode()


def test_one_part_stands_in_several_pages():
    part = keep(_AGAIN)
    for around in (b"first", b"second", _AGAIN.encode()):
        page = Page(around, part, around)
        assert gzip.decompress(gzipped(page)) == around + _AGAIN.encode() + around

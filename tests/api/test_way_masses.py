"""Masses on a piece's way: each says what it is the mass of, and none is said of what nobody stated."""

from types import SimpleNamespace

from api.languages import words
from api.origins import origins_of
from api.way import way_of
from tests.untied import untied

MINE, MILL = "(417)9521211000012", "(417)9521214000019"
SLAB, PIECE = "(01)09521214000019(21)S-1", "(01)09521214000026(21)C-1"
AT = {"at": "2026-05-14T00:30:00Z", "recorded": "2026-05-14T01:00:00Z"}
SAID = words("en")


def party(name, id_, prefix):
    site = {"id": f"(414){prefix}000028", "name": f"{name}, works", "longitude": "76.9", "latitude": "52.3"}
    return SimpleNamespace(id=id_, name=name, prefixes=(prefix,), profile={"sites": [site]})


REGISTRY = SimpleNamespace(parties={MINE: party("Mine", MINE, "9521211"), MILL: party("Mill", MILL, "9521214")})


def body(**changes):
    return {
        "piece": PIECE,
        "facts": {"mass": 9_000_000},
        "stages": [{"step": "mining", "party": MINE, "entries": 1, "from": AT["at"], "to": AT["at"]}],
        "steps": [{"entry": 5, "step": "casting", "party": MILL, "site": "(414)9521214000028", "lot": SLAB, **AT}],
        "ends": [
            {"reason": "scrap", "mass": 1_000_000, "lot": "(01)09521214000095(10)SCRAP"},
            {"reason": "outside", "mass": 500_000, "lot": "(01)09501101530003(10)X"},
            {"reason": "late", "mass": 250_000, "party": MINE},
            {"reason": "minor", "mass": 50_000},
        ],
        **changes,
    }


def masses(told, lots=None):
    return {stop.name: untied(stop.masses) for stop in way_of(told, REGISTRY, SAID, lots or {}).stops}


def test_each_site_has_what_began_with_its_party_and_what_its_pieces_weigh():
    found = masses(body(), {SLAB: 20_690_000})
    assert found["Mine, works"] == (
        "of the piece's 9 t: 7.2 t followed to a primary source in this ledger, 250 kg not yet reported by Mine",
    )
    assert found["Mill, works"] == ("of the piece's 9 t: 1 t scrap that entered a melt", "S-1: 20.69 t")


def test_what_nobody_s_prefix_numbers_is_put_down_to_nobody():
    told = " ".join(text for one in masses(body()).values() for text in one)
    assert "bought from outside" not in told
    assert "0.1 %" not in told


def test_of_two_mines_neither_is_said_to_have_given_the_rest():
    two = [{"step": "mining", "party": one, "entries": 1, "from": AT["at"], "to": AT["at"]} for one in (MINE, MILL)]
    assert not any(
        "primary" in text for texts in origins_of(body(stages=two), REGISTRY, SAID).values() for text in texts
    )


def test_a_piece_without_a_mass_has_no_shares_of_it():
    assert set(masses(body(facts={})).values()) == {()}


def test_a_piece_that_nobody_weighed_says_nothing():
    assert masses(body())["Mill, works"] == ("of the piece's 9 t: 1 t scrap that entered a melt",)


def test_of_ends_that_are_cut_nothing_is_said_to_have_come_from_a_primary_source():
    many = [{"reason": "minor", "mass": 1} for _ in range(200)]
    assert not any("primary" in text for one in masses(body(ends=many)).values() for text in one)
    assert any("primary" in text for one in masses(body(ends=many[1:])).values() for text in one)

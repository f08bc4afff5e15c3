"""Every case of the grammar, posted: as a whole body, and inside what was signed. What is refused is refused alike."""

import pytest
from posted import Posted
from served import in_process, run

from tests.kernel.test_strict_json import BAD, GOOD

JSON = [(b"content-type", b"application/json")]
STATEMENT = [(b"content-type", b"application/sd-jwt")]
LONGEST = 4096  # characters of a string that is no statement
SIZES = {"body_size", "statement_size"}  # a case may be longer than what is taken at all


async def codes(served, posted, text):
    """(status, code) of the text as a batch, as a request for proofs, and as a signed payload."""
    for path, body, headers in (
        ("/v1/statements", text, JSON),
        ("/v1/proofs", text, JSON),
        ("/v1/statements", posted._with_payload(text), STATEMENT),
    ):
        answer = await served.ask("POST", path, body, headers=headers)
        yield answer.status, answer.code


def alike(text, code, said):
    """A batch takes long strings: they are statements."""
    batch, proofs, payload = ([answer] if answer[1] not in SIZES else [] for answer in said)
    own = [(400, "members")] if code == "string" and len(text) > LONGEST else [(400, code)]
    return all(answer == (400, code) for answer in [*proofs, *payload]) and (not batch or batch == own)


@pytest.mark.parametrize("part", range(4))
def test_what_the_grammar_forbids_is_refused_wherever_it_stands(tmp_path, part):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted, size = Posted(served.world), served.desk.log.state.published.checkpoint.size
            for text, code, _ in BAD[part::4]:
                said = [one async for one in codes(served, posted, text)]
                assert alike(text, code, said), (text[:80], said)
            assert served.desk.log.state.published.checkpoint.size == size

    run(scenario)


def test_what_the_grammar_allows_and_we_do_not_ask_for_is_refused_in_its_own_words(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            for text, _ in GOOD:
                async for status, said in codes(served, posted, text):
                    assert 400 <= status < 500, text[:80]
                    assert said not in {"json", "utf8", "number", "string", "depth", "duplicate_key"}, text[:80]

    run(scenario)

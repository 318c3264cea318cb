"""Every text gets a name that Firestore takes, and no two texts the same."""

from hypothesis import example, given
from hypothesis import strategies as st

from connector.adapters.firestore.names import document_name, search_term

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
@example("")
@example(".")
@example("..")
@example("__x__")
@example("__")
@example("____")
@example("\ud83d")
@example("é" * 1000)
@example("/" * 1000)
def test_a_name_is_one_that_firestore_takes(text: str) -> None:
    name = document_name(text)
    assert name
    assert "/" not in name
    assert name not in {".", ".."}
    assert not (name.startswith("__") and name.endswith("__"))
    assert len(name.encode()) <= 1500


@given(ANY_TEXT, ANY_TEXT)
@example("a/b", "a%2Fb")
@example("", "%")
@example("__x__", "%5F_x__")
@example("x" * 2000, "x" * 2001)
@example("\ud83d", "?")
def test_two_texts_have_two_names(one: str, other: str) -> None:
    assert (document_name(one) == document_name(other)) == (one == other)


def test_an_ordinary_text_is_its_own_name() -> None:
    assert document_name("8f0ae0c5-1d07-4a4f-a2b5-d0b0a1b2c3d4") == "8f0ae0c5-1d07-4a4f-a2b5-d0b0a1b2c3d4"


@given(ANY_TEXT | st.integers(400, 1200).map(lambda length: "é" * length))
def test_a_term_is_short_and_is_its_own_term(text: str) -> None:
    term = search_term(text)
    assert len(term.encode()) <= 1000
    assert search_term(term) == term

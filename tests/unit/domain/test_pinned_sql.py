"""Views and statements as they are: a changed text rewrites the views of every tenant, so it changes on purpose alone.

That the texts are right is shown by `property/test_views_of_any_log.py` and `contract/test_warehouse_*.py`.
"""

import pytest

from tests.unit.domain.pinned import FOLDER, build_texts

TEXTS = sorted(build_texts())


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_as_it_was(name: str) -> None:
    assert build_texts()[name] == (FOLDER / name).read_text().removesuffix("\n")


def test_every_text_is_kept_and_no_other() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == TEXTS

"""How figures are put into words."""

import pytest

from connector.domain.run import RunProgress, Tally
from connector.faces.wording import describe_progress


@pytest.mark.parametrize(
    ("read", "expected", "seconds", "told"),
    [
        (0, None, 0.2, "page 3, 0 records"),
        (2_400, None, 0.5, "page 3, 2,400 records"),
        (2_400, None, 2, "page 3, 2,400 records, 1,200 a second"),
        (2_400, 9_600, 2, "page 3, 2,400 of 9,600 records, 1,200 a second, about 6 seconds left"),
        (2_400, 482_400, 2, "page 3, 2,400 of 482,400 records, 1,200 a second, about 6 minutes left"),
        (2_400, 2_400, 2, "page 3, 2,400 of 2,400 records, 1,200 a second"),
        (2_400, 2_000, 2, "page 3, 2,400 of 2,400 records, 1,200 a second"),
        (2_400, 0, 2, "page 3, 2,400 records, 1,200 a second"),
    ],
)
def test_progress_tells_the_rate_and_the_time_left_where_the_total_is_known(
    read: int, expected: int | None, seconds: float, told: str
) -> None:
    tally = Tally(pages=3, records_read=read)
    assert describe_progress(RunProgress(tally=tally, expected_records=expected), seconds) == told

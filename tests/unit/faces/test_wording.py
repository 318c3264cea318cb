"""How figures are put into words."""

import pytest

from connector.domain.run import RunProgress
from connector.faces.wording import describe_progress


@pytest.mark.parametrize(
    ("progress", "seconds", "told"),
    [
        ({"records": 0}, 2, "page 3, 0 records"),
        ({}, 0.5, "page 3, 2,400 records"),
        ({}, 2, "page 3, 2,400 records, 1,200 a second"),
        ({"total": 9_600}, 2, "page 3, 2,400 of 9,600 records, 1,200 a second, about 6 seconds left"),
        ({"total": 482_400}, 2, "page 3, 2,400 of 482,400 records, 1,200 a second, about 6 minutes left"),
        ({"total": 2_400}, 2, "page 3, 2,400 of 2,400 records, 1,200 a second"),
        ({"total": 2_000}, 2, "page 3, 2,400 of 2,400 records, 1,200 a second"),
        ({"total": 0}, 2, "page 3, 2,400 records, 1,200 a second"),
        ({"read_before": 4_800}, 2, "page 3, 7,200 records, 1,200 a second"),
        (
            {"read_before": 4_800, "total": 9_600},
            2,
            "page 3, 7,200 of 9,600 records, 1,200 a second, about 2 seconds left",
        ),
    ],
)
def test_progress_tells_the_rate_and_the_time_left_where_the_total_is_known(
    progress: dict[str, int], seconds: float, told: str
) -> None:
    assert describe_progress(RunProgress(**{"pages": 3, "records": 2_400, **progress}), seconds) == told

"""The page about speed: what it computes follows from what it assumes."""

from tests.docs.configuration import ROOT
from tests.docs.test_cost import rows as cost_rows

PAGE = (ROOT / "docs" / "performance.md").read_text()
DOCUMENTS_A_PAGE, SECONDS_A_PAGE, MEMORY_GIB = 1_000, 10, 0.5
LICENCES = (50, 100, 150)


def test_the_hours_and_dollars_of_a_first_load_follow_from_its_pages() -> None:
    prices = {name: float(cells[3]) for name, cells in cost_rows("quantity in 30 days").items() if cells[3]}
    a_second = prices["CPU seconds"] + MEMORY_GIB * prices["GiB seconds"]
    table = PAGE.split("| documents | requests |", 1)[1].splitlines()[2:]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line]
    assert [line[0] for line in lines] == ["100,000", "1,000,000", "10,000,000"]
    for documents, *told in lines:
        requests = int(documents.replace(",", "")) // DOCUMENTS_A_PAGE
        seconds = requests * SECONDS_A_PAGE
        hours = [*(requests * 60 / licence for licence in LICENCES), seconds]
        assert told == [
            f"{requests:,}",
            *(f"{second / 3600:.1f}" for second in hours),
            f"{seconds * a_second:.2f}",
        ]

"""The dashboard asks for metrics that exist, in tiles that do not overlap."""

import json

from tests.docs.configuration import Configuration
from tests.docs.log_filter import compile_filter


def test_the_dashboard_asks_for_metrics_that_exist(configuration: Configuration) -> None:
    metrics = configuration.evaluate("local.metrics")
    for name, text in configuration.evaluate("local.metric_filters").items():
        assert name in metrics
        assert compile_filter(text)(
            {
                "metric": {"type": f"logging.googleapis.com/user/acumatica_{name}"},
                "resource": {"type": "cloud_run_revision"},
            }
        )
    drawn = json.dumps(configuration.evaluate("local.chart_tiles"))
    assert all(f"/acumatica_{name}" in drawn for name in metrics)


def test_the_tiles_of_the_dashboard_do_not_overlap(configuration: Configuration) -> None:
    tiles = configuration.evaluate("concat(local.chart_tiles, [local.log_tile])")
    cells = [
        (x, y)
        for tile in tiles
        for x in range(tile["xPos"], tile["xPos"] + tile["width"])
        for y in range(tile["yPos"], tile["yPos"] + tile["height"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 48

# What the dashboard shows.
locals {
  charts = [
    { title = "Runs by outcome", filter = local.metric_filters["runs"], by = "status", reducer = "REDUCE_SUM", type = "STACKED_BAR" },
    { title = "Age of the data (seconds since the last success)", filter = local.metric_filters["lag_seconds"], by = "entity", reducer = "REDUCE_MEAN", type = "LINE" },
    { title = "Records written by a run (mean)", filter = local.metric_filters["records_written"], by = "entity", reducer = "REDUCE_MEAN", type = "STACKED_BAR" },
    { title = "Seconds of a run (mean)", filter = local.metric_filters["run_seconds"], by = "entity", reducer = "REDUCE_MEAN", type = "LINE" },
    { title = "Dead letters waiting", filter = local.metric_filters["dead_letters"], by = "entity", reducer = "REDUCE_MEAN", type = "LINE" },
    { title = "Runs that reached the time budget", filter = "${local.metric_filters["runs"]} AND metric.labels.status=\"partial\"", by = "entity", reducer = "REDUCE_SUM", type = "STACKED_BAR" },
  ]

  # Two charts a row on a grid of 48 columns, and the lines of the runs below them.
  chart_tiles = [
    for position, chart in local.charts : {
      xPos   = (position % 2) * 24
      yPos   = floor(position / 2) * 16
      width  = 24
      height = 16
      widget = {
        title = chart.title
        xyChart = {
          dataSets = [{
            plotType = chart.type
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = chart.filter
                aggregation = {
                  alignmentPeriod    = "3600s"
                  perSeriesAligner   = "ALIGN_DELTA"
                  crossSeriesReducer = chart.reducer
                  groupByFields      = ["metric.label.${chart.by}"]
                }
              }
            }
          }]
        }
      }
    }
  ]

  log_tile = {
    xPos   = 0
    yPos   = ceil(length(local.charts) / 2) * 16
    width  = 48
    height = 20
    widget = {
      title     = "Runs"
      logsPanel = { filter = local.run_lines, resourceNames = ["projects/${var.project.id}"] }
    }
  }
}

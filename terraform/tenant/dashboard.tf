resource "google_monitoring_dashboard" "overview" {
  project = var.project.id

  dashboard_json = jsonencode({
    displayName  = "Acumatica connector (${var.prefix})"
    mosaicLayout = { columns = 48, tiles = concat(local.chart_tiles, [local.log_tile]) }
  })

  depends_on = [google_logging_metric.lines]
}

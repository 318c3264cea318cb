# One job for each entity and cadence, and one for each reconcile.
resource "google_cloud_scheduler_job" "sync" {
  for_each = local.jobs

  project          = var.project.id
  region           = var.region
  name             = "${var.prefix}-${each.key}"
  description      = "Acumatica to BigQuery: ${each.value.body.entity}, ${each.value.body.mode}"
  schedule         = each.value.schedule
  time_zone        = var.time_zone
  paused           = var.paused
  attempt_deadline = local.attempt_deadline

  # For what a few minutes can cure: another run has the seat, or Acumatica restarts. The next cadence cures the rest.
  retry_config {
    retry_count          = 2
    min_backoff_duration = "300s"
    max_backoff_duration = "900s"
    max_doublings        = 1
  }

  http_target {
    http_method = "POST"
    uri         = "${google_cloudfunctions2_function.sync.service_config[0].uri}/"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode(each.value.body))

    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = google_cloudfunctions2_function.sync.service_config[0].uri
    }
  }
}

# Looks at the age of every entity's data, which is written to the log and watched there.
resource "google_cloud_scheduler_job" "look" {
  project          = var.project.id
  region           = var.region
  name             = "${var.prefix}-look"
  description      = "Acumatica to BigQuery: age of every entity's data"
  schedule         = "33 * * * *"
  time_zone        = var.time_zone
  paused           = var.paused
  attempt_deadline = local.attempt_deadline

  retry_config {
    retry_count          = 2
    min_backoff_duration = "60s"
    max_backoff_duration = "300s"
  }

  http_target {
    http_method = "GET"
    uri         = "${google_cloudfunctions2_function.sync.service_config[0].uri}/status"

    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = google_cloudfunctions2_function.sync.service_config[0].uri
    }
  }
}

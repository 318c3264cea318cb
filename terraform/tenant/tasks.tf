# A run that used up its time budget enqueues its own next call here, so that a large first load goes on by itself.
resource "google_cloud_tasks_queue" "continuations" {
  project  = var.project.id
  location = var.region
  name     = "${var.prefix}-continuations"

  rate_limits {
    max_concurrent_dispatches = var.acumatica.max_sessions
    max_dispatches_per_second = 1
  }

  retry_config {
    max_attempts       = 5
    min_backoff        = "60s"
    max_backoff        = "900s"
    max_doublings      = 3
    max_retry_duration = "7200s"
  }
}

resource "google_cloud_tasks_queue_iam_member" "runtime_enqueues" {
  project  = var.project.id
  location = google_cloud_tasks_queue.continuations.location
  name     = google_cloud_tasks_queue.continuations.name
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.runtime.member
}

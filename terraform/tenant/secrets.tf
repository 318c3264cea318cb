# Containers only. Values are added with gcloud, so that none is ever in a file of this configuration or in its state.

resource "google_secret_manager_secret" "credentials" {
  project   = var.project.id
  secret_id = "${var.prefix}-credentials"
  labels    = local.labels

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "runtime_reads_credentials" {
  project   = var.project.id
  secret_id = google_secret_manager_secret.credentials.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime.member
}

# A rotating refresh token is replaced in every run: the new one is added before it is used, the old one destroyed.
resource "google_secret_manager_secret_iam_member" "runtime_rotates_credentials" {
  count = var.acumatica.rotating_token ? 1 : 0

  project   = var.project.id
  secret_id = google_secret_manager_secret.credentials.secret_id
  role      = "roles/secretmanager.secretVersionManager"
  member    = google_service_account.runtime.member
}

resource "google_secret_manager_secret" "bigquery_key" {
  count = var.bigquery.key_secret ? 1 : 0

  project   = var.project.id
  secret_id = "${var.prefix}-bigquery-key"
  labels    = local.labels

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "runtime_reads_bigquery_key" {
  count = var.bigquery.key_secret ? 1 : 0

  project   = var.project.id
  secret_id = google_secret_manager_secret.bigquery_key[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime.member
}

resource "google_secret_manager_secret" "notify" {
  count = var.notify.enabled ? 1 : 0

  project   = var.project.id
  secret_id = "${var.prefix}-notify"
  labels    = local.labels

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "runtime_reads_notify" {
  count = var.notify.enabled ? 1 : 0

  project   = var.project.id
  secret_id = google_secret_manager_secret.notify[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime.member
}

# The dataset's name, once it is there.
locals {
  dataset_id = local.makes_dataset ? google_bigquery_dataset.warehouse[0].dataset_id : local.dataset
}

# Only the dataset: its tables and views follow the tenant's contract, so the connector makes them.
resource "google_bigquery_dataset" "warehouse" {
  count = local.makes_dataset ? 1 : 0

  project                    = var.project.id
  dataset_id                 = local.dataset
  friendly_name              = "Acumatica (${var.prefix})"
  description                = "One-way reporting copy of Acumatica. Written by ${local.function_name} alone."
  location                   = var.bigquery.location
  delete_contents_on_destroy = false
  labels                     = local.labels

  dynamic "default_encryption_configuration" {
    for_each = var.bigquery.kms_key[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

resource "google_bigquery_dataset_iam_member" "runtime_writes" {
  count = local.owns_dataset ? 1 : 0

  project    = var.project.id
  dataset_id = local.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.runtime.member
}

resource "google_bigquery_dataset_iam_member" "readers_read" {
  for_each = local.owns_dataset ? toset(var.bigquery.readers) : toset([])

  project    = var.project.id
  dataset_id = local.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

# Load jobs and queries belong to a project, not to a dataset.
resource "google_project_iam_member" "runtime_runs_jobs" {
  count = local.owns_dataset ? 1 : 0

  project = var.project.id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.runtime.member
}

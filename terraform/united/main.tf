# Views over the same view of several tenants, each row with the tenant it is from. All datasets must be in one location.

resource "google_bigquery_dataset" "united" {
  project       = var.project.id
  dataset_id    = var.dataset
  friendly_name = "Acumatica, all tenants"
  description   = "Views that unite the tenants' datasets. Holds no data."
  location      = var.location
  labels        = var.labels

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key[*]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

# Google's provider writes a dataset's whole list of members whenever it changes one of them, and leaves out the datasets whose
# views may read it. So that entry is made again after every change of a tenant's members.
resource "terraform_data" "members" {
  for_each = var.tenants

  input = each.value.members
}

# The views read the tenants' datasets in their own right, so who may read these needs no right on those.
resource "google_bigquery_dataset_access" "views_read" {
  for_each = var.tenants

  project    = var.project.id
  dataset_id = each.value.dataset

  dataset {
    dataset {
      project_id = var.project.id
      dataset_id = google_bigquery_dataset.united.dataset_id
    }
    target_types = ["VIEWS"]
  }

  lifecycle {
    replace_triggered_by = [terraform_data.members[each.key]]
  }
}

resource "google_bigquery_dataset_iam_member" "readers_read" {
  for_each = toset(var.readers)

  project    = var.project.id
  dataset_id = google_bigquery_dataset.united.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

resource "google_bigquery_table" "views" {
  for_each = local.queries

  project             = var.project.id
  dataset_id          = google_bigquery_dataset.united.dataset_id
  table_id            = "all_${each.key}"
  labels              = var.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_dataset_access.views_read]
}

# What a project has once, however many tenants are copied in it. Its outputs wait for the APIs and the rights to keys, so that
# whatever takes its project from here does too.
data "google_project" "this" {
  project_id = var.project_id

  depends_on = [google_project_service.apis]
}

# BigQuery makes the account it encrypts with when it is first asked for; naming it without asking fails in a new project.
data "google_bigquery_default_service_account" "this" {
  project = var.project_id

  depends_on = [google_project_service.apis]
}

# BigQuery encrypts with a key in its own name, not in the name of the caller. Tenants may share a key, so the right to it is
# given here: a tenant that is removed takes nothing away from the others.
resource "google_kms_crypto_key_iam_member" "bigquery_encrypts" {
  for_each = var.kms_keys

  crypto_key_id = each.value
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = data.google_bigquery_default_service_account.this.member
}

resource "google_project_service" "apis" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  project = var.project_id
  service = each.key

  # Other things in the project may use them.
  disable_on_destroy = false
}

# Firestore has no access rights of its own on a database; the condition keeps this identity out of other databases.
resource "google_project_iam_member" "runtime_keeps_state" {
  project = var.project.id
  role    = "roles/datastore.user"
  member  = google_service_account.runtime.member

  condition {
    title      = "one-database"
    expression = "resource.name == \"projects/${var.project.id}/databases/${var.database}\""
  }
}

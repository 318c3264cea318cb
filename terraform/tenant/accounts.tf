# Three identities: what the function may do, who may call it, and what may build it. The roles stand beside the things
# they are given on; docs/security.md lists them all.

resource "google_service_account" "runtime" {
  project      = var.project.id
  account_id   = "${var.prefix}-runtime"
  display_name = "Acumatica connector (${var.prefix}): runs"
  description  = "Reads its secrets, writes the dataset and its state."
}

resource "google_service_account" "invoker" {
  project      = var.project.id
  account_id   = "${var.prefix}-invoker"
  display_name = "Acumatica connector (${var.prefix}): calls"
  description  = "Calls the function for Cloud Scheduler and Cloud Tasks, and may do nothing else."
}

resource "google_service_account" "build" {
  project      = var.project.id
  account_id   = "${var.prefix}-build"
  display_name = "Acumatica connector (${var.prefix}): builds"
  description  = "Turns the uploaded source into the function's image."
}

# The function enqueues its own next call, which Cloud Tasks makes in the invoker's name.
resource "google_service_account_iam_member" "runtime_uses_invoker" {
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.runtime.member
}

resource "google_service_account_iam_member" "deployers_ask_for_tokens" {
  for_each = toset(var.deployers)

  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = each.key
}

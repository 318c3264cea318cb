output "add_credentials" {
  description = "Stores the Acumatica credentials (a JSON file on your machine) where the function reads them."
  value       = "gcloud secrets versions add ${google_secret_manager_secret.credentials.secret_id} --project=${var.project.id} --data-file=acumatica-credentials.json"
}

output "check" {
  description = "Tries every system and every entity, and writes nothing."
  value       = "${local.curl} -d '{\"mode\": \"check\"}'"
}

output "dashboard" {
  description = "Where the runs can be watched."
  value       = "https://console.cloud.google.com/monitoring/dashboards?project=${var.project.id}"
}

output "dataset" {
  description = "The dataset."
  value       = local.dataset

  depends_on = [google_bigquery_dataset.warehouse]
}

output "dataset_members" {
  description = "Who has rights on the dataset, for terraform/united."
  value = sort(concat(
    google_bigquery_dataset_iam_member.runtime_writes[*].member,
    [for reader in google_bigquery_dataset_iam_member.readers_read : reader.member],
  ))
}

output "environment" {
  description = "What the command line needs to look at this deployment from a laptop."
  value       = local.laptop_environment
}

output "function" {
  description = "Name of the function and of its service."
  value       = google_cloudfunctions2_function.sync.name
}

output "function_url" {
  description = "Address of the function; no call without an identity is answered."
  value       = google_cloudfunctions2_function.sync.service_config[0].uri
}

output "invoker" {
  description = "Identity that calls the function."
  value       = google_service_account.invoker.email
}

output "labels" {
  description = "The labels of everything that takes them."
  value       = local.labels
}

output "open_status" {
  description = "Opens the status page to a browser on your machine, at http://127.0.0.1:8080/, until it is ended."
  value       = "gcloud run services proxy ${google_cloudfunctions2_function.sync.name} --port=8080 --region=${var.region} --project=${var.project.id}"
}

output "run_now" {
  description = "Runs one entity now, and shows the answer."
  value       = "${local.curl} -d '{\"entity\": \"vendors\", \"mode\": \"incremental\"}'"
}

output "run_scheduled" {
  description = "Runs one scheduled job now, without waiting for the answer."
  value       = "gcloud scheduler jobs run ${var.prefix}-vendors-incremental --location=${var.region} --project=${var.project.id}"
}

output "secret" {
  description = "The secret that holds the Acumatica credentials."
  value       = google_secret_manager_secret.credentials.secret_id
}

output "status" {
  description = "How every entity stands."
  value       = "curl -sS \"${google_cloudfunctions2_function.sync.service_config[0].uri}/status\" -H \"Authorization: Bearer $(gcloud auth print-identity-token)\""
}

locals {
  curl = "curl -sS -X POST \"${google_cloudfunctions2_function.sync.service_config[0].uri}/\" -H \"Authorization: Bearer $(gcloud auth print-identity-token)\" -H \"Content-Type: application/json\""
}

output "add_credentials" {
  description = "Stores the Acumatica credentials (a JSON file on your machine) where the function reads them."
  value       = "gcloud secrets versions add ${google_secret_manager_secret.credentials.secret_id} --project=${var.project_id} --data-file=acumatica-credentials.json"
}

output "check" {
  description = "Tries every system and writes nothing."
  value       = "${local.curl} -d '{\"entity\": \"vendors\", \"mode\": \"check\"}'"
}

output "dashboard" {
  description = "Where the runs can be watched."
  value       = "https://console.cloud.google.com/monitoring/dashboards?project=${var.project_id}"
}

output "function_url" {
  description = "Address of the function; no call without an identity is answered."
  value       = google_cloudfunctions2_function.sync.service_config[0].uri
}

output "invoker" {
  description = "Identity that calls the function."
  value       = google_service_account.invoker.email
}

output "run_now" {
  description = "Runs one entity now, and shows the answer."
  value       = "${local.curl} -d '{\"entity\": \"vendors\", \"mode\": \"incremental\"}'"
}

output "run_scheduled" {
  description = "Runs one scheduled job now, without waiting for the answer."
  value       = "gcloud scheduler jobs run ${var.prefix}-vendors-incremental --location=${var.region} --project=${var.project_id}"
}

output "status" {
  description = "How every entity stands."
  value       = "curl -sS \"${google_cloudfunctions2_function.sync.service_config[0].uri}/status\" -H \"Authorization: Bearer $(gcloud auth print-identity-token)\""
}

locals {
  curl = "curl -sS -X POST \"${google_cloudfunctions2_function.sync.service_config[0].uri}/\" -H \"Authorization: Bearer $(gcloud auth print-identity-token)\" -H \"Content-Type: application/json\""
}

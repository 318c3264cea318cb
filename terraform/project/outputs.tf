output "id" {
  description = "The project, once its APIs are enabled and BigQuery may use the keys."
  value       = var.project_id

  depends_on = [
    google_kms_crypto_key_iam_member.bigquery_encrypts,
    google_project_service.apis,
  ]
}

output "number" {
  description = "The project's number."
  value       = data.google_project.this.number
}

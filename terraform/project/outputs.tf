output "bigquery_account" {
  description = "The account that BigQuery encrypts with, as a member."
  value       = data.google_bigquery_default_service_account.this.member
}

output "id" {
  description = "The project, once its APIs are enabled."
  value       = var.project_id

  depends_on = [google_project_service.apis]
}

output "number" {
  description = "The project's number."
  value       = data.google_project.this.number
}

variable "kms_keys" {
  description = "Keys that BigQuery encrypts with, each once, by a name of your choice: { bigquery = \"projects/…/cryptoKeys/…\" }."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(distinct(values(var.kms_keys))) == length(var.kms_keys)
    error_message = "kms_keys names a key twice."
  }
}

variable "project_id" {
  description = "The Google Cloud project that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the project's id, not its name or number: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "project_id" {
  description = "The Google Cloud project that everything is created in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be the project's id, not its name or number: 6 to 30 lower-case letters, digits and hyphens."
  }
}

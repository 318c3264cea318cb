variable "firestore" {
  description = "The database for state and audit, one for all tenants. create = false uses one that exists; shared_settings = false leaves the settings that count for every tenant in it to the deployment that made them. The location (default: the region) cannot be changed later."
  type = object({
    create          = optional(bool, true)
    database        = optional(string, "(default)")
    location        = optional(string)
    shared_settings = optional(bool, true)
  })
  default = {}

  validation {
    condition     = can(regex("^([(]default[)]|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.firestore.database))
    error_message = "firestore.database must be (default), or 4 to 63 lower-case letters, digits and hyphens."
  }
}

variable "prefixes" {
  description = "Of every tenant whose state is in the database the prefix, or its firestore.prefix where it has one of its own."
  type        = list(string)

  validation {
    condition     = length(var.prefixes) == length(distinct(var.prefixes))
    error_message = "Two tenants have the same firestore.prefix, so they would share their state."
  }
}

variable "project_id" {
  description = "The Google Cloud project."
  type        = string
}

variable "region" {
  description = "Where the database goes unless firestore.location says otherwise."
  type        = string
}

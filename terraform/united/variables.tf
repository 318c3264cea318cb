variable "dataset" {
  description = "The dataset of the views."
  type        = string
}

variable "kms_key" {
  description = "Key for what BigQuery keeps for the views, such as the tenants' own: one that BigQuery's account may use already."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels for what takes them."
  type        = map(string)
  default     = {}
}

variable "location" {
  description = "Where the tenants' datasets are, all of them."
  type        = string
}

variable "project" {
  description = "The Google Cloud project as terraform/project found it: project = module.project."
  type = object({
    id = string
  })
}

variable "readers" {
  description = "Members that may query the views: group:…, user:…"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.readers : can(regex("^(user|group|serviceAccount|domain):[^ ]+$", member))])
    error_message = "readers must be members such as group:finance@example.com; allUsers and allAuthenticatedUsers are refused."
  }
}

variable "tenants" {
  description = "The tenants' datasets and those who have rights on them (outputs dataset and dataset_members of tenant), by the name that the column tenant shows."
  type = map(object({
    dataset = string
    members = list(string)
  }))

  validation {
    condition     = alltrue([for tenant in keys(var.tenants) : can(regex("^[A-Za-z0-9 ._-]+$", tenant))])
    error_message = "Names of tenants may have letters, digits, spaces, dots, hyphens and underscores."
  }
}

variable "views" {
  description = "The views to unite, such as vendors and invoices. Every tenant must have them: they are there after its first run."
  type        = set(string)

  validation {
    condition     = alltrue([for view in var.views : can(regex("^[a-z][a-z0-9_]*$", view))])
    error_message = "views must be names of views such as vendors or invoice_details."
  }
}

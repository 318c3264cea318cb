variable "emails" {
  description = "Who is told of alerts."
  type        = list(string)
}

variable "kms_key" {
  description = "Key of yours that encrypts all datasets, in their location."
  type        = string
  default     = null
}

variable "location" {
  description = "Where the datasets go: one location, so that views can unite them."
  type        = string
  default     = "EU"
}

variable "project_id" {
  description = "The Google Cloud project that everything is created in."
  type        = string
}

variable "region" {
  description = "Region of the functions, the schedules and the queues."
  type        = string
}

variable "united_readers" {
  description = "Members that may query the views over all tenants: group:…, user:…"
  type        = list(string)
  default     = []
}

variable "united_views" {
  description = "The views to unite over all tenants in the dataset erp_all, such as vendors: after each tenant's first run."
  type        = set(string)
  default     = []
}

variable "function" {
  description = "The function: its name, region and address."
  type = object({
    name   = string
    region = string
    url    = string
  })
}

variable "header" {
  description = "The header that carries the secret of the push destination."
  type        = string
  default     = "X-Notify-Secret"
}

variable "labels" {
  description = "Labels for what takes them."
  type        = map(string)
  default     = {}
}

variable "prefix" {
  description = "The tenant's prefix."
  type        = string
}

variable "project" {
  description = "The Google Cloud project as terraform/project found it: project = module.project."
  type = object({
    id = string
  })
}

variable "region" {
  description = "Region of the gateway, where API Gateway is offered (default: the function's)."
  type        = string
  default     = null
}

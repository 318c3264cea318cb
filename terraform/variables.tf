# What goes into terraform.tfvars. Objects are typed, completed and checked where they are used: tenant/variables.tf and
# database/variables.tf have their members, defaults and bounds.

variable "acumatica" {
  description = "The Acumatica instance to read. An empty endpoint_version takes the newest one offered that the connector is proven with. Credentials are never written here: they go into the secret that this configuration creates."
  type        = any
}

variable "alerts" {
  description = "Who is told, and when. An entity is late after late_after_cadences times its cadence plus one hour. A reading that is not complete after pass_hours, because run after run reaches its time budget, is reported."
  type        = any
  default     = {}
}

variable "bigquery" {
  description = "The dataset (default: the prefix); create = false uses one that exists. The location cannot be changed later. kms_key encrypts it with a key of yours; readers are members (group:…, user:…, serviceAccount:…) that may query it. key_secret is for a warehouse that belongs to others, in another project: it creates a secret for their service account key and no dataset."
  type        = any
  default     = {}
}

variable "cadence" {
  description = "How often every entity is read: catalogue (as entities.yaml says, hourly), nightly, hourly or quarter_hourly. entities overrides it for one entity."
  type        = string
  default     = "catalogue"
}

variable "deployers" {
  description = "Members that may ask for an identity token of the invoker, for the smoke test after a deployment: serviceAccount:cloud-build@PROJECT.iam.gserviceaccount.com."
  type        = list(string)
  default     = []
}

variable "entities" {
  description = "What differs from the catalogue, by entity: enabled, the cron of schedule, reconcile_keys and reconcile_content (off: never), and late_after_hours, the age at which its data is reported."
  type        = any
  default     = {}
}

variable "entities_file" {
  description = "Path of a catalogue to deploy in place of the bundled one."
  type        = string
  default     = null
}

variable "firestore" {
  description = "The database for state and audit, and the first part of its collections' names (prefix; default: the prefix of all names). create = false uses a database that exists; shared_settings = false leaves the settings that count for every tenant in it to the deployment that made them. The location (default: the region) cannot be changed later."
  type        = any
  default     = {}
}

variable "function" {
  description = "Size and bounds of the function. A run stops by itself after time_budget_seconds and goes on in the next call; timeout_seconds is when Google ends it. vpc_connector sends all traffic through a network of yours, for a fixed address."
  type        = any
  default     = {}
}

variable "labels" {
  description = "Labels for everything that takes them, for the bill."
  type        = map(string)
  default     = {}
}

variable "log_level" {
  description = "Least severity of our own log lines. The alerts need INFO or DEBUG."
  type        = string
  default     = "INFO"
}

variable "notify" {
  description = "Push notifications of Acumatica as hints at POST /notify; docs/acumatica-setup.md tells how they get there. enabled makes the container of their secret; gateway makes the address that Acumatica posts to, in gateway_region (default: the region)."
  type        = any
  default     = {}
}

variable "operators" {
  description = "Members that may call the function themselves: user:…, group:…"
  type        = list(string)
  default     = []
}

variable "paused" {
  description = "Whether the schedule stands still and the alerts are silent."
  type        = bool
  default     = false
}

variable "prefix" {
  description = "First part of every name, so that several tenants can share a project: each has another one."
  type        = string
  default     = "acumatica"
}

variable "project_id" {
  description = "The Google Cloud project that everything is created in."
  type        = string
}

variable "region" {
  description = "Region of the function, the schedule and the queue, such as europe-west1 or us-central1."
  type        = string
}

variable "sync" {
  description = "How runs read and write: the margin for late commits, and auto, streaming or load."
  type        = any
  default     = {}
}

variable "time_zone" {
  description = "Time zone of every schedule, such as Etc/UTC or America/New_York."
  type        = string
  default     = "Etc/UTC"
}

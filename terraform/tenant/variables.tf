variable "acumatica" {
  description = "The Acumatica instance to read. An empty endpoint_version takes the newest one offered that the connector is proven with. Credentials are never written here: they go into the secret that this configuration creates."
  type = object({
    url                     = string
    endpoint                = optional(string, "Default")
    endpoint_version        = optional(string, "")
    page_size               = optional(number, 1000)
    max_sessions            = optional(number, 1)
    max_requests_per_minute = optional(number)
    rotating_token          = optional(bool, false)
  })

  validation {
    condition     = can(regex("^https://[^/?#@ ]+(/[^?#@ ]*)?$", var.acumatica.url))
    error_message = "acumatica.url must be the https address of the instance with its virtual directory, if any, and without user, query or fragment: https://erp.example.com/Production."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.acumatica.endpoint)) && can(regex("^[0-9A-Za-z.]*$", var.acumatica.endpoint_version))
    error_message = "acumatica.endpoint and acumatica.endpoint_version must be as the form Web Service Endpoints shows them: Default and 24.200.001."
  }

  validation {
    condition = var.acumatica.page_size >= 2 && var.acumatica.page_size <= 5000 && var.acumatica.max_sessions <= 50 && alltrue([
      for number in [var.acumatica.page_size, var.acumatica.max_sessions, coalesce(var.acumatica.max_requests_per_minute, 1)] :
      number >= 1 && floor(number) == number
    ])
    error_message = "acumatica.page_size must be 2 to 5000, acumatica.max_sessions 1 to 50 and no more API users than your licence has to spare, acumatica.max_requests_per_minute 1 or more or left out; whole numbers all."
  }
}

variable "alerts" {
  description = "Who is told, and when. An entity is late after late_after_cadences times its cadence plus one hour. A reading that is not complete after pass_hours, because run after run reaches its time budget, is reported."
  type = object({
    emails              = optional(list(string), [])
    channels            = optional(list(string), [])
    late_after_cadences = optional(number, 2)
    pass_hours          = optional(number, 6)
  })
  default = {}

  validation {
    condition = alltrue(concat(
      [for email in var.alerts.emails : can(regex("^[^@ ]+@[^@ ]+$", email))],
      [for channel in var.alerts.channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", channel))],
    ))
    error_message = "alerts.emails must be mail addresses, alerts.channels names of existing channels: projects/PROJECT/notificationChannels/NUMBER."
  }

  validation {
    condition     = var.alerts.late_after_cadences >= 1 && var.alerts.pass_hours >= 1
    error_message = "alerts.late_after_cadences and alerts.pass_hours must be 1 or more."
  }
}

variable "bigquery" {
  description = "The dataset (default: the prefix); create = false uses one that exists. The location cannot be changed later. kms_key encrypts it with a key of yours, which terraform/project lets BigQuery use (kms_keys); readers are members (group:…, user:…, serviceAccount:…) that may query it. key_secret is for a warehouse that belongs to others, in another project: it creates a secret for their service account key and no dataset."
  type = object({
    project    = optional(string)
    create     = optional(bool, true)
    dataset    = optional(string)
    location   = optional(string, "US")
    kms_key    = optional(string)
    readers    = optional(list(string), [])
    key_secret = optional(bool, false)
  })
  default = {}

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", coalesce(var.bigquery.dataset, "dataset")))
    error_message = "bigquery.dataset may have letters, digits and underscores."
  }

  validation {
    condition     = var.bigquery.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.bigquery.kms_key))
    error_message = "bigquery.kms_key must be projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, in the dataset's location."
  }

  validation {
    condition     = alltrue([for member in var.bigquery.readers : can(regex("^(user|group|serviceAccount|domain):[^ ]+$", member))])
    error_message = "bigquery.readers must be members such as group:finance@example.com; allUsers and allAuthenticatedUsers are refused."
  }

  validation {
    condition     = var.bigquery.project == null || var.bigquery.project == var.project.id || var.bigquery.key_secret
    error_message = "A bigquery.project other than project_id needs bigquery.key_secret: this configuration gives no rights in another project."
  }
}

variable "cadence" {
  description = "How often every entity is read: catalogue (as entities.yaml says, hourly), nightly, hourly or quarter_hourly. entities overrides it for one entity."
  type        = string
  default     = "catalogue"

  validation {
    condition     = contains(["catalogue", "nightly", "hourly", "quarter_hourly"], var.cadence)
    error_message = "cadence must be catalogue, nightly, hourly or quarter_hourly."
  }
}

variable "database" {
  description = "The Firestore database as terraform/database made it: database = module.database.name."
  type        = string
  default     = "(default)"
}

variable "deployers" {
  description = "Members that may ask for an identity token of the invoker, for the smoke test after a deployment: serviceAccount:cloud-build@PROJECT.iam.gserviceaccount.com."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.deployers : can(regex("^(user|group|serviceAccount):[^ ]+$", member))])
    error_message = "deployers must be members such as serviceAccount:cloud-build@PROJECT.iam.gserviceaccount.com."
  }
}

variable "entities" {
  description = "What differs from the catalogue, by entity: enabled, the cron of schedule, reconcile_keys and reconcile_content (off: never), and late_after_hours, the age at which its data is reported."
  type = map(object({
    enabled           = optional(bool)
    schedule          = optional(string)
    reconcile_keys    = optional(string)
    reconcile_content = optional(string)
    late_after_hours  = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.entities) : contains(keys(local.catalogue), name)])
    error_message = "entities may name: ${join(", ", keys(local.catalogue))}."
  }

  validation {
    condition = alltrue(flatten([for entity in values(var.entities) : [
      for cron in compact([entity.schedule, entity.reconcile_keys, entity.reconcile_content]) :
      cron == "off" || can(regex("^[0-9*,/-]+( [0-9*,/-]+){4}$", cron))
    ]]))
    error_message = "A schedule must be a cron of five parts such as \"15 2 * * *\", or off."
  }

  validation {
    condition     = alltrue([for entity in values(var.entities) : coalesce(entity.late_after_hours, 1) >= 1])
    error_message = "late_after_hours must be 1 or more."
  }
}

variable "entities_file" {
  description = "Path of a catalogue to deploy in place of the bundled one."
  type        = string
  default     = null

  validation {
    condition     = var.entities_file == null || can(yamldecode(file(var.entities_file)))
    error_message = "entities_file must be a readable YAML file."
  }
}

variable "firestore" {
  description = "The first part of the names of the collections that state and audit are kept in (prefix; default: the prefix of all names)."
  type = object({
    prefix = optional(string)
  })
  default = {}

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,39}$", coalesce(var.firestore.prefix, "prefix")))
    error_message = "firestore.prefix must be up to 40 lower-case letters, digits and underscores, a letter first."
  }
}

variable "function" {
  description = "Size and bounds of the function. A run stops by itself after time_budget_seconds and goes on in the next call; timeout_seconds is when Google ends it. vpc_connector sends all traffic through a network of yours, for a fixed address."
  type = object({
    memory              = optional(string, "512Mi")
    cpu                 = optional(string, "1")
    max_instances       = optional(number, 10)
    timeout_seconds     = optional(number, 1800)
    time_budget_seconds = optional(number, 1500)
    ingress             = optional(string, "ALLOW_ALL")
    vpc_connector       = optional(string)
  })
  default = {}

  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi)$", var.function.memory)) && can(regex("^[1-8]$", var.function.cpu))
    error_message = "function.memory must be like 512Mi or 1Gi, and function.cpu a whole number from 1 to 8."
  }

  validation {
    condition     = var.function.max_instances >= 2 && var.function.max_instances <= 100
    error_message = "function.max_instances must be 2 to 100: one run fills an instance, and the status page needs one too."
  }

  validation {
    condition     = var.function.timeout_seconds <= 1800 && alltrue([for number in [var.function.timeout_seconds, var.function.time_budget_seconds] : floor(number) == number])
    error_message = "function.timeout_seconds and function.time_budget_seconds must be whole numbers, and the timeout must not exceed 1800: Cloud Scheduler and Cloud Tasks wait no longer than 30 minutes."
  }

  validation {
    condition     = var.function.time_budget_seconds >= 60 && var.function.timeout_seconds >= var.function.time_budget_seconds + 120
    error_message = "function.timeout_seconds must be at least function.time_budget_seconds (60 or more) plus 120 seconds for the page under way, the last write and the sign-out."
  }

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"], var.function.ingress)
    error_message = "function.ingress must be ALLOW_ALL (every caller still needs an identity), ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  }
}

variable "labels" {
  description = "Labels for everything that takes them, for the bill."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels may have lower-case letters, digits, hyphens and underscores, 63 at most."
  }
}

variable "log_level" {
  description = "Least severity of our own log lines. The alerts need INFO or DEBUG."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO"], var.log_level)
    error_message = "log_level must be DEBUG or INFO: the line of a successful run is INFO, and metrics and alerts are made of it."
  }
}

variable "notify" {
  description = "Push notifications of Acumatica as hints at POST /notify; docs/acumatica-setup.md tells how they get there. enabled makes the container of their secret; gateway makes the address that Acumatica posts to, in gateway_region (default: the region)."
  type = object({
    enabled         = optional(bool, false)
    gateway         = optional(bool, false)
    gateway_region  = optional(string)
    header          = optional(string, "X-Notify-Secret")
    queries         = optional(string, "")
    collect_seconds = optional(number, 60)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+$", var.notify.header)) && var.notify.collect_seconds >= 1 && var.notify.collect_seconds <= 3600 && floor(var.notify.collect_seconds) == var.notify.collect_seconds
    error_message = "notify.header must be the name of an HTTP header, notify.collect_seconds a whole number from 1 to 3600."
  }

  validation {
    condition     = !var.notify.gateway || var.notify.enabled && var.function.ingress == "ALLOW_ALL"
    error_message = "notify.gateway needs notify.enabled, and function.ingress ALLOW_ALL: the gateway is outside of the project's networks."
  }

  validation {
    condition     = can(regex("^([^=;]+= *[0-9A-Za-z_]+ *(; *[^=;]+= *[0-9A-Za-z_]+ *)*)?$", var.notify.queries))
    error_message = "notify.queries must be pairs of inquiry and entity: Open Bills=invoices; My Vendors=vendors."
  }
}

variable "operators" {
  description = "Members that may call the function themselves: user:…, group:…"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount):[^ ]+$", member))])
    error_message = "operators must be members such as group:erp-team@example.com; allUsers and allAuthenticatedUsers are refused."
  }
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

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.prefix))
    error_message = "prefix must be 3 to 22 lower-case letters, digits and hyphens, a letter first: the names of service accounts that begin with it may have 30."
  }
}

variable "project" {
  description = "The Google Cloud project as terraform/project found it: project = module.project."
  type = object({
    id     = string
    number = string
  })
}

variable "region" {
  description = "Region of the function, the schedule and the queue, such as europe-west1 or us-central1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone or a multi-region."
  }
}

variable "sync" {
  description = "How runs read and write: the margin for late commits, and auto, streaming or load."
  type = object({
    lookback_seconds = optional(number, 900)
    write_method     = optional(string, "auto")
  })
  default = {}

  validation {
    condition     = var.sync.lookback_seconds >= 0 && var.sync.lookback_seconds <= 86400 && floor(var.sync.lookback_seconds) == var.sync.lookback_seconds && contains(["auto", "streaming", "load"], var.sync.write_method)
    error_message = "sync.lookback_seconds must be a whole number from 0 to 86400, and sync.write_method auto, streaming or load."
  }
}

variable "time_zone" {
  description = "Time zone of every schedule, such as Etc/UTC or America/New_York."
  type        = string
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Za-z_]+(/[A-Za-z0-9_+-]+)+$", var.time_zone))
    error_message = "time_zone must be a name of the tz database, such as Europe/Berlin."
  }
}

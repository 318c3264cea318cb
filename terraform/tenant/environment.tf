# The function's environment. connector/app/settings.py reads it, and a test compares the two.
locals {
  environment = merge(
    {
      ACUMATICA_URL                = var.acumatica.url
      ACUMATICA_ENDPOINT           = var.acumatica.endpoint
      ACUMATICA_ENDPOINT_VERSION   = var.acumatica.endpoint_version
      ACUMATICA_CREDENTIALS        = "projects/${var.project.id}/secrets/${var.prefix}-credentials"
      ACUMATICA_PAGE_SIZE          = tostring(var.acumatica.page_size)
      ACUMATICA_MAX_SESSIONS       = tostring(var.acumatica.max_sessions)
      WAREHOUSE                    = "bigquery"
      BIGQUERY_PROJECT             = coalesce(var.bigquery.project, var.project.id)
      BIGQUERY_DATASET             = local.dataset
      BIGQUERY_LOCATION            = var.bigquery.location
      STATE                        = "firestore"
      FIRESTORE_PROJECT            = var.project.id
      FIRESTORE_DATABASE           = var.database
      FIRESTORE_PREFIX             = local.firestore_prefix
      SYNC_LOOKBACK_SECONDS        = tostring(var.sync.lookback_seconds)
      SYNC_TIME_BUDGET_SECONDS     = tostring(var.function.time_budget_seconds)
      SYNC_WRITE_METHOD            = var.sync.write_method
      LOG_LEVEL                    = var.log_level
      LOG_PROJECT                  = var.project.id
      LOG_FORMAT                   = "json"
      CONTINUATION_QUEUE           = "projects/${var.project.id}/locations/${var.region}/queues/${var.prefix}-continuations"
      CONTINUATION_URL             = local.function_url
      CONTINUATION_SERVICE_ACCOUNT = local.invoker_account
      NOTIFY_SECRET                = var.notify.enabled ? "projects/${var.project.id}/secrets/${var.prefix}-notify" : ""
      NOTIFY_HEADER                = var.notify.header
      NOTIFY_QUERIES               = var.notify.queries
      NOTIFY_COLLECT_SECONDS       = tostring(var.notify.collect_seconds)
      STATUS_SCHEDULES             = join("; ", local.schedule_texts)
      STATUS_TIME_ZONE             = var.time_zone
      STATUS_PAUSED                = tostring(var.paused)
      STATUS_OPERATORS             = join("; ", [for member in var.operators : trimprefix(member, "user:") if startswith(member, "user:")])
      STATUS_LATE_AFTER            = join("; ", [for name, seconds in local.late_after_seconds : "${name}=${seconds}"])
    },
    var.acumatica.max_requests_per_minute == null ? {} : {
      ACUMATICA_MAX_REQUESTS_PER_MINUTE = tostring(var.acumatica.max_requests_per_minute)
    },
    var.bigquery.key_secret ? { BIGQUERY_CREDENTIALS = "projects/${var.project.id}/secrets/${var.prefix}-bigquery-key" } : {},
    var.entities_file == null ? {} : { ENTITIES_FILE = "entities.yaml" },
  )
}

# Google ends the function after its timeout; nobody who calls it may stop waiting earlier.
locals {
  attempt_deadline = "${var.function.timeout_seconds}s"
}

# What a command line on a laptop needs of it, as commands of the shell. It starts no runs in the cloud's name and takes no
# calls, so it needs no queue and no push notifications; and its lines are for people.
locals {
  cloud_only = "^(CONTINUATION|LOG|NOTIFY)_|^ENTITIES_FILE$"

  laptop_environment = join("\n", [
    for name, value in local.environment : "export ${name}='${replace(value, "'", "'\\''")}'"
    if value != "" && length(regexall(local.cloud_only, name)) == 0
  ])
}

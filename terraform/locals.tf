# Everything that follows from the variables and the catalogue alone, without asking Google: what is deployed, when it
# runs, with which settings, and which log lines matter.

locals {
  labels = merge({ application = "acumatica-bigquery-connector", instance = var.prefix }, var.labels)

  function_name = "${var.prefix}-sync"

  runtime_account = "${var.prefix}-runtime@${var.project_id}.iam.gserviceaccount.com"
  invoker_account = "${var.prefix}-invoker@${var.project_id}.iam.gserviceaccount.com"

  # With a key, the warehouse belongs to whoever made the key.
  owns_dataset = !var.bigquery.key_secret

  # Cloud Run gives every service this address besides the one with random letters. It is known before the function
  # exists, so the function can be told its own address.
  function_url = "https://${local.function_name}-${local.project_number}.${var.region}.run.app"
}

# What is uploaded: the function, its requirements and the package, without the sandbox and the demo.
locals {
  root = "${path.module}/.."

  package_files = [
    for file in fileset(local.root, "connector/**") : file
    if !can(regex("(^|/)(__pycache__|sandbox|demo[^/]*)(/|$)", file))
  ]

  source_files = merge(
    { for file in concat(["main.py", "requirements.txt"], local.package_files) : file => "${local.root}/${file}" },
    var.entities_file == null ? {} : { "entities.yaml" = var.entities_file },
  )
}

# Which entities run, and when.
locals {
  catalogue = yamldecode(file(var.entities_file == null ? "${path.module}/../connector/entities.yaml" : var.entities_file))

  entities = {
    for name, entity in local.catalogue : name => entity
    if try(coalesce(var.entities[name].enabled), try(entity.enabled, true))
  }

  # Entities share the API sessions, so the ready-made cadences spread them evenly.
  positions = { for position, name in keys(local.entities) : name => position / length(local.entities) }

  cadences = {
    for name, entity in local.entities : name => {
      catalogue      = entity.schedule
      nightly        = "${floor(local.positions[name] * 60)} 1 * * *"
      hourly         = "${floor(local.positions[name] * 60)} * * * *"
      quarter_hourly = "${floor(local.positions[name] * 15)}-59/15 * * * *"
    }[var.cadence]
  }

  schedules = {
    for name, entity in local.entities : name => {
      incremental       = try(coalesce(var.entities[name].schedule), local.cadences[name])
      reconcile_keys    = try(coalesce(var.entities[name].reconcile_keys), try(entity.reconcile.keys, "off"))
      reconcile_content = try(coalesce(var.entities[name].reconcile_content), try(entity.reconcile.content, "off"))
    }
  }

  calls = {
    incremental       = { mode = "incremental" }
    reconcile_keys    = { mode = "reconcile", depth = "keys" }
    reconcile_content = { mode = "reconcile", depth = "content" }
  }

  jobs = merge([
    for name, schedules in local.schedules : {
      for call, schedule in schedules : "${name}-${replace(call, "_", "-")}" => {
        schedule = schedule
        body     = merge({ entity = name }, local.calls[call])
      } if schedule != "off"
    }
  ]...)
}

# How old an entity's data may be: so many times its cadence, and an hour for the run and for the hourly look at it.
# The cadence is the longest pause of its cron, guessed high where a cron is unusual.
locals {
  cron = { for name, schedules in local.schedules : name => split(" ", schedules.incremental) if schedules.incremental != "off" }

  cadence_seconds = {
    for name, cron in local.cron : name => (
      cron[4] == "1-5" ? 3 * 86400 :
      cron[2] != "*" || cron[3] != "*" ? 31 * 86400 :
      cron[4] != "*" ? 7 * 86400 :
      can(regex("/[0-9]+$", cron[1])) ? tonumber(regex("[0-9]+$", cron[1])) * 3600 :
      cron[1] != "*" ? 86400 :
      can(regex("/[0-9]+$", cron[0])) ? tonumber(regex("[0-9]+$", cron[0])) * 60 :
      3600
    )
  }

  late_after_seconds = {
    for name, seconds in local.cadence_seconds : name => (
      try(coalesce(var.entities[name].late_after_hours) * 3600, var.alerts.late_after_cadences * seconds + 3600)
    )
  }
}

# The function's environment. connector/config.py reads it, and a test compares the two.
locals {
  environment = merge(
    {
      ACUMATICA_URL                = var.acumatica.url
      ACUMATICA_ENDPOINT           = var.acumatica.endpoint
      ACUMATICA_ENDPOINT_VERSION   = var.acumatica.endpoint_version
      ACUMATICA_CREDENTIALS        = "projects/${var.project_id}/secrets/${var.prefix}-credentials"
      ACUMATICA_PAGE_SIZE          = tostring(var.acumatica.page_size)
      ACUMATICA_MAX_SESSIONS       = tostring(var.acumatica.max_sessions)
      WAREHOUSE                    = "bigquery"
      BIGQUERY_PROJECT             = coalesce(var.bigquery.project, var.project_id)
      BIGQUERY_DATASET             = var.bigquery.dataset
      BIGQUERY_LOCATION            = var.bigquery.location
      STATE                        = "firestore"
      FIRESTORE_DATABASE           = var.firestore.database
      FIRESTORE_PREFIX             = var.firestore.prefix
      SYNC_LOOKBACK_SECONDS        = tostring(var.sync.lookback_seconds)
      SYNC_TIME_BUDGET_SECONDS     = tostring(var.function.time_budget_seconds)
      SYNC_WRITE_METHOD            = var.sync.write_method
      LOG_LEVEL                    = var.log_level
      LOG_FORMAT                   = "json"
      CONTINUATION_QUEUE           = "projects/${var.project_id}/locations/${var.region}/queues/${var.prefix}-continuations"
      CONTINUATION_URL             = local.function_url
      CONTINUATION_SERVICE_ACCOUNT = local.invoker_account
    },
    var.acumatica.max_requests_per_minute == null ? {} : {
      ACUMATICA_MAX_REQUESTS_PER_MINUTE = tostring(var.acumatica.max_requests_per_minute)
    },
    var.bigquery.key_secret ? { BIGQUERY_CREDENTIALS = "projects/${var.project_id}/secrets/${var.prefix}-bigquery-key" } : {},
    var.entities_file == null ? {} : { ENTITIES_FILE = "entities.yaml" },
  )
}

# Filters over the lines that connector/logs writes; a test renders those lines and tries every filter on them.
locals {
  our_lines = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.function_name}\" AND log_id(\"run.googleapis.com/stdout\")"
  run_lines = "${local.our_lines} AND jsonPayload.event=\"run\""

  freshness_lines = "${local.our_lines} AND jsonPayload.event=\"freshness\""

  late_clauses = [
    for name, seconds in local.late_after_seconds :
    "(jsonPayload.entity=\"${name}\" AND (jsonPayload.lag_seconds>${seconds} OR (jsonPayload.never_succeeded=true AND jsonPayload.last_status=\"failed\")))"
  ]

  alert_filters = {
    run_failed       = "${local.our_lines} AND severity=ERROR AND (jsonPayload.event=\"run\" OR jsonPayload.event=\"refused\" OR jsonPayload.stack_trace:\"Traceback\")"
    entity_late      = "${local.freshness_lines} AND (${join(" OR ", local.late_clauses)})"
    records_rejected = "${local.run_lines} AND jsonPayload.records_rejected>0"
    budget_reached   = "${local.freshness_lines} AND jsonPayload.pass_seconds>${var.alerts.pass_hours * 3600}"
  }

  metrics = {
    runs = {
      filter = local.run_lines
      about  = "Runs, by how they ended"
      unit   = "1"
      value  = null
      labels = { entity = "EXTRACT(jsonPayload.entity)", mode = "EXTRACT(jsonPayload.mode)", status = "EXTRACT(jsonPayload.status)" }
    }
    records_written = {
      filter = local.run_lines
      about  = "Records written to the warehouse by a run"
      unit   = "1"
      value  = "EXTRACT(jsonPayload.records_written)"
      labels = { entity = "EXTRACT(jsonPayload.entity)" }
    }
    run_seconds = {
      filter = local.run_lines
      about  = "How long a run took"
      unit   = "s"
      value  = "EXTRACT(jsonPayload.duration_seconds)"
      labels = { entity = "EXTRACT(jsonPayload.entity)" }
    }
    lag_seconds = {
      filter = "${local.freshness_lines} AND jsonPayload.lag_seconds>=0"
      about  = "Time since an entity last succeeded"
      unit   = "s"
      value  = "EXTRACT(jsonPayload.lag_seconds)"
      labels = { entity = "EXTRACT(jsonPayload.entity)" }
    }
    dead_letters = {
      filter = local.freshness_lines
      about  = "Records that wait as dead letters"
      unit   = "1"
      value  = "EXTRACT(jsonPayload.dead_letters)"
      labels = { entity = "EXTRACT(jsonPayload.entity)" }
    }
  }

  metric_filters = {
    for name in keys(local.metrics) :
    name => "metric.type=\"logging.googleapis.com/user/${var.prefix}_${name}\" AND resource.type=\"cloud_run_revision\""
  }
}

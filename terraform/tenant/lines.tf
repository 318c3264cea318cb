# Filters over the lines that connector/logs writes; a test renders those lines and tries every filter on them.
locals {
  our_lines = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.function_name}\" AND log_id(\"run.googleapis.com/stdout\")"
  run_lines = "${local.our_lines} AND jsonPayload.event=\"run\""

  freshness_lines = "${local.our_lines} AND jsonPayload.event=\"freshness\""

  alert_filters = {
    run_failed        = "${local.our_lines} AND severity=ERROR AND (jsonPayload.event=\"run\" OR jsonPayload.event=\"refused\" OR jsonPayload.stack_trace:\"Traceback\")"
    entity_late       = "${local.freshness_lines} AND jsonPayload.is_late=true"
    reconcile_overdue = "${local.freshness_lines} AND jsonPayload.reconcile_overdue=true"
    records_rejected  = "${local.run_lines} AND jsonPayload.records_rejected>0"
    budget_reached    = "${local.freshness_lines} AND jsonPayload.pass_seconds>${var.alerts.pass_hours * 3600}"
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

# What the alerts over single lines say, and how loudly.
locals {
  # Each entity has its own incident; the same one is reported again after `quiet`.
  line_alerts = {
    run_failed = {
      title    = "run failed"
      severity = "ERROR"
      quiet    = "3600s"
      labels   = { entity = "EXTRACT(jsonPayload.entity)", error = "EXTRACT(jsonPayload.error.type)" }
      text     = "A run of $${log.extracted_label.entity} ended with $${log.extracted_label.error}: something only a person can mend. The line's message says what."
    }
    entity_late = {
      title    = "data is late"
      severity = "ERROR"
      quiet    = "21600s"
      labels   = { entity = "EXTRACT(jsonPayload.entity)" }
      text     = "$${log.extracted_label.entity} has not succeeded for longer than it may."
    }
    reconcile_overdue = {
      title    = "deletions or contents are not checked"
      severity = "WARNING"
      quiet    = "86400s"
      labels   = { entity = "EXTRACT(jsonPayload.entity)", reconcile = "EXTRACT(jsonPayload.reconcile)" }
      text     = "$${log.extracted_label.reconcile} of $${log.extracted_label.entity} has failed, or has not succeeded for longer than it may: records deleted or changed unnoticed in Acumatica may still be shown."
    }
    records_rejected = {
      title    = "records rejected"
      severity = "WARNING"
      quiet    = "86400s"
      labels   = { entity = "EXTRACT(jsonPayload.entity)" }
      text     = "A run of $${log.extracted_label.entity} could not use some records and keeps them as dead letters. The others are in the warehouse."
    }
    budget_reached = {
      title    = "time budget reached repeatedly"
      severity = "WARNING"
      quiet    = "86400s"
      labels   = { entity = "EXTRACT(jsonPayload.entity)" }
      text     = "Run after run of $${log.extracted_label.entity} uses up its time budget, and the reading is not complete after ${var.alerts.pass_hours} hours: a large first load, or Acumatica is slow."
    }
  }
}

# Metrics and alerts are made of the connector's own log lines (locals.tf has the filters). What each alert means and
# what to do about it is in docs/runbook.md.

resource "google_logging_metric" "lines" {
  for_each = local.metrics

  project         = var.project.id
  name            = "${var.prefix}_${each.key}"
  description     = each.value.about
  filter          = each.value.filter
  value_extractor = each.value.value

  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit         = each.value.unit
    display_name = each.value.about

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }

  # Buckets of factor two from 1 to about a billion: counts and seconds alike.
  dynamic "bucket_options" {
    for_each = each.value.value[*]

    content {
      exponential_buckets {
        growth_factor      = 2
        num_finite_buckets = 30
        scale              = 1
      }
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alerts.emails)

  project      = var.project.id
  display_name = "Acumatica connector (${var.prefix}): ${each.key}"
  type         = "email"
  user_labels  = local.labels
  labels       = { email_address = each.key }
}

locals {
  channels = concat(var.alerts.channels, [for channel in google_monitoring_notification_channel.email : channel.name])
}

resource "google_monitoring_alert_policy" "lines" {
  for_each = local.line_alerts

  project               = var.project.id
  display_name          = "Acumatica connector (${var.prefix}): ${each.value.title}"
  combiner              = "OR"
  enabled               = !var.paused
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title

    condition_matched_log {
      filter           = local.alert_filters[each.key]
      label_extractors = each.value.labels
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = each.value.quiet
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.text} See docs/runbook.md, section `${each.key}`."
  }
}

resource "google_monitoring_alert_policy" "silent" {
  project               = var.project.id
  display_name          = "Acumatica connector (${var.prefix}): silent"
  combiner              = "OR"
  enabled               = !var.paused
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "no call answered well for three hours"

    # Cloud Run's own count of requests: it needs nothing of ours to work.
    condition_absent {
      filter   = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.function_name}\" AND metric.labels.response_code_class=\"2xx\""
      duration = "10800s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "No call of the connector was answered well for three hours, though it is looked at every hour: the schedule does not call it, or it does not start. See docs/runbook.md, section `silent`."
  }
}

check "somebody_is_told" {
  assert {
    condition     = length(var.alerts.emails) + length(var.alerts.channels) > 0
    error_message = "Nobody is told of alerts: set alerts.emails or alerts.channels."
  }
}

check "something_runs" {
  assert {
    condition     = !var.paused
    error_message = "The schedule of ${var.prefix} stands still and its alerts are silent: take paused out once the secret has a version and the check succeeds."
  }
}

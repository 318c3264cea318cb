# Which entities run, and when.
locals {
  catalogue = yamldecode(file(var.entities_file == null ? "${path.module}/../../connector/entities.yaml" : var.entities_file))

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

  # As the status page reads them: vendors=2 * * * *; vendors/keys=12 3 * * *
  schedule_texts = flatten([
    for name, schedules in local.schedules : [
      for call, schedule in schedules : "${name}${ { incremental = "", reconcile_keys = "/keys", reconcile_content = "/content" }[call]}=${schedule}"
      if schedule != "off"
    ]
  ])

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

  # */15 pauses 15 minutes; 7-59/15 at most 7 + 15.
  pause_minutes = {
    for name, cron in local.cron : name => try(
      tonumber(regex("^[*]/([0-9]+)$", cron[0])[0]),
      sum([for part in regex("^([0-9]+)-59/([0-9]+)$", cron[0]) : tonumber(part)]),
      60,
    )
  }

  cadence_seconds = {
    for name, cron in local.cron : name => (
      cron[4] == "1-5" ? 3 * 86400 :
      cron[3] != "*" ? 366 * 86400 :
      cron[2] != "*" ? 62 * 86400 :
      cron[4] != "*" ? 7 * 86400 :
      can(regex("^[*]/[0-9]+$", cron[1])) ? tonumber(regex("[0-9]+$", cron[1])) * 3600 :
      cron[1] != "*" ? 86400 :
      min(local.pause_minutes[name], 60) * 60
    )
  }

  late_after_seconds = {
    for name, seconds in local.cadence_seconds : name => (
      try(coalesce(var.entities[name].late_after_hours) * 3600, var.alerts.late_after_cadences * seconds + 3600)
    )
  }
}

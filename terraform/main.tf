# One tenant in a project. Several in one project: examples/several-tenants.

module "project" {
  source = "./project"

  kms_keys   = { for key in [try(var.bigquery.kms_key, null)] : "bigquery" => key if key != null }
  project_id = var.project_id
}

module "database" {
  source = "./database"

  firestore  = var.firestore
  prefixes   = [coalesce(try(var.firestore.prefix, null), var.prefix)]
  project_id = module.project.id
  region     = var.region
}

module "tenant" {
  source = "./tenant"

  acumatica     = var.acumatica
  alerts        = var.alerts
  bigquery      = var.bigquery
  cadence       = var.cadence
  database      = module.database.name
  deployers     = var.deployers
  entities      = var.entities
  entities_file = var.entities_file
  firestore     = var.firestore
  function      = var.function
  labels        = var.labels
  log_level     = var.log_level
  notify        = var.notify
  operators     = var.operators
  paused        = var.paused
  prefix        = var.prefix
  project       = module.project
  region        = var.region
  sync          = var.sync
  time_zone     = var.time_zone
}

module "gateway" {
  source = "./gateway"
  count  = try(var.notify.gateway, false) ? 1 : 0

  function = { name = module.tenant.function, region = var.region, url = module.tenant.function_url }
  header   = try(var.notify.header, "X-Notify-Secret")
  labels   = module.tenant.labels
  prefix   = var.prefix
  project  = module.project
  region   = try(var.notify.gateway_region, null)
}

# One tenant in a project. Several in one project: examples/several-tenants.

module "project" {
  source = "./project"

  project_id = var.project_id
}

module "database" {
  source = "./database"

  firestore  = var.firestore
  prefixes   = [module.tenant.firestore_prefix]
  project_id = module.project.id
  region     = var.region
}

module "tenant" {
  source = "./tenant"

  acumatica     = var.acumatica
  alerts        = var.alerts
  bigquery      = var.bigquery
  cadence       = var.cadence
  deployers     = var.deployers
  entities      = var.entities
  entities_file = var.entities_file
  firestore     = merge(var.firestore, { database = module.database.name })
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

# Three companies in one project: one function, schedule, secret and dataset each, one Firestore database together.
# Copy this folder's files into the root of a configuration of your own, or run Terraform here.

locals {
  # By name. Each is given the prefix erp-NAME, from which every name of its own follows. Its schedule stands still and its
  # alerts are silent until its secret holds the credentials and its check succeeded: then take `paused = true` out.
  tenants = {
    north = { url = "https://erp.example.com/North", paused = true }
    south = { url = "https://erp.example.com/South", paused = true }
    west  = { url = "https://west.example.com/Books", paused = true }
  }

  prefixes = { for name in keys(local.tenants) : name => "erp-${name}" }
}

module "project" {
  source = "../../project"

  project_id = var.project_id
}

module "database" {
  source = "../../database"

  prefixes   = values(local.prefixes)
  project_id = module.project.id
  region     = var.region
}

module "tenant" {
  source   = "../../tenant"
  for_each = local.tenants

  acumatica = { url = each.value.url }
  alerts    = { emails = var.emails }
  bigquery  = { location = var.location }
  database  = module.database.name
  paused    = try(each.value.paused, false)
  prefix    = local.prefixes[each.key]
  project   = module.project
  region    = var.region
}

module "united" {
  source = "../../united"
  count  = length(var.united_views) > 0 ? 1 : 0

  dataset  = "erp_all"
  location = var.location
  project  = module.project
  tenants  = { for name, tenant in module.tenant : name => tenant.dataset }
  views    = var.united_views
}

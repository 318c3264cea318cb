# Three companies in one project: one function, schedule, secret and dataset each, one Firestore database together.
# Copy this folder's files into the root of a configuration of your own, or run Terraform here.

locals {
  tenants = {
    north = { url = "https://erp.example.com/North", location = "EU" }
    south = { url = "https://erp.example.com/South", location = "EU" }
    west  = { url = "https://west.example.com/Books", location = "US" }
  }
}

module "project" {
  source = "../../project"

  project_id = var.project_id
}

module "database" {
  source = "../../database"

  prefixes   = [for tenant in module.tenant : tenant.firestore_prefix]
  project_id = module.project.id
  region     = var.region
}

module "tenant" {
  source   = "../../tenant"
  for_each = local.tenants

  acumatica = { url = each.value.url }
  alerts    = { emails = var.emails }
  bigquery  = { location = each.value.location }
  firestore = { database = module.database.name }
  paused    = contains(var.paused, each.key)
  prefix    = "erp-${each.key}"
  project   = module.project
  region    = var.region
}

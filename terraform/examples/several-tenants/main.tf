# Three companies in one project: one function, schedule, secret and dataset each, one Firestore database together.
# Run Terraform here, or copy the files into a configuration of your own and let each `source` lead to this repository.

locals {
  # By name. Each is given the prefix erp-NAME, from which every name of its own follows. Its schedule stands still and its
  # alerts are silent until its secret holds the credentials and its check succeeded: then take `paused = true` out. A line may
  # also have `readers = ["group:…"]`, who may query its dataset.
  tenants = {
    north = { url = "https://erp.example.com/North", paused = true }
    south = { url = "https://erp.example.com/South", paused = true }
    west  = { url = "https://west.example.com/Books", paused = true }
  }

  prefixes = { for name in keys(local.tenants) : name => "erp-${name}" }
}

module "project" {
  source = "../../project"

  kms_keys   = { for key in var.kms_key[*] : "bigquery" => key }
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
  bigquery  = { kms_key = var.kms_key, location = var.location, readers = try(each.value.readers, []) }
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
  kms_key  = var.kms_key
  location = var.location
  project  = module.project
  readers  = var.united_readers
  tenants  = { for name, tenant in module.tenant : name => { dataset = tenant.dataset, members = tenant.dataset_members } }
  views    = var.united_views
}

# Names, and what is uploaded. This file, catalogue.tf, charts.tf, environment.tf and lines.tf hold what follows from the
# variables and the catalogue alone, without asking Google: the tests evaluate them with Terraform itself.

locals {
  labels = merge({ application = "acumatica-bigquery-connector", instance = var.prefix }, var.labels)

  function_name = "${var.prefix}-sync"

  runtime_account = "${var.prefix}-runtime@${var.project.id}.iam.gserviceaccount.com"
  invoker_account = "${var.prefix}-invoker@${var.project.id}.iam.gserviceaccount.com"

  # With a key, the warehouse belongs to whoever made the key.
  owns_dataset  = !var.bigquery.key_secret
  makes_dataset = local.owns_dataset && var.bigquery.create

  # Neither BigQuery nor the names of collections allow a hyphen.
  dataset          = coalesce(var.bigquery.dataset, replace(var.prefix, "-", "_"))
  firestore_prefix = coalesce(var.firestore.prefix, replace(var.prefix, "-", "_"))

  # Cloud Run gives every service this address besides the one with random letters. It is known before the function
  # exists, so the function can be told its own address.
  function_url = "https://${local.function_name}-${var.project.number}.${var.region}.run.app"
}

# What is uploaded: the function, its requirements and the package.
locals {
  root          = "${path.module}/../.."
  package_files = fileset(local.root, "connector/**/*.{css,html,py,yaml}")

  source_files = merge(
    { for file in setunion(["main.py", "requirements.txt"], local.package_files) : file => "${local.root}/${file}" },
    var.entities_file == null ? {} : { "entities.yaml" = var.entities_file },
  )
}

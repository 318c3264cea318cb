# How Firestore indexes the documents of connector/adapters/firestore; a test compares the two.
locals {
  prefixes = [for prefix in var.prefixes : replace(prefix, "-", "_")]

  # Firestore indexes every field unless told not to: each index entry is written and stored, and none of these is ever
  # asked for.
  fields_without_index_by_prefix = merge([
    for prefix in local.prefixes : {
      "${prefix}_streams"      = ["checkpoints", "contract", "edge", "suspects", "suspects_at"]
      "${prefix}_dead_letters" = ["payload", "reason"]
    }
  ]...)

  # Sub-collections have no prefix, so these count for the whole database, whoever's documents they are.
  shared_fields_without_index = {
    "parts" = ["piece"]
    "pages" = [
      "entity", "mode", "number", "outcomes", "part", "parts", "reasons", "recorded_at", "run_id", "versions",
    ]
  }

  fields_without_index = merge(
    local.fields_without_index_by_prefix,
    var.firestore.shared_settings ? local.shared_fields_without_index : {},
  )

  # A record's trail is found by its id or its key, over the pages of all runs.
  fields_with_array_index = var.firestore.shared_settings ? toset(["keys", "record_ids"]) : toset([])

  # Runs are found by their entity, and in the order in which they were closed.
  run_fields_with_index = merge([
    for prefix in local.prefixes : {
      for field in ["entity", "entity_closed_at", "kind_closed_at", "kind_succeeded_at"] :
      "${prefix}_runs.${field}" => { collection = "${prefix}_runs", field = field }
    }
  ]...)

  collections_that_expire = toset(concat(
    flatten([for prefix in local.prefixes : ["${prefix}_notifications", "${prefix}_runs"]]),
    var.firestore.shared_settings ? ["pages"] : [],
  ))
}

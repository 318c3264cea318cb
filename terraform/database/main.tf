resource "google_firestore_database" "state" {
  count = var.firestore.create ? 1 : 0

  project                 = var.project_id
  name                    = var.firestore.database
  location_id             = coalesce(var.firestore.location, var.region)
  type                    = "FIRESTORE_NATIVE"
  concurrency_mode        = "OPTIMISTIC"
  delete_protection_state = "DELETE_PROTECTION_ENABLED"
  deletion_policy         = "ABANDON"

  # State can be rebuilt from Acumatica and the warehouse, so there is nothing to pay for restoring it.
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED"
}

resource "google_firestore_field" "without_index" {
  for_each = merge([
    for collection, fields in local.fields_without_index : {
      for field in fields : "${collection}.${field}" => { collection = collection, field = field }
    }
  ]...)

  project    = var.project_id
  database   = var.firestore.database
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  depends_on = [google_firestore_database.state]
}

resource "google_firestore_field" "array_index" {
  for_each = local.fields_with_array_index

  project    = var.project_id
  database   = var.firestore.database
  collection = "pages"
  field      = each.key

  index_config {
    indexes {
      array_config = "CONTAINS"
      query_scope  = "COLLECTION_GROUP"
    }
  }

  depends_on = [google_firestore_database.state]
}

resource "google_firestore_field" "run_searched" {
  for_each = local.run_fields_with_index

  project    = var.project_id
  database   = var.firestore.database
  collection = each.value.collection
  field      = each.value.field

  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
    indexes {
      order       = "DESCENDING"
      query_scope = "COLLECTION"
    }
  }

  depends_on = [google_firestore_database.state]
}

# Of the run's other figures, some thirty of them, none is ever searched for.
resource "google_firestore_field" "run_default" {
  for_each = toset([for prefix in local.prefixes : "${prefix}_runs"])

  project    = var.project_id
  database   = var.firestore.database
  collection = each.key
  field      = "*"

  index_config {}

  depends_on = [google_firestore_database.state, google_firestore_field.run_searched]
}

resource "google_firestore_field" "expiry" {
  for_each = local.collections_that_expire

  project    = var.project_id
  database   = var.firestore.database
  collection = each.key
  field      = "expires_at"

  ttl_config {}

  index_config {}

  depends_on = [google_firestore_database.state]
}

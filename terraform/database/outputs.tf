output "name" {
  description = "The database, once it is there with its settings."
  value       = var.firestore.create ? google_firestore_database.state[0].name : var.firestore.database

  depends_on = [
    google_firestore_field.array_index,
    google_firestore_field.expiry,
    google_firestore_field.run_default,
    google_firestore_field.run_searched,
    google_firestore_field.without_index,
  ]
}

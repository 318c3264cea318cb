# How Firestore indexes the documents of connector/adapters/firestore; a test compares the two.
locals {
  # Firestore indexes every field unless told not to: each index entry is written and stored, and none of these is ever
  # asked for. Sub-collections have no prefix, so `pages` and `parts` count for the whole database.
  fields_without_index = {
    "${var.firestore.prefix}_streams"      = ["checkpoints", "contract", "edge", "suspects"]
    "${var.firestore.prefix}_dead_letters" = ["payload", "reason"]
    "parts"                                = ["piece"]
    "pages" = [
      "entity", "mode", "number", "outcomes", "part", "parts", "reasons", "recorded_at", "run_id", "versions",
    ]
  }

  # A record's trail is found by its id or its key, over the pages of all runs.
  fields_with_array_index = toset(["keys", "record_ids"])

  collections_that_expire = toset(["${var.firestore.prefix}_notifications", "${var.firestore.prefix}_runs", "pages"])
}

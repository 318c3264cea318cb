"""The warehouse in BigQuery: tables and views by its client library, rows as the bytes they are."""

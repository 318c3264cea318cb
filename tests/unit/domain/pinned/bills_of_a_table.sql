SELECT
  `type`,
  `reference_nbr`,
  `amount`,
  `rate`,
  `lines`,
  `hold`,
  `due_date`,
  `created_at`,
  `details`,
  `tax_details`,
  `_id`,
  `_modified_at`,
  `_version`,
  `_synced_at`,
  `_run_id`,
  `_extra`
FROM {dataset}.`bills_current`
WHERE NOT `_deleted`

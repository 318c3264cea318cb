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
FROM {dataset}.`bills_log`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`) = 1 AND NOT `_deleted`

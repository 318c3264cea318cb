SELECT
  `type`,
  `reference_nbr`,
  `amount`,
  `rate`,
  `lines`,
  `hold`,
  `due_date`,
  `created_at`,
  `_id`,
  `_modified_at`,
  `_version`,
  `_deleted`,
  `_synced_at`,
  `_run_id`,
  `_extra`
FROM {dataset}.`bills_log`
WHERE CAST(`reference_nbr` AS STRING) = @key_0 AND CAST(`amount` AS STRING) = @key_1
ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC

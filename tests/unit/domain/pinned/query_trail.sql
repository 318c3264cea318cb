SELECT
  `type`,
  `reference_nbr`,
  `_id`,
  `_modified_at`,
  `_version`,
  `_deleted`,
  `_synced_at`,
  `_run_id`
FROM {dataset}.`bills_log`
WHERE `_id` = @record_id
ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC

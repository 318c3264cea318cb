SELECT
  `type`,
  `reference_nbr`,
  `_id`,
  `_modified_at`,
  `_version`,
  `_deleted`,
  `_synced_at`,
  `_run_id`,
  `_extra`
FROM {dataset}.`bills_log`
WHERE `_id` = @key_0
ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC

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
WHERE `_id` = @record_id AND (
  (`_synced_at` >= TIMESTAMP '2026-01-01 00:00:00+00' AND `_synced_at` < TIMESTAMP '2026-01-02 00:00:00+00') OR (`_synced_at` >= TIMESTAMP '2026-02-28 00:00:00+00' AND `_synced_at` < TIMESTAMP '2026-03-01 00:00:00+00')
)
ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC

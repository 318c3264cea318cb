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
FROM (
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
  `_extra`,
  `_deleted`,
  CAST(NULL AS TIMESTAMP) AS `_read_at`,
  CAST(NULL AS STRING) AS `_content`
FROM {dataset}.`bills_current`
UNION ALL
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
  `_extra`,
  `_deleted`,
  `_synced_at`,
  `_version`
FROM {dataset}.`bills_log`
WHERE `_synced_at` >= {since}
)
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_read_at` DESC NULLS LAST, `_content` DESC NULLS LAST, `_deleted`) = 1 AND NOT `_deleted`

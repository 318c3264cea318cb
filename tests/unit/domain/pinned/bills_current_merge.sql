MERGE {dataset}.`bills_current` AS `_kept`
USING (
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
  `_deleted`,
  `_synced_at`,
  `_run_id`,
  `_extra`
FROM {dataset}.`bills_log`
WHERE `_synced_at` >= CAST(@since AS TIMESTAMP)
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`) = 1
) AS `_newest`
ON `_kept`.`_id` = `_newest`.`_id`
WHEN MATCHED AND (COALESCE(`_newest`.`_modified_at`, TIMESTAMP '0001-01-01 00:00:00+00') > COALESCE(`_kept`.`_modified_at`, TIMESTAMP '0001-01-01 00:00:00+00') OR (COALESCE(`_newest`.`_modified_at`, TIMESTAMP '0001-01-01 00:00:00+00') = COALESCE(`_kept`.`_modified_at`, TIMESTAMP '0001-01-01 00:00:00+00') AND (
    `_newest`.`_synced_at` > `_kept`.`_synced_at` OR (`_newest`.`_synced_at` = `_kept`.`_synced_at` AND (
      `_newest`.`_version` > `_kept`.`_version` OR (`_newest`.`_version` = `_kept`.`_version`
        AND (`_kept`.`_deleted` OR NOT `_newest`.`_deleted`))))))) THEN UPDATE SET
  `type` = `_newest`.`type`,
  `reference_nbr` = `_newest`.`reference_nbr`,
  `amount` = `_newest`.`amount`,
  `rate` = `_newest`.`rate`,
  `lines` = `_newest`.`lines`,
  `hold` = `_newest`.`hold`,
  `due_date` = `_newest`.`due_date`,
  `created_at` = `_newest`.`created_at`,
  `details` = `_newest`.`details`,
  `tax_details` = `_newest`.`tax_details`,
  `_id` = `_newest`.`_id`,
  `_modified_at` = `_newest`.`_modified_at`,
  `_version` = `_newest`.`_version`,
  `_deleted` = `_newest`.`_deleted`,
  `_synced_at` = `_newest`.`_synced_at`,
  `_run_id` = `_newest`.`_run_id`,
  `_extra` = `_newest`.`_extra`
WHEN NOT MATCHED THEN INSERT (`type`, `reference_nbr`, `amount`, `rate`, `lines`, `hold`, `due_date`, `created_at`, `details`, `tax_details`, `_id`, `_modified_at`, `_version`, `_deleted`, `_synced_at`, `_run_id`, `_extra`)
VALUES (`_newest`.`type`, `_newest`.`reference_nbr`, `_newest`.`amount`, `_newest`.`rate`, `_newest`.`lines`, `_newest`.`hold`, `_newest`.`due_date`, `_newest`.`created_at`, `_newest`.`details`, `_newest`.`tax_details`, `_newest`.`_id`, `_newest`.`_modified_at`, `_newest`.`_version`, `_newest`.`_deleted`, `_newest`.`_synced_at`, `_newest`.`_run_id`, `_newest`.`_extra`)

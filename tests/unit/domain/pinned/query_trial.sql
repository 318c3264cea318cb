WITH `bills_log` AS (
SELECT
  CAST(NULL AS STRING) AS `type`,
  CAST(NULL AS STRING) AS `reference_nbr`,
  CAST(NULL AS NUMERIC) AS `amount`,
  CAST(NULL AS FLOAT64) AS `rate`,
  CAST(NULL AS INT64) AS `lines`,
  CAST(NULL AS BOOL) AS `hold`,
  CAST(NULL AS DATE) AS `due_date`,
  CAST(NULL AS TIMESTAMP) AS `created_at`,
  CAST(NULL AS ARRAY<STRUCT<`_id` STRING, `_position` INT64, `account` STRING, `amount` NUMERIC, `allocations` ARRAY<STRUCT<`lot` STRING, `quantity` NUMERIC>>>>) AS `details`,
  CAST(NULL AS ARRAY<STRUCT<`_id` STRING, `_position` INT64, `tax_id` STRING, `amount` NUMERIC>>) AS `tax_details`,
  CAST(NULL AS STRING) AS `_id`,
  CAST(NULL AS TIMESTAMP) AS `_modified_at`,
  CAST(NULL AS STRING) AS `_version`,
  CAST(NULL AS BOOL) AS `_deleted`,
  CAST(NULL AS TIMESTAMP) AS `_synced_at`,
  CAST(NULL AS STRING) AS `_run_id`,
  CAST(NULL AS JSON) AS `_extra`
LIMIT 0
),
`bills` AS (
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
FROM `bills_log`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`) = 1 AND NOT `_deleted`
),
`bill_lines` AS (
SELECT
  `_record`.`type` AS `type`,
  `_record`.`reference_nbr` AS `reference_nbr`,
  `_line`.`account` AS `account`,
  `_line`.`amount` AS `amount`,
  `_line`.`allocations` AS `allocations`,
  `_record`.`_id` AS `_parent_id`,
  `_line`.`_id` AS `_id`,
  `_line`.`_position` AS `_position`,
  `_record`.`_synced_at` AS `_synced_at`,
  `_record`.`_run_id` AS `_run_id`
FROM `bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`details`) AS `_line`
),
`bill_parts` AS (
SELECT
  `_record`.`type` AS `type`,
  `_record`.`reference_nbr` AS `reference_nbr`,
  `_record`.`amount` AS `bill_amount`,
  `_record`.`rate` AS `rate`,
  `_record`.`lines` AS `lines`,
  `_record`.`hold` AS `hold`,
  `_record`.`due_date` AS `due_date`,
  `_record`.`created_at` AS `created_at`,
  `_line`.`account` AS `account`,
  `_line`.`amount` AS `amount`,
  `_line`.`allocations` AS `allocations`,
  NULL AS `tax_id`,
  'Details' AS `_detail`,
  `_record`.`_id` AS `_parent_id`,
  `_line`.`_id` AS `_id`,
  `_line`.`_position` AS `_position`,
  `_record`.`_synced_at` AS `_synced_at`,
  `_record`.`_run_id` AS `_run_id`
FROM `bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`details`) AS `_line`
UNION ALL
SELECT
  `_record`.`type` AS `type`,
  `_record`.`reference_nbr` AS `reference_nbr`,
  `_record`.`amount` AS `bill_amount`,
  `_record`.`rate` AS `rate`,
  `_record`.`lines` AS `lines`,
  `_record`.`hold` AS `hold`,
  `_record`.`due_date` AS `due_date`,
  `_record`.`created_at` AS `created_at`,
  NULL AS `account`,
  `_line`.`amount` AS `amount`,
  CAST(NULL AS ARRAY<STRUCT<`lot` STRING, `quantity` NUMERIC>>) AS `allocations`,
  `_line`.`tax_id` AS `tax_id`,
  'TaxDetails' AS `_detail`,
  `_record`.`_id` AS `_parent_id`,
  `_line`.`_id` AS `_id`,
  `_line`.`_position` AS `_position`,
  `_record`.`_synced_at` AS `_synced_at`,
  `_record`.`_run_id` AS `_run_id`
FROM `bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`tax_details`) AS `_line`
),
`bills_history` AS (
WITH placed AS (
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
  ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC) AS `_place`
FROM `bills_log`
),
compared AS (
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
  `_place`,
  CASE
    WHEN `_deleted` OR `_modified_at` IS NULL THEN `_synced_at`
    WHEN `_modified_at` = LAG(`_modified_at`) OVER (PARTITION BY `_id` ORDER BY `_place`) THEN `_synced_at`
    ELSE `_modified_at`
  END AS `_noticed_at`,
  LAG(`_version`) OVER (PARTITION BY `_id` ORDER BY `_place`) IS DISTINCT FROM `_version` OR LAG(`_deleted`) OVER (PARTITION BY `_id` ORDER BY `_place`) IS DISTINCT FROM `_deleted` AS `_begins`,
  LEAD(`_version`) OVER (PARTITION BY `_id` ORDER BY `_place`) IS DISTINCT FROM `_version` OR LEAD(`_deleted`) OVER (PARTITION BY `_id` ORDER BY `_place`) IS DISTINCT FROM `_deleted` AS `_ends`
FROM placed
),
timed AS (
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
  `_place`,
  `_begins`,
  `_ends`,
  MIN(`_noticed_at`) OVER (PARTITION BY `_id` ORDER BY `_place` ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS `_since`
FROM compared
)
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
  MAX(IF(`_begins`, `_since`, NULL)) OVER (PARTITION BY `_id` ORDER BY `_place` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `valid_from`,
  LEAD(`_since`) OVER (PARTITION BY `_id` ORDER BY `_place`) AS `valid_to`,
  LEAD(`_since`) OVER (PARTITION BY `_id` ORDER BY `_place`) IS NULL AS `is_current`,
  IFNULL(LOGICAL_AND(`_deleted`) OVER (PARTITION BY `_id` ORDER BY `_place` ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), FALSE) AS `is_deleted`,
  IF(LEAD(`_deleted`) OVER (PARTITION BY `_id` ORDER BY `_place`), LEAD(`_since`) OVER (PARTITION BY `_id` ORDER BY `_place`), NULL) AS `deleted_at`
FROM timed
WHERE TRUE
QUALIFY `_ends` AND NOT `_deleted`
)
SELECT COUNT(*) FROM `bills`
UNION ALL
SELECT COUNT(*) FROM `bill_lines`
UNION ALL
SELECT COUNT(*) FROM `bill_parts`
UNION ALL
SELECT COUNT(*) FROM `bills_history`

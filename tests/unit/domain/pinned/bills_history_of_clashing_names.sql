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
  `valid_to`,
  `is_current`,
  `_id`,
  `_modified_at`,
  `_version`,
  `_synced_at`,
  `_run_id`,
  `_extra`,
  `_deleted`,
  ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` NULLS FIRST, `_synced_at`, `_version`, `_deleted` DESC) AS `_place`
FROM {dataset}.`bills_log`
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
  `valid_to`,
  `is_current`,
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
  `valid_to`,
  `is_current`,
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
  `valid_to` AS `field_valid_to`,
  `is_current` AS `field_is_current`,
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

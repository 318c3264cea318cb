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
`bills_current` AS (
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
FROM `bills_current`
WHERE NOT `_deleted`
)
SELECT COUNT(*) FROM `bills`

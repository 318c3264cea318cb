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
FROM {dataset}.`bills` AS `_record`
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
FROM {dataset}.`bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`tax_details`) AS `_line`

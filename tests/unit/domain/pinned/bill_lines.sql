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
FROM {dataset}.`bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`details`) AS `_line`

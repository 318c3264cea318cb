SELECT
  CAST(`_line`.`x` AS STRING) AS `x`,
  TIMESTAMP(`_line`.`y`, 'UTC') AS `y`,
  TO_JSON_STRING(`_line`.`z`) AS `z`,
  TO_JSON_STRING(`_line`.`lots`) AS `lots`,
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
  IF(STRPOS(CAST(`_line`.`x` AS STRING), '.') > 0, RTRIM(RTRIM(CAST(`_line`.`x` AS STRING), '0'), '.'), CAST(`_line`.`x` AS STRING)) AS `x`,
  `_line`.`y` AS `y`,
  `_line`.`z` AS `z`,
  `_line`.`lots` AS `lots`,
  'TaxDetails' AS `_detail`,
  `_record`.`_id` AS `_parent_id`,
  `_line`.`_id` AS `_id`,
  `_line`.`_position` AS `_position`,
  `_record`.`_synced_at` AS `_synced_at`,
  `_record`.`_run_id` AS `_run_id`
FROM {dataset}.`bills` AS `_record`
CROSS JOIN UNNEST(`_record`.`tax_details`) AS `_line`

SELECT DISTINCT `_id`
FROM {dataset}.`bills_log`
WHERE CAST(`reference_nbr` AS STRING) = @key_0 AND CAST(`amount` AS STRING) = @key_1
ORDER BY `_id`

SELECT DISTINCT EXTRACT(DATE FROM `_synced_at` AT TIME ZONE 'UTC') AS `_day`
FROM {dataset}.`bills_log`
WHERE `_id` = @record_id

SELECT `_id`
FROM {dataset}.`bills_log`
WHERE `_synced_at` >= CAST(@since AS TIMESTAMP) AND NOT `_deleted`
GROUP BY `_id`
HAVING COUNT(DISTINCT `type`) > 1 OR COUNT(DISTINCT `reference_nbr`) > 1
ORDER BY `_id`
LIMIT 20

SELECT `_id`, `_modified_at`, `_version`, SAFE_CAST(`last_modified` AS TIMESTAMP) AS `_own_stamp`, `_synced_at`, `_deleted`,
  MIN(`_synced_at`) OVER (PARTITION BY `_id`) AS `_first_synced_at`
FROM {dataset}.`bills_log`
WHERE `_id` IN (@id_0, @id_1)
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`) = 1
ORDER BY `_id`

SELECT `_id`, `_modified_at`, `_version`, NULLIF(CAST(NULL AS TIMESTAMP), `_modified_at`) AS `_own_stamp`
FROM {dataset}.`bills_log`
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY `_id` ORDER BY `_modified_at` DESC NULLS LAST, `_synced_at` DESC, `_version` DESC, `_deleted`) = 1 AND NOT `_deleted`
ORDER BY `_id`

# Tenants need not have the same columns: what one lacks is NULL there.
locals {
  queries = {
    for view in var.views : view => join("\nFULL UNION ALL BY NAME\n", [
      for tenant, dataset in var.tenants : "SELECT '${tenant}' AS `tenant`, * FROM `${var.project.id}.${dataset}.${view}`"
    ])
  }
}

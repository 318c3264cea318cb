# Tenants need not have the same columns: what one lacks is NULL there.
locals {
  queries = {
    for view in var.views : view => join("\nFULL UNION ALL BY NAME\n", [
      for name, tenant in var.tenants : "SELECT '${name}' AS `tenant`, * FROM `${var.project.id}.${tenant.dataset}.${view}`"
    ])
  }
}

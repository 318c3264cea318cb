output "tenants" {
  description = "Of each tenant: how to store its credentials, try it, look at it and query it."
  value = {
    for name, tenant in module.tenant : name => {
      add_credentials = tenant.add_credentials
      check           = tenant.check
      dataset         = tenant.dataset
      environment     = tenant.environment
      open_status     = tenant.open_status
      status          = tenant.status
    }
  }
}

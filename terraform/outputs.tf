output "add_credentials" {
  description = "Stores the Acumatica credentials (a JSON file on your machine) where the function reads them."
  value       = module.tenant.add_credentials
}

output "check" {
  description = "Tries every system and every entity, and writes nothing."
  value       = module.tenant.check
}

output "dashboard" {
  description = "Where the runs can be watched."
  value       = module.tenant.dashboard
}

output "dataset" {
  description = "The dataset."
  value       = module.tenant.dataset
}

output "environment" {
  description = "What the command line needs to look at this deployment from a laptop."
  value       = module.tenant.environment
}

output "function" {
  description = "Name of the function and of its service."
  value       = module.tenant.function
}

output "function_url" {
  description = "Address of the function; no call without an identity is answered."
  value       = module.tenant.function_url
}

output "invoker" {
  description = "Identity that calls the function."
  value       = module.tenant.invoker
}

output "notify_address" {
  description = "Where Acumatica's push destination posts to; null without notify.gateway."
  value       = one(module.gateway[*].address)
}

output "open_status" {
  description = "Opens the status page to a browser on your machine, at http://127.0.0.1:8080/, until it is ended."
  value       = module.tenant.open_status
}

output "run_now" {
  description = "Runs one entity now, and shows the answer."
  value       = module.tenant.run_now
}

output "run_scheduled" {
  description = "Runs one scheduled job now, without waiting for the answer."
  value       = module.tenant.run_scheduled
}

output "secret" {
  description = "The secret that holds the Acumatica credentials."
  value       = module.tenant.secret
}

output "status" {
  description = "How every entity stands."
  value       = module.tenant.status
}

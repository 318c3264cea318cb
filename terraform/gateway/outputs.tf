output "address" {
  description = "Where Acumatica's push destination posts to."
  value       = "https://${google_api_gateway_gateway.notify.default_hostname}/notify"
}

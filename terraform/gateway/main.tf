# The door for Acumatica's push notifications, which cannot sign in to Google: it passes POST /notify alone, in the name of an
# account that may invoke the function. These resources are in the provider google-beta only.

resource "google_project_service" "apis" {
  for_each = toset(["apigateway.googleapis.com", "servicecontrol.googleapis.com", "servicemanagement.googleapis.com"])

  project            = var.project.id
  service            = each.key
  disable_on_destroy = false
}

resource "google_service_account" "gateway" {
  project      = var.project.id
  account_id   = "${var.prefix}-notify"
  display_name = "Acumatica connector (${var.prefix}): push notifications"
  description  = "Calls the function for the gateway, and may do nothing else."
}

resource "google_cloud_run_v2_service_iam_member" "gateway_calls" {
  project  = var.project.id
  location = var.function.region
  name     = var.function.name
  role     = "roles/run.invoker"
  member   = google_service_account.gateway.member
}

resource "google_api_gateway_api" "notify" {
  provider = google-beta

  project = var.project.id
  api_id  = "${var.prefix}-notify"
  labels  = var.labels

  depends_on = [google_project_service.apis]
}

locals {
  definition = replace(replace(file("${path.module}/notify.yaml"), "FUNCTION_URL", var.function.url), "X-Notify-Secret", var.header)
}

# A configuration is never changed: another definition is another one, and the gateway goes over to it.
resource "google_api_gateway_api_config" "notify" {
  provider = google-beta

  project       = var.project.id
  api           = google_api_gateway_api.notify.api_id
  api_config_id = "${var.prefix}-notify-${substr(sha256("${local.definition}${google_service_account.gateway.email}"), 0, 8)}"
  labels        = var.labels

  openapi_documents {
    document {
      path     = "notify.yaml"
      contents = base64encode(local.definition)
    }
  }

  gateway_config {
    backend_config {
      google_service_account = google_service_account.gateway.email
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_api_gateway_gateway" "notify" {
  provider = google-beta

  project    = var.project.id
  region     = coalesce(var.region, var.function.region)
  gateway_id = "${var.prefix}-notify"
  api_config = google_api_gateway_api_config.notify.id
  labels     = var.labels
}

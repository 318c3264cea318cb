data "archive_file" "function" {
  type             = "zip"
  output_path      = "${path.root}/.terraform/${local.function_name}.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = local.source_files

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket" "source" {
  project                     = var.project.id
  name                        = "${var.project.id}-${var.prefix}-source"
  location                    = var.region
  force_destroy               = true
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  labels                      = local.labels

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
    }
  }
}

resource "google_storage_bucket_object" "function" {
  bucket = google_storage_bucket.source.name
  name   = "function-${data.archive_file.function.output_md5}.zip"
  source = data.archive_file.function.output_path
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Cloud Functions hands the source over in a bucket of its own making.
resource "google_project_iam_member" "build_reads_copy" {
  project = var.project.id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "copies-of-the-source"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${var.project.number}-${var.region}\")"
  }
}

resource "google_project_iam_member" "build_writes_logs" {
  project = var.project.id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project.id
  location      = var.region
  repository_id = "${var.prefix}-images"
  description   = "Images of the connector's function"
  format        = "DOCKER"
  labels        = local.labels

  cleanup_policies {
    id     = "keep-the-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "delete-older-ones"
    action = "DELETE"
    condition {
      older_than = "604800s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build_writes_images" {
  project    = var.project.id
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_cloudfunctions2_function" "sync" {
  project     = var.project.id
  location    = var.region
  name        = local.function_name
  description = "Copies Acumatica finance data to BigQuery, one entity a call"
  labels      = local.labels

  build_config {
    runtime           = "python313"
    entry_point       = "sync"
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    automatic_update_policy {}

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.function.name
      }
    }
  }

  service_config {
    available_cpu                    = var.function.cpu
    available_memory                 = var.function.memory
    max_instance_count               = var.function.max_instances
    max_instance_request_concurrency = 1
    min_instance_count               = 0
    timeout_seconds                  = var.function.timeout_seconds
    service_account_email            = google_service_account.runtime.email
    ingress_settings                 = var.function.ingress
    vpc_connector                    = var.function.vpc_connector
    vpc_connector_egress_settings    = var.function.vpc_connector == null ? null : "ALL_TRAFFIC"
    environment_variables            = local.environment
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    google_bigquery_dataset_iam_member.runtime_writes,
    google_cloud_tasks_queue.continuations,
    google_project_iam_member.build_reads_copy,
    google_project_iam_member.build_writes_logs,
    google_secret_manager_secret_iam_member.runtime_reads_credentials,
    google_storage_bucket_iam_member.build_reads_source,
  ]
}

resource "google_cloud_run_v2_service_iam_member" "invoker_calls" {
  project  = var.project.id
  location = var.region
  name     = google_cloudfunctions2_function.sync.name
  role     = "roles/run.invoker"
  member   = google_service_account.invoker.member
}

resource "google_cloud_run_v2_service_iam_member" "operators_call" {
  for_each = toset(var.operators)

  project  = var.project.id
  location = var.region
  name     = google_cloudfunctions2_function.sync.name
  role     = "roles/run.invoker"
  member   = each.key
}

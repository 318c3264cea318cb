terraform {
  required_version = ">= 1.9"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    google = {
      source  = "hashicorp/google"
      version = ">= 6.50, < 9.0"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = ">= 6.50, < 9.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

# For the gateway of push notifications alone.
provider "google-beta" {
  project = var.project_id
  region  = var.region
}

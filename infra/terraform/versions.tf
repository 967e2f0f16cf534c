terraform {
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 6.29 gives an open URL both permissions that Lambda asks for since October 2025
      version = ">= 6.29.0, < 7.0.0"
    }
  }
}

# Where functions keep what outlives an invocation.

locals {
  # What the user has set in environment takes the place of a table or a bucket.
  tables  = { for each in local.plan.tables : each.id => each if !contains(keys(var.environment), "AMALGAM_STATE") }
  buckets = { for each in local.plan.buckets : each.id => each if !contains(keys(var.environment), "AMALGAM_DEAD_LETTERS") }
  elsewhere = concat(
    [for each in local.plan.tables : "$${table:${each.id}}" if !contains(keys(local.tables), each.id)],
    [for each in local.plan.buckets : "$${objects:${each.id}}" if !contains(keys(local.buckets), each.id)],
  )

  places = merge(
    { for id, each in aws_dynamodb_table.this : "dynamodb:$${table-name:${id}}" => "dynamodb:${each.name}" },
    { for id, each in aws_s3_bucket.this : "$${place:${id}}" => "s3://${each.bucket}/${var.name}" },
  )
  environment = merge(
    { for each in local.plan.environment : each.name => lookup(local.places, each.value, each.value) if !contains(keys(var.environment), each.name) },
    var.environment,
  )
}

resource "aws_dynamodb_table" "this" {
  for_each = local.tables

  name                        = "${var.name}-${each.key}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partitionKey
  range_key                   = each.value.sortKey
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = each.value.partitionKey
    type = "S"
  }

  attribute {
    name = each.value.sortKey
    type = "S"
  }

  ttl {
    attribute_name = each.value.timeToLive
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}

# Its name has the account and the region, since names of buckets are taken worldwide.
resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket        = lower(replace("${var.name}-${each.key}-${data.aws_caller_identity.this.account_id}-${data.aws_region.this.region}", "_", "-"))
  force_destroy = !var.deletion_protection
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = aws_s3_bucket.this

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = local.buckets[each.key].expireAfterDays
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = aws_s3_bucket.this

  bucket = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource  = [each.value.arn, "${each.value.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

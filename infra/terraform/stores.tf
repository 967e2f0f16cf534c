# Where functions keep what outlives an invocation.

locals {
  # What the variables of the functions need, but those that the user sets in the place of the plan's.
  variables = {
    for each in local.plan.environment : each.name => each.value
    if !contains(keys(var.environment), each.name) && (each.name != "AMALGAM_HAND_OVER" || local.hands_over)
  }
  needed = flatten([for value in local.variables : regexall("\\$\\{[^}]*\\}", value)])
  tables = {
    for each in local.plan.tables : each.id => each
    if contains(local.needed, "$${table-name:${each.id}}") && length(local.functions) > 0
  }
  buckets = {
    for each in local.plan.buckets : each.id => each
    if contains(local.needed, "$${place:${each.id}}") && length(local.functions) > 0
  }

  # Existing ones in their place.
  table_names = { for id, each in local.tables : id => coalesce(var.state_table, "${var.name}-${id}") }
  table_arns = {
    for id, name in local.table_names : id => var.state_table == null
    ? aws_dynamodb_table.this[id].arn
    : "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${name}"
  }
  # A name has the account and the region, since names of buckets are taken worldwide, and 63 characters at most.
  bucket_full_names = {
    for id in keys(local.buckets) : id => lower(replace("${var.name}-${id}-${local.account}-${local.region}", "_", "-"))
  }
  bucket_names = {
    for id, name in local.bucket_full_names : id => coalesce(
      var.dead_letters_bucket,
      length(name) <= 63 ? name : "${substr(name, 0, 54)}-${substr(sha1(name), 0, 8)}",
    )
  }
  bucket_arns = { for id, name in local.bucket_names : id => "arn:${local.partition}:s3:::${name}" }

  places = merge(
    { for id, name in local.table_names : "$${table-name:${id}}" => var.state_table == null ? aws_dynamodb_table.this[id].name : name },
    { for id, each in aws_sqs_queue.this : "$${queue-url:${id}}" => each.url },
    { "$${log-group-names:functions}" = join(",", [for each in aws_cloudwatch_log_group.this : each.name]) },
    { for id, name in local.bucket_names : "$${place:${id}}" => "s3://${var.dead_letters_bucket == null ? aws_s3_bucket.this[id].bucket : name}/${var.name}" },
  )
  environment = merge(
    {
      for name, value in local.variables :
      name => join("", [for part in regexall("\\$\\{[^}]*\\}|[^$]+", value) : lookup(local.places, part, part)])
      if length(local.functions) > 0
    },
    var.environment,
  )
}

resource "aws_dynamodb_table" "this" {
  for_each = { for id, each in local.tables : id => each if var.state_table == null }

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

resource "aws_s3_bucket" "this" {
  for_each = { for id, each in local.buckets : id => each if var.dead_letters_bucket == null }

  bucket        = local.bucket_names[each.key]
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
    bucket_key_enabled = var.kms_key_arn == null ? null : true # fewer calls of the key, which are billed

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
    # nobody may do anything without encryption on the way: a denial, so it names everybody and everything
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

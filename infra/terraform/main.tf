# The resources that a configuration needs, made from the plan that `amalgam bundle` has written. Nothing here knows the
# configuration: what there is, who may do what, and why, is in resources.json (docs/graph-json.md).

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  bundle  = coalesce(var.bundle, "${path.module}/..")
  plan    = jsondecode(file("${local.bundle}/resources.json"))
  archive = "${local.bundle}/function.zip"

  functions = {
    for each in local.plan.functions : each.kind => each
    if var.triggers == null || contains(coalesce(var.triggers, []), each.kind)
  }

  # Of a queue that nobody uses nothing is made.
  dead_letters = compact([
    for each in concat(
      [for function in local.functions : try(function.asyncInvoke.deadLetters, "")],
      [for source in local.plan.eventSources : try(source.deadLetters, "") if contains(keys(local.functions), source.function)],
    ) : each
  ])
  queues = {
    for each in local.plan.queues : each.id => each
    if contains(local.dead_letters, each.id) || contains(keys(local.functions), trimsuffix(each.id, "-dead-letters"))
  }

  # What only a deployment knows.
  texts = toset(flatten([
    [for function in local.plan.functions : [
      [for each in function.permissions : each.resource],
      [for each in function.invokers : try(each.sourceArn, "")],
    ]],
    [for each in local.plan.eventSources : each.from],
    [for each in local.plan.topics : each.arn],
  ]))
  resolved = merge(
    {
      for text in local.texts : text => replace(replace(replace(text,
        "$${AWS::Partition}", data.aws_partition.this.partition),
        "$${AWS::Region}", data.aws_region.this.region),
      "$${AWS::AccountId}", data.aws_caller_identity.this.account_id)
    },
    { for kind, each in aws_cloudwatch_log_group.this : "$${log-group:${kind}}" => "${each.arn}:*" },
    { for id, each in aws_sqs_queue.this : "$${queue:${id}}" => each.arn },
    { for component, each in aws_cloudwatch_event_rule.this : "$${rule:${component}}" => each.arn },
    { for id, each in aws_dynamodb_table.this : "$${table:${id}}" => each.arn },
    { for id, each in aws_s3_bucket.this : "$${objects:${id}}" => "${each.arn}/${var.name}/*" },
  )
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  for_each = local.functions

  name        = "${var.name}-${each.key}"
  description = each.value.reason
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } },
    ]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = local.functions

  name = "needed"
  role = aws_iam_role.this[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for permission in each.value.permissions :
        { Effect = "Allow", Action = permission.actions, Resource = local.resolved[permission.resource] }
        if !contains(local.elsewhere, permission.resource) && !startswith(permission.resource, "$${function:")
      ],
      [
        for arn in each.key == "queue" ? var.queue_arns : [] :
        { Effect = "Allow", Action = local.receive, Resource = arn }
      ],
      each.key != "kafka" || var.kafka_secret_arn == null ? [] : [
        { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = var.kafka_secret_arn },
      ],
      var.kms_key_arn == null ? [] : [
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.kms_key_arn },
      ],
    )
  })
}

locals {
  receive = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
}

resource "aws_lambda_function" "this" {
  for_each = local.functions

  function_name                  = "${var.name}-${each.key}"
  description                    = substr(each.value.reason, 0, 256)
  role                           = aws_iam_role.this[each.key].arn
  runtime                        = "nodejs24.x"
  handler                        = "index.handler"
  architectures                  = [var.architecture]
  filename                       = local.archive
  source_code_hash               = filebase64sha256(local.archive)
  memory_size                    = coalesce(var.memory, each.value.memory.value)
  timeout                        = var.timeout == null ? each.value.timeout.value : each.key == "schedule" && each.value.timeout.value > 60 ? max(var.timeout, 60) + 30 : var.timeout
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  environment {
    variables = local.environment
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    precondition {
      condition     = local.plan.version == 1
      error_message = "resources.json should have version 1, got ${local.plan.version}: use the module of the same release as amalgam."
    }
    precondition {
      condition     = length(local.plan.problems) == 0
      error_message = join("\n", local.plan.problems)
    }
  }
}

# Apart from the others, since a function comes after those and this after the function.
resource "aws_iam_role_policy" "itself" {
  for_each = {
    for kind, each in local.functions : kind => [
      for permission in each.permissions : permission.actions if permission.resource == "$${function:${kind}}"
    ] if anytrue([for permission in each.permissions : permission.resource == "$${function:${kind}}"])
  }

  name = "itself"
  role = aws_iam_role.this[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = flatten(each.value), Resource = aws_lambda_function.this[each.key].arn }]
  })
}

# ---- Queues -------------------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                       = "${var.name}-${each.key}"
  message_retention_seconds  = each.value.retentionSeconds
  visibility_timeout_seconds = try(each.value.visibilityTimeoutSeconds, null) == null ? null : var.timeout == null ? each.value.visibilityTimeoutSeconds : max(each.value.visibilityTimeoutSeconds, 6 * var.timeout)
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags
}

# Apart from the queue, since a queue can't name another of the same set.
resource "aws_sqs_queue_redrive_policy" "this" {
  for_each = { for id, each in local.queues : id => each.redrive if can(each.redrive) }

  queue_url = aws_sqs_queue.this[each.key].id
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.this[each.value.to].arn
    maxReceiveCount     = each.value.after
  })
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.queues

  queue_url = aws_sqs_queue.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.this[each.key].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [
        for sender in local.senders : {
          Effect    = "Allow"
          Principal = { Service = sender.principal }
          Action    = "sqs:SendMessage"
          Resource  = aws_sqs_queue.this[each.key].arn
          Condition = merge(
            { ArnEquals = { "aws:SourceArn" = lookup(local.resolved, sender.source, sender.source) } },
            # a bucket's ARN has no account
            sender.principal == "s3.amazonaws.com" ? { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } } : null,
          )
        } if sender.to == each.key
      ],
    )
  })
}

locals {
  # Services that put what Lambda did not take into a queue themselves.
  senders = concat(
    [for each in local.plan.topics : { to = each.deadLetters, principal = "sns.amazonaws.com", source = each.arn }],
    [for each in local.plan.rules : { to = each.deadLetters, principal = "events.amazonaws.com", source = "$${rule:${each.id}}" }],
    [
      for bucket in keys(local.notifications) :
      { to = "objects", principal = "s3.amazonaws.com", source = "arn:${data.aws_partition.this.partition}:s3:::${bucket}" }
    ],
  )
}

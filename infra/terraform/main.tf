# The resources that a configuration needs, made from the plan that `amalgam bundle` has written. Nothing here knows the
# configuration: what there is, who may do what, and why, is in resources.json (docs/graph-json.md).

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  bundle  = coalesce(var.bundle, "${path.module}/..")
  plan    = jsondecode(file("${local.bundle}/resources.json"))
  archive = "${local.bundle}/function.zip"

  account   = data.aws_caller_identity.this.account_id
  partition = data.aws_partition.this.partition
  region    = data.aws_region.this.region

  # What the user brings, by its service, under names that are known before anything is made.
  brought = {
    sqs     = { for name, arn in var.queues : name => { arn = arn, prefix = "" } }
    kinesis = { for name, arn in var.streams : name => { arn = arn, prefix = "" } }
    sns     = { for name, arn in var.topics : name => { arn = arn, prefix = "" } }
    s3 = {
      for name, each in var.buckets : name =>
      { arn = "arn:${local.partition}:s3:::${each.bucket}", prefix = each.prefix == null ? "" : each.prefix }
    }
    firehose = { for name, role in var.delivery_stream_roles : name => { arn = role, prefix = "" } }
    logs = merge(
      { for name, pattern in var.log_groups : name => { arn = name, prefix = "" } },
      { for name in var.account_logs == null ? [] : ["of the account"] : name => { arn = name, prefix = "" } },
      { for name in var.log_group_selection == null ? [] : ["of the selection"] : name => { arn = name, prefix = "" } },
    )
  }
  variables_of = { sqs = "queues", kinesis = "streams", sns = "topics", s3 = "buckets", firehose = "delivery_stream_roles", logs = "log_groups" }
  connected    = { for each in local.plan.connectable : each.service => each if length(local.brought[each.service]) > 0 }

  planned = concat(local.plan.functions, flatten([for each in local.connected : try(each.makes.functions, [])]))
  wanted = [
    for each in local.planned : each
    if each.kind != "hand-over" && (var.triggers == null || contains(coalesce(var.triggers, []), each.kind))
  ]
  # Functions of all kinds hand over what they can't deliver in time, unless the user has another place for it.
  hands_over = length(local.wanted) > 0 && var.hand_over && !contains(keys(var.environment), "AMALGAM_HAND_OVER")
  functions = {
    for each in concat(local.wanted, [for each in local.planned : each if each.kind == "hand-over" && local.hands_over]) :
    each.kind => each
  }
  timeouts = {
    for kind, each in local.functions : kind => coalesce(
      try(var.functions[kind].timeout, null),
      var.timeout == null ? each.timeout.value : kind == "schedule" && each.timeout.value > 60 ? max(var.timeout, 60) + 30 : var.timeout,
    )
  }
  concurrency = {
    for kind in keys(local.functions) : kind => coalesce(try(var.functions[kind].reserved_concurrency, null), var.reserved_concurrency)
  }

  # What only a deployment knows: ARNs of what is made, or stands in the place of it, by their names in the plan.
  texts = toset(flatten([
    [for function in local.planned : [
      [for each in function.permissions : each.resource],
      [for each in function.invokers : try(each.sourceArn, "")],
    ]],
    [for each in local.plan.eventSources : each.from],
    [for each in local.plan.topics : each.arn],
  ]))
  resolved = merge(
    {
      for text in local.texts : text => replace(replace(replace(text,
        "$${AWS::Partition}", local.partition),
        "$${AWS::Region}", local.region),
      "$${AWS::AccountId}", local.account)
    },
    { for kind, each in aws_cloudwatch_log_group.this : "$${log-group:${kind}}" => "${each.arn}:*" },
    { for id, each in aws_sqs_queue.this : "$${queue:${id}}" => each.arn },
    { for component, each in aws_cloudwatch_event_rule.this : "$${rule:${component}}" => each.arn },
    { for id, each in local.table_arns : "$${table:${id}}" => each },
    { for id, each in local.bucket_arns : "$${objects:${id}}" => "${each}/${var.name}/*" },
  )
  # What a resource is called in Terraform: the name in the account's region, or in the plan.
  short = {
    for text in local.texts : text => replace(replace(text,
      "/^arn:\\$\\{AWS::Partition\\}:[a-z]+:\\$\\{AWS::Region\\}:\\$\\{AWS::AccountId\\}:(stream\\/)?/", ""),
    "/^\\$\\{[a-z-]+:([^}]*)\\}$/", "$1")
  }
  # Names in the plan of what is there, known before anything is made. Nobody needs permissions for what is not there.
  named = concat(
    [for kind in keys(local.functions) : "$${log-group:${kind}}"],
    [for id in keys(local.queues) : "$${queue:${id}}"],
    [for id in keys(local.table_names) : "$${table:${id}}"],
    [for id in keys(local.bucket_names) : "$${objects:${id}}"],
  )
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = merge(var.tags, local.collector_tag)
}

resource "aws_iam_role" "this" {
  for_each = local.functions

  name        = "${var.name}-${each.key}"
  description = substr(each.value.reason, 0, 1000)
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
        for permission in each.value.permissions : merge(
          { Effect = "Allow", Action = permission.actions, Resource = local.resolved[permission.resource] },
          can(permission.prefix) ? { Condition = { StringEquals = { "s3:prefix" = permission.prefix } } } : {},
        )
        if !startswith(permission.resource, "$${") || contains(local.named, permission.resource)
      ],
      flatten([
        for service, connected in local.connected : [
          for source in local.brought[service] : [
            for permission in connected.permissions : {
              Effect   = "Allow"
              Action   = permission.actions
              Resource = replace(replace(permission.resource, "$${source}", source.arn), "$${prefix}", source.prefix)
            }
          ]
        ] if connected.function == each.key
      ]),
      [for statement in local.kafka_statements : statement if each.key == "kafka"],
      # Lambda makes the interfaces with the function's role, which AWS lets nobody name: the resource is any. The function's own
      # code may not do it.
      var.vpc_config == null ? [] : [{ Effect = "Allow", Action = local.network_actions, Resource = "*" }],
      var.vpc_config == null ? [] : [{
        Effect    = "Deny"
        Action    = local.network_actions
        Resource  = "*"
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-${each.key}" } }
      }],
      # the variables of the function, messages of queues, letters and state are encrypted with the key
      var.kms_key_arn == null ? [] : [
        {
          Effect   = "Allow"
          Action   = concat(["kms:Decrypt", "kms:GenerateDataKey"], length(local.table_names) == 0 ? [] : local.table_key_actions)
          Resource = var.kms_key_arn
        },
      ],
      length(var.source_kms_key_arns) == 0 ? [] : [
        { Effect = "Allow", Action = ["kms:Decrypt"], Resource = sort(var.source_kms_key_arns) },
      ],
    )
  })
}

locals {
  network_actions = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
  ]
  # what DynamoDB asks of who uses a table with a key
  table_key_actions = ["kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
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
  memory_size                    = coalesce(try(var.functions[each.key].memory, null), var.memory, each.value.memory.value)
  timeout                        = local.timeouts[each.key]
  reserved_concurrent_executions = local.concurrency[each.key]
  kms_key_arn                    = var.kms_key_arn
  source_kms_key_arn             = var.kms_key_arn
  tags                           = var.tags

  environment {
    variables = merge(
      local.environment,
      # only pollers that are always there take an answer for a part of a batch
      { for name in each.key == "kafka" && local.kafka_pollers ? ["AMALGAM_KAFKA_PARTIAL_FAILURES"] : [] : name => "true" },
    )
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this[each.key].name
  }

  dynamic "vpc_config" {
    for_each = var.vpc_config == null ? [] : [var.vpc_config]
    content {
      subnet_ids                  = vpc_config.value.subnet_ids
      security_group_ids          = local.security_group_ids
      ipv6_allowed_for_dual_stack = vpc_config.value.ipv6_allowed_for_dual_stack
    }
  }

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    precondition {
      condition     = each.key != "firehose" || local.timeouts[each.key] <= 300
      error_message = "timeout should be at most 300 seconds where Firehose calls a function, got ${local.timeouts[each.key]}."
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

locals {
  # In the policy of a key any resource is the key itself.
  key_statements = concat(
    [{
      Sid       = "AmalgamLogs"
      Effect    = "Allow"
      Principal = { Service = ["logs.${local.region}.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      Resource  = "*"
      Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-*" } }
    }],
    [
      for service in distinct([for each in local.senders : each.principal]) : {
        Sid       = "AmalgamQueues${title(split(".", service)[0])}"
        Effect    = "Allow"
        Principal = { Service = [service] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }
    ],
  )
}

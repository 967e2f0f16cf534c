# ---- Requests -----------------------------------------------------------------------------------------------------------

# The provider lets anyone call a URL with NONE, and nobody else.
resource "aws_lambda_function_url" "this" {
  for_each = { for kind, each in local.functions : kind => each.url if can(each.url) }

  function_name      = aws_lambda_function.this[each.key].function_name
  authorization_type = upper(each.value.auth)
}

# ---- Calls without an answer --------------------------------------------------------------------------------------------

resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = { for kind, each in local.functions : kind => each.asyncInvoke if can(each.asyncInvoke) }

  function_name                = aws_lambda_function.this[each.key].function_name
  maximum_retry_attempts       = each.value.retries
  maximum_event_age_in_seconds = each.value.maximumAgeSeconds

  destination_config {
    on_failure {
      destination = aws_sqs_queue.this[each.value.deadLetters].arn
    }
  }
}

resource "aws_lambda_permission" "this" {
  for_each = merge(concat(
    [
      for kind, function in local.functions : {
        for each in function.invokers : "${kind} ${local.short[each.sourceArn]}" => {
          kind = kind, principal = each.principal, source = local.resolved[each.sourceArn]
        } if can(each.sourceArn)
      }
    ],
    [
      for service, connected in local.connected : merge([
        for each in connected.invokers : {
          for name, source in local.brought[service] : "${local.variables_of[service]}.${name}" => {
            kind = connected.function, principal = each.principal, source = replace(each.sourceArn, "$${source}", source.arn)
          }
        }
      ]...) if contains(keys(local.functions), connected.function)
    ],
  )...)

  function_name = aws_lambda_function.this[each.value.kind].function_name
  action        = "lambda:InvokeFunction"
  principal     = each.value.principal
  source_arn    = each.value.source
  # other sources have their account, which may be another, in their ARN
  source_account = each.value.principal == "logs.amazonaws.com" ? local.account : null
}

# ---- Log groups ---------------------------------------------------------------------------------------------------------

locals {
  own_log_groups = [for kind in keys(local.functions) : "/aws/lambda/${var.name}-${kind}"]
  log_groups = contains(keys(local.functions), "log-subscription") ? merge(
    # the account's subscription has those that the configuration names
    { for each in local.plan.logSubscriptions : each.logGroup => each.filterPattern if var.account_logs == null },
    var.log_groups,
  ) : {}
}

resource "aws_cloudwatch_log_subscription_filter" "this" {
  for_each = local.log_groups

  name            = "${var.name}-log-subscription"
  log_group_name  = each.key
  filter_pattern  = each.value
  destination_arn = aws_lambda_function.this["log-subscription"].arn

  depends_on = [aws_lambda_permission.this] # CloudWatch tries the function when a subscription is made

  lifecycle {
    precondition {
      condition     = !contains(local.own_log_groups, each.key)
      error_message = "log group ${each.key} of the collector itself can't be subscribed: each log that it delivers would make another."
    }
  }
}

# All log groups of the account in this region, those to come, too, but the collector's own: their logs would make more logs.
resource "aws_cloudwatch_log_account_policy" "this" {
  for_each = {
    for service, each in local.connected : each.function => each
    if service == "logs" && var.account_logs != null && contains(keys(local.functions), each.function)
  }

  policy_name = "${var.name}-log-subscription"
  policy_type = "SUBSCRIPTION_FILTER_POLICY"
  policy_document = jsonencode({
    DestinationArn = aws_lambda_function.this[each.key].arn
    FilterPattern  = each.value.filterPattern
    Distribution   = "Random"
  })
  scope              = "ALL"
  selection_criteria = "LogGroupName NOT IN [${join(", ", [for name in concat(local.own_log_groups, sort(try(var.account_logs.except, []))) : "\"${name}\""])}]"

  depends_on = [aws_lambda_permission.this]

  lifecycle {
    precondition {
      condition     = !can(each.value.problem)
      error_message = try(each.value.problem, "none")
    }
  }
}

# ---- Queues, streams and Kafka ------------------------------------------------------------------------------------------

locals {
  sources = merge(
    {
      for each in local.plan.eventSources : "${each.function} ${local.short[each.from]}" => merge(each, { arn = each.service == "kafka" ? local.kafka.cluster_arn : local.resolved[each.from] })
      if contains(keys(local.functions), each.function) && (!startswith(each.from, "$${queue:") || contains(local.named, each.from))
    },
    merge(concat([{}], [
      for service, connected in local.connected : {
        for name, source in local.brought[service] :
        "${local.variables_of[service]}.${name}" => merge(connected.eventSource, { function = connected.function, service = service, arn = source.arn })
      } if can(connected.eventSource) && contains(keys(local.functions), connected.function)
    ])...),
  )

  # Messages that a function has no room for count as failed.
  most_concurrency = { for kind, each in local.concurrency : kind => each > 0 ? max(2, min(each, 1000)) : 1000 }
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.sources

  function_name                  = aws_lambda_function.this[each.value.function].arn
  event_source_arn               = each.value.arn
  function_response_types        = each.value.service != "kafka" || local.kafka_pollers ? ["ReportBatchItemFailures"] : null
  starting_position              = each.value.service == "sqs" ? null : try(each.value.startAt, "latest") == "earliest" ? "TRIM_HORIZON" : "LATEST"
  bisect_batch_on_function_error = each.value.service == "kinesis" || (each.value.service == "kafka" && local.kafka_pollers) ? true : null
  # as of streams; without pollers that are always there, a batch of Kafka comes again as a whole
  maximum_retry_attempts        = try(each.value.retries, each.value.service == "kafka" && local.kafka_pollers ? 10 : null)
  maximum_record_age_in_seconds = try(each.value.maximumAgeSeconds, each.value.service == "kafka" && local.kafka_pollers ? 86400 : null)
  parallelization_factor        = each.value.service == "kinesis" ? var.parallelization : null
  topics                        = each.value.service == "kafka" ? [each.value.from] : null
  tags                          = var.tags

  dynamic "scaling_config" {
    for_each = each.value.service == "sqs" ? [coalesce(var.maximum_concurrency, min(each.value.maximumConcurrency, local.most_concurrency[each.value.function]))] : []
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  dynamic "destination_config" {
    for_each = can(each.value.deadLetters) ? [each.value.deadLetters] : []
    content {
      on_failure {
        destination_arn = aws_sqs_queue.this[destination_config.value].arn
      }
    }
  }

  dynamic "self_managed_event_source" {
    for_each = each.value.service == "kafka" && local.kafka.cluster_arn == null ? [each.value.kafka.brokers] : []
    content {
      endpoints = { KAFKA_BOOTSTRAP_SERVERS = join(",", self_managed_event_source.value) }
    }
  }

  dynamic "self_managed_kafka_event_source_config" {
    for_each = each.value.service == "kafka" && local.kafka.cluster_arn == null ? [each.value.kafka.groupId] : []
    content {
      consumer_group_id = self_managed_kafka_event_source_config.value
    }
  }

  dynamic "amazon_managed_kafka_event_source_config" {
    for_each = each.value.service == "kafka" && local.kafka.cluster_arn != null ? [each.value.kafka.groupId] : []
    content {
      consumer_group_id = amazon_managed_kafka_event_source_config.value
    }
  }

  dynamic "source_access_configuration" {
    for_each = each.value.service == "kafka" ? local.kafka_access[each.value.from] : []
    content {
      type = source_access_configuration.value.type
      uri  = source_access_configuration.value.uri
    }
  }

  dynamic "provisioned_poller_config" {
    for_each = each.value.service == "kafka" && local.kafka_pollers ? [local.kafka.pollers] : []
    content {
      minimum_pollers = provisioned_poller_config.value.minimum
      maximum_pollers = provisioned_poller_config.value.maximum
    }
  }

  depends_on = [aws_iam_role_policy.this] # Lambda tries the role when a source is made

  lifecycle {
    precondition {
      condition     = each.value.service != "sqs" || coalesce(var.maximum_concurrency, 2) <= local.most_concurrency[each.value.function]
      error_message = "maximum_concurrency should be from 2 to ${local.most_concurrency[each.value.function]}, the concurrency of the function ${each.value.function}, got ${coalesce(var.maximum_concurrency, 0)}: messages that a function has no room for count as failed."
    }
    precondition {
      condition     = try(each.value.kafka.authentication, "none") != "iam" || local.kafka.cluster_arn != null
      error_message = "kafka should have cluster_arn, since only MSK knows roles, got none."
    }
    precondition {
      condition     = each.value.service != "kafka" || local.kafka.cluster_arn != null || local.kafka.secret_arn != null || length(local.kafka.subnet_ids) > 0
      error_message = "kafka should have cluster_arn, or secret_arn or subnet_ids for brokers outside of MSK, got none of them."
    }
  }
}

# ---- Firehose -----------------------------------------------------------------------------------------------------------

# A delivery stream calls the function with its own role, and names the function's version.
resource "aws_iam_role_policy" "delivery_stream" {
  for_each = contains(keys(local.functions), "firehose") ? var.delivery_stream_roles : {}

  name = "${var.name}-firehose"
  role = each.value
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for caller in local.connected.firehose.callers : {
        Effect   = "Allow"
        Action   = caller.actions
        Resource = replace(caller.resource, "$${function:firehose}", aws_lambda_function.this["firehose"].arn)
      }
    ]
  })
}

# ---- Topics and buses ---------------------------------------------------------------------------------------------------

resource "aws_sns_topic_subscription" "this" {
  for_each = contains(keys(local.functions), "topic") ? merge(
    { for each in local.plan.topics : local.short[each.arn] => local.resolved[each.arn] },
    { for name, arn in var.topics : "topics.${name}" => arn },
  ) : {}

  topic_arn = each.value
  protocol  = "lambda"
  endpoint  = aws_lambda_function.this["topic"].arn

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.this["topic-dead-letters"].arn })

  depends_on = [aws_lambda_permission.this]
}

locals {
  rules = { for each in local.plan.rules : each.id => each if contains(keys(local.functions), "bus") }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.rules

  name           = local.names[each.key]
  description    = each.value.reason
  event_bus_name = each.value.bus
  event_pattern  = jsonencode(each.value.pattern)
  tags           = var.tags
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.rules

  rule           = aws_cloudwatch_event_rule.this[each.key].name
  event_bus_name = each.value.bus
  arn            = aws_lambda_function.this["bus"].arn

  input_transformer {
    input_template = each.value.input
  }

  dead_letter_config {
    arn = aws_sqs_queue.this[each.value.deadLetters].arn
  }

  retry_policy {
    maximum_event_age_in_seconds = each.value.maximumAgeSeconds
    maximum_retry_attempts       = each.value.retries
  }
}

# ---- Objects of S3 ------------------------------------------------------------------------------------------------------

locals {
  notifications = {
    for each in local.plan.notifications : each.bucket => each...
    if contains(keys(local.functions), "objects") && var.bucket_notifications
  }
}

# A bucket has one such configuration, which takes the place of any other.
resource "aws_s3_bucket_notification" "this" {
  for_each = local.notifications

  bucket = each.key

  dynamic "queue" {
    for_each = each.value
    content {
      queue_arn     = aws_sqs_queue.this[queue.value.queue].arn
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = try(queue.value.prefix, null)
      filter_suffix = try(queue.value.suffix, null)
    }
  }

  depends_on = [aws_sqs_queue_policy.this] # S3 tries the queue when a notification is made
}

resource "aws_s3_bucket_notification" "brought" {
  for_each = contains(keys(local.functions), "objects") && var.bucket_notifications ? var.buckets : {}

  bucket = each.value.bucket

  queue {
    queue_arn     = aws_sqs_queue.this[local.connected.s3.queue].arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = each.value.prefix
    filter_suffix = each.value.suffix
  }

  depends_on = [aws_sqs_queue_policy.this]

  lifecycle {
    precondition {
      condition     = !contains(keys(local.notifications), each.value.bucket)
      error_message = "buckets should not have ${each.value.bucket}, which the configuration names: a bucket has one configuration of notifications."
    }
  }
}

# ---- Schedules ----------------------------------------------------------------------------------------------------------

locals {
  schedules = { for each in local.plan.schedules : each.component => each if contains(keys(local.functions), "schedule") }

  # Names have 64 characters at most, and no slash, which components of modules have.
  names = {
    for id in concat(keys(local.schedules), keys(local.rules)) :
    id => can(regex("^[A-Za-z0-9_.-]{1,64}$", "${var.name}-${id}")) ? "${var.name}-${id}" : "${substr(replace("${var.name}-${id}", "/[^A-Za-z0-9_.-]/", "-"), 0, 55)}-${substr(sha1(id), 0, 8)}"
  }
}

resource "aws_iam_role" "scheduler" {
  for_each = { for each in local.plan.roles : each.id => each if length(local.schedules) > 0 }

  name        = "${var.name}-${each.key}"
  description = each.value.reason
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = each.value.principal }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "scheduler" {
  for_each = aws_iam_role.scheduler

  name = "needed"
  role = each.value.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = aws_lambda_function.this["schedule"].arn }],
      # what a schedule sends is encrypted with the key
      var.kms_key_arn == null ? [] : [{ Effect = "Allow", Action = ["kms:Decrypt"], Resource = var.kms_key_arn }],
    )
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = merge(
    {
      for component, each in local.schedules : component => {
        component  = component
        expression = "rate(${each.everyMinutes} ${each.everyMinutes == 1 ? "minute" : "minutes"})"
        forSeconds = try(each.forSeconds, null)
      }
    },
    {
      for name, each in var.schedules : "more ${name}" => merge(each, { forSeconds = null })
      if contains(keys(local.functions), "schedule")
    },
  )

  name                = try(local.names[each.key], "${var.name}-schedule-${trimprefix(each.key, "more ")}")
  description         = "Runs ${each.value.component}"
  schedule_expression = each.value.expression
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this["schedule"].arn
    role_arn = aws_iam_role.scheduler["scheduler"].arn
    # the name of a value of Scheduler has characters that jsonencode writes in another way
    input = replace(replace(jsonencode({
      amalgam = { for name, value in {
        schedule   = each.value.component
        forSeconds = each.value.forSeconds
        at         = each.value.forSeconds != null ? "<aws.scheduler.scheduled-time>" : null
      } : name => value if value != null }
    }), "\\u003c", "<"), "\\u003e", ">")

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 2
    }
  }

  lifecycle {
    precondition {
      condition     = contains(keys(local.schedules), each.value.component)
      error_message = "schedules should name components that work on a clock, which are ${join(", ", keys(local.schedules))}, got ${each.value.component}."
    }
  }
}

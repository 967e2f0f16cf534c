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
  for_each = merge([
    for kind, function in local.functions : {
      for each in function.invokers : "${kind} ${each.principal} ${try(each.sourceArn, "")}" => {
        kind = kind, principal = each.principal, source = each.sourceArn
      } if can(each.sourceArn)
    }
  ]...)

  function_name  = aws_lambda_function.this[each.value.kind].function_name
  action         = "lambda:InvokeFunction"
  principal      = each.value.principal
  source_arn     = local.resolved[each.value.source]
  source_account = data.aws_caller_identity.this.account_id
}

# ---- Log groups ---------------------------------------------------------------------------------------------------------

locals {
  log_groups = contains(keys(local.functions), "log-subscription") ? merge(
    { for each in local.plan.logSubscriptions : each.logGroup => each.filterPattern },
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
      condition     = !contains([for kind in keys(local.functions) : "/aws/lambda/${var.name}-${kind}"], each.key)
      error_message = "log group ${each.key} of the collector itself can't be subscribed: each log that it delivers would make another."
    }
  }
}

# ---- Queues, streams and Kafka ------------------------------------------------------------------------------------------

locals {
  sources = {
    for each in concat(
      local.plan.eventSources,
      [for arn in var.queue_arns : merge(local.source_of_queue, { from = arn })],
    ) : "${each.function} ${each.from}" => each if contains(keys(local.functions), each.function)
  }
  source_of_queue = { function = "queue", service = "sqs", maximumConcurrency = 10 }

  # As Lambda names them.
  kafka_authentication = { plain = "BASIC_AUTH", scram_256 = "SASL_SCRAM_256_AUTH", scram_512 = "SASL_SCRAM_512_AUTH", mtls = "CLIENT_CERTIFICATE_TLS_AUTH" }
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.sources

  function_name                  = aws_lambda_function.this[each.value.function].arn
  event_source_arn               = each.value.service == "kafka" ? null : lookup(local.resolved, each.value.from, each.value.from)
  function_response_types        = each.value.service == "kafka" ? null : ["ReportBatchItemFailures"]
  starting_position              = each.value.service == "sqs" ? null : try(each.value.startAt, "latest") == "earliest" ? "TRIM_HORIZON" : "LATEST"
  bisect_batch_on_function_error = each.value.service == "kinesis" ? true : null
  maximum_retry_attempts         = try(each.value.retries, null)
  maximum_record_age_in_seconds  = try(each.value.maximumAgeSeconds, null)
  topics                         = each.value.service == "kafka" ? [each.value.from] : null
  tags                           = var.tags

  dynamic "scaling_config" {
    for_each = each.value.service == "sqs" ? [coalesce(var.maximum_concurrency, each.value.maximumConcurrency)] : []
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
    for_each = each.value.service == "kafka" ? [each.value.kafka.brokers] : []
    content {
      endpoints = { KAFKA_BOOTSTRAP_SERVERS = join(",", self_managed_event_source.value) }
    }
  }

  dynamic "self_managed_kafka_event_source_config" {
    for_each = each.value.service == "kafka" ? [each.value.kafka.groupId] : []
    content {
      consumer_group_id = self_managed_kafka_event_source_config.value
    }
  }

  dynamic "source_access_configuration" {
    for_each = compact([lookup(local.kafka_authentication, try(each.value.kafka.authentication, "none"), "")])
    content {
      type = source_access_configuration.value
      uri  = var.kafka_secret_arn
    }
  }

  depends_on = [aws_iam_role_policy.this] # Lambda tries the role when a source is made
}

# ---- Topics and buses ---------------------------------------------------------------------------------------------------

resource "aws_sns_topic_subscription" "this" {
  for_each = contains(keys(local.functions), "topic") ? toset([for each in local.plan.topics : each.arn]) : []

  topic_arn = local.resolved[each.key]
  protocol  = "lambda"
  endpoint  = aws_lambda_function.this["topic"].arn

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.this["topic-dead-letters"].arn })
}

locals {
  rules = contains(keys(local.functions), "bus") ? { for each in local.plan.rules : each.id => each } : {}
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
  notifications = !contains(keys(local.functions), "objects") || !var.bucket_notifications ? {} : {
    for each in local.plan.notifications : each.bucket => each...
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

# ---- Schedules ----------------------------------------------------------------------------------------------------------

locals {
  schedules = contains(keys(local.functions), "schedule") ? { for each in local.plan.schedules : each.component => each } : {}

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
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
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
    Statement = [
      { Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = aws_lambda_function.this["schedule"].arn },
    ]
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.schedules

  name                = local.names[each.key]
  description         = "Runs ${each.key}"
  schedule_expression = "rate(${each.value.everyMinutes} ${each.value.everyMinutes == 1 ? "minute" : "minutes"})"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.this["schedule"].arn
    role_arn = aws_iam_role.scheduler["scheduler"].arn
    # the name of a value of Scheduler has characters that jsonencode writes in another way
    input = replace(replace(jsonencode({
      amalgam = { for name, value in {
        schedule   = each.key
        forSeconds = try(each.value.forSeconds, null)
        at         = can(each.value.forSeconds) ? "<aws.scheduler.scheduled-time>" : null
      } : name => value if value != null }
    }), "\\u003c", "<"), "\\u003e", ">")

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 2
    }
  }
}

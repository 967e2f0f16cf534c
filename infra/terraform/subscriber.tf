# Log groups by their tags and names: a function looks at one when CloudTrail tells that it was made, tagged or untagged, and at all
# of them on a schedule, and subscribes those that fit to the collector. Its subscriptions are no resources here: docs/log-groups.md
# says what to do before it is deleted.

locals {
  subscribers = toset(var.log_group_selection != null && contains(keys(local.functions), "log-subscription") ? ["log-group-subscriber"] : [])
  selection   = var.log_group_selection
  subscriber  = "${local.bundle}/subscriber.zip"

  # A collector's log groups are never subscribed by another: their logs would make more logs.
  collector_tag = length(local.subscribers) == 0 ? {} : { "amalgam:collector" = var.name }

  log_group_arn = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:"
  # A group's ARN is asked for with `:*` at its end, and without.
  subscribed_arns = length(local.subscribers) == 0 ? [] : length(local.selection.include) == 0 ? ["${local.log_group_arn}*"] : flatten([
    for name in sort(local.selection.include) : endswith(name, "*") ? ["${local.log_group_arn}${name}"] : ["${local.log_group_arn}${name}", "${local.log_group_arn}${name}:*"]
  ])
}

resource "aws_cloudwatch_log_group" "subscriber" {
  for_each = local.subscribers

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = merge(var.tags, local.collector_tag)
}

resource "aws_iam_role" "subscriber" {
  for_each = local.subscribers

  name        = "${var.name}-${each.key}"
  description = "Subscribes log groups by their tags and names"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } },
    ]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "subscriber" {
  for_each = local.subscribers

  name = "needed"
  role = aws_iam_role.subscriber[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.subscriber[each.key].arn}:*"
        },
        # which log groups carry the tags is known only when all of them are looked at
        {
          Effect   = "Allow"
          Action   = ["logs:DescribeLogGroups", "logs:DescribeSubscriptionFilters", "logs:ListTagsForResource"]
          Resource = "${local.log_group_arn}*"
        },
        # a subscription ends where a log group is not one to subscribe any more, whatever its name
        { Effect = "Allow", Action = ["logs:DeleteSubscriptionFilter"], Resource = "${local.log_group_arn}*" },
        { Effect = "Allow", Action = ["logs:PutSubscriptionFilter"], Resource = local.subscribed_arns },
        # the tagging service knows no resources that this could be limited to
        { Effect = "Allow", Action = ["tag:GetResources"], Resource = "*" },
      ],
      # its variable is encrypted with the key
      var.kms_key_arn == null ? [] : [{ Effect = "Allow", Action = ["kms:Decrypt"], Resource = var.kms_key_arn }],
    )
  })
}

resource "aws_lambda_function" "subscriber" {
  for_each = local.subscribers

  function_name      = "${var.name}-${each.key}"
  description        = "Subscribes log groups to a collector"
  role               = aws_iam_role.subscriber[each.key].arn
  runtime            = "nodejs24.x"
  handler            = "index.handler"
  architectures      = [var.architecture]
  filename           = local.subscriber
  source_code_hash   = filebase64sha256(local.subscriber)
  memory_size        = 256
  timeout            = 900
  kms_key_arn        = var.kms_key_arn
  source_kms_key_arn = var.kms_key_arn
  tags               = var.tags

  environment {
    variables = {
      AMALGAM_SUBSCRIBER = jsonencode({
        selection = {
          tags    = local.selection.tags
          include = sort(local.selection.include)
          # those that are subscribed by their names would get a second subscription to the same function
          exclude = concat(sort(local.selection.exclude), keys(local.log_groups))
          own     = concat(local.own_log_groups, [aws_cloudwatch_log_group.subscriber[each.key].name])
        }
        filter = {
          name        = "${var.name}-${each.key}"
          destination = aws_lambda_function.this["log-subscription"].arn
          pattern     = local.selection.filter_pattern
        }
      })
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.subscriber[each.key].name
  }

  depends_on = [aws_iam_role_policy.subscriber]

  lifecycle {
    precondition {
      condition     = fileexists(local.subscriber)
      error_message = "bundle should be a folder with subscriber.zip, which `amalgam bundle` of the same release writes where a component takes log subscriptions."
    }
    precondition {
      condition     = var.account_logs == null
      error_message = "log_group_selection should be left out where account_logs subscribes all log groups, since events would come twice."
    }
  }
}

# What is left after 14 minutes it hands to another invocation of itself. Apart from the others, since this comes after the function.
resource "aws_iam_role_policy" "subscriber_itself" {
  for_each = local.subscribers

  name = "itself"
  role = aws_iam_role.subscriber[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = aws_lambda_function.subscriber[each.key].arn }]
  })
}

# ---- All log groups, on a schedule --------------------------------------------------------------------------------------

resource "aws_iam_role" "subscriber_scheduler" {
  for_each = local.subscribers

  name        = "${var.name}-${each.key}-scheduler"
  description = "Calls the function that subscribes log groups"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
  tags = var.tags
}

resource "aws_iam_role_policy" "subscriber_scheduler" {
  for_each = aws_iam_role.subscriber_scheduler

  name = "needed"
  role = each.value.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = aws_lambda_function.subscriber[each.key].arn }],
      # what a schedule sends is encrypted with the key
      var.kms_key_arn == null ? [] : [{ Effect = "Allow", Action = ["kms:Decrypt"], Resource = var.kms_key_arn }],
    )
  })
}

resource "aws_scheduler_schedule" "subscriber" {
  for_each = local.subscribers

  name                = "${var.name}-${each.key}"
  description         = "Looks at all log groups"
  schedule_expression = "rate(${local.selection.every})"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.subscriber[each.key].arn
    role_arn = aws_iam_role.subscriber_scheduler[each.key].arn
    input    = jsonencode({ reconcile = {} })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 2
    }
  }

  # It runs at once, and CloudWatch tries the collector's function when a subscription is made.
  depends_on = [aws_iam_role_policy.subscriber_itself, aws_iam_role_policy.subscriber_scheduler, aws_lambda_permission.this]
}

# ---- Single log groups, when CloudTrail tells of them -------------------------------------------------------------------

locals {
  followers = toset([for each in local.subscribers : each if try(local.selection.events, false)])
}

resource "aws_cloudwatch_event_rule" "subscriber" {
  for_each = local.followers

  name        = "${var.name}-${each.key}"
  description = "Log groups that are made, tagged and untagged"
  event_pattern = jsonencode({
    source      = ["aws.logs"]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["logs.amazonaws.com"]
      eventName   = concat(["CreateLogGroup"], length(local.selection.tags) == 0 ? [] : ["TagResource", "UntagResource", "TagLogGroup", "UntagLogGroup"])
      errorCode   = [{ exists = false }]
    }
  })
  tags = var.tags
}

resource "aws_lambda_permission" "subscriber" {
  for_each = local.followers

  function_name = aws_lambda_function.subscriber[each.key].function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.subscriber[each.key].arn
}

resource "aws_cloudwatch_event_target" "subscriber" {
  for_each = local.followers

  rule = aws_cloudwatch_event_rule.subscriber[each.key].name
  arn  = aws_lambda_function.subscriber[each.key].arn

  depends_on = [aws_lambda_permission.subscriber, aws_lambda_permission.this]
}

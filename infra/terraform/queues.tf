# Queues that functions take messages of, that wait for a backend, and that keep what could not be delivered.

locals {
  # Of a queue that nobody uses nothing is made.
  dead_letters = compact(concat(
    [for each in local.functions : try(each.asyncInvoke.deadLetters, "")],
    [for each in local.plan.eventSources : try(each.deadLetters, "") if contains(keys(local.functions), each.function)],
    [for each in local.connected : try(each.eventSource.deadLetters, try(each.deadLetters, "")) if contains(keys(local.functions), each.function)],
  ))
  queues = {
    for each in concat(local.plan.queues, flatten([for each in local.connected : try(each.makes.queues, [])])) : each.id => each
    if(contains(local.dead_letters, each.id) || contains(keys(local.functions), trimsuffix(each.id, "-dead-letters"))) &&
    (var.create_queue || trimsuffix(each.id, "-dead-letters") != "queue")
  }
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues

  name                      = "${var.name}-${each.key}${try(each.value.fifo, false) ? ".fifo" : ""}"
  message_retention_seconds = each.value.retentionSeconds
  # as many times the timeout of the function as the plan has it
  visibility_timeout_seconds = try(each.value.visibilityTimeoutSeconds / local.functions[each.key].timeout.value * local.timeouts[each.key], null)
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags

  # Order is kept within a group, and groups are many: with high throughput each has a rate of its own.
  fifo_queue            = try(each.value.fifo, false) ? true : null
  deduplication_scope   = try(each.value.fifo, false) ? "messageGroup" : null
  fifo_throughput_limit = try(each.value.fifo, false) ? "perMessageGroupId" : null
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
      # nobody may do anything without encryption on the way: a denial, so it names everybody and everything
      [{
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.this[each.key].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      # one for each service: a policy of SQS has at most 20 statements
      [
        for principal in distinct([for sender in local.senders : sender.principal if sender.to == each.key]) : {
          Effect    = "Allow"
          Principal = { Service = principal }
          Action    = "sqs:SendMessage"
          Resource  = aws_sqs_queue.this[each.key].arn
          Condition = merge(
            {
              ArnEquals = {
                "aws:SourceArn" = [
                  for sender in local.senders : lookup(local.resolved, sender.source, sender.source)
                  if sender.to == each.key && sender.principal == principal
                ]
              }
            },
            # a bucket's ARN has no account
            principal == "s3.amazonaws.com" ? { StringEquals = { "aws:SourceAccount" = local.account } } : null,
          )
        }
      ],
    )
  })
}

locals {
  # Services that put something into a queue themselves: what Lambda did not take, or news of objects.
  senders = concat(
    [for each in local.plan.topics : { to = each.deadLetters, principal = "sns.amazonaws.com", source = each.arn }],
    [for each in local.brought.sns : { to = try(local.connected.sns.deadLetters, ""), principal = "sns.amazonaws.com", source = each.arn }],
    [for each in local.plan.rules : { to = each.deadLetters, principal = "events.amazonaws.com", source = "$${rule:${each.id}}" }],
    [
      for bucket in keys(local.notifications) :
      { to = "objects", principal = "s3.amazonaws.com", source = "arn:${local.partition}:s3:::${bucket}" }
    ],
    [for each in local.brought.s3 : { to = try(local.connected.s3.queue, ""), principal = "s3.amazonaws.com", source = each.arn }],
  )
}

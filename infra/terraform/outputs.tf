output "url" {
  description = "Where components take requests; null where none does."
  value       = try(aws_lambda_function_url.this["http"].function_url, null)
}

output "queue_url" {
  description = "Where components take messages; null where the configuration names its queues, or has none."
  value       = try(aws_sqs_queue.this["queue"].url, null)
}

output "queue_arn" {
  description = "For policies of those that send messages."
  value       = try(aws_sqs_queue.this["queue"].arn, null)
}

output "objects_queue_arn" {
  description = "Takes events of S3; null where no component reads objects."
  value       = try(aws_sqs_queue.this["objects"].arn, null)
}

output "function_names" {
  description = "Names of the functions by kind of trigger."
  value       = { for kind, each in aws_lambda_function.this : kind => each.function_name }

  precondition {
    condition     = local.plan.version == 1
    error_message = "resources.json should have version 1, got ${local.plan.version}: use the module of the same release as amalgam."
  }
  precondition {
    condition     = length(local.plan.problems) == 0
    error_message = join("\n", concat(local.plan.problems, ["."]))
  }
  precondition {
    condition     = length([for kind in coalesce(var.triggers, []) : kind if !contains([for each in local.planned : each.kind], kind)]) == 0
    error_message = "triggers should be some of ${join(", ", [for each in local.planned : each.kind if each.kind != "hand-over"])}, which the configuration has, got ${join(", ", coalesce(var.triggers, []))}."
  }
  precondition {
    condition     = length(local.functions) > 0
    error_message = "the configuration should name what its components take, or a variable such as queues, streams or topics should bring it, got none."
  }
  precondition {
    condition     = alltrue([for service, each in local.brought : length(each) == 0 || contains([for connectable in local.plan.connectable : connectable.service], service)])
    error_message = "${join(", ", [for service, each in local.brought : service == "logs" ? "log_groups, account_logs or log_group_selection" : local.variables_of[service] if length(each) > 0 && !contains([for connectable in local.plan.connectable : connectable.service], service)])} should be left out, since no component of the configuration takes it."
  }
}

output "function_arns" {
  description = "For policies of those that call the URL, and for alarms."
  value       = { for kind, each in aws_lambda_function.this : kind => each.arn }
}

output "role_names" {
  description = "Roles of the functions, for permissions that the configuration does not show."
  value       = { for kind, each in aws_iam_role.this : kind => each.name }
}

output "dead_letter_queue_arns" {
  description = "Queues that keep what could not be delivered: something in them needs a person."
  value       = { for id, each in aws_sqs_queue.this : id => each.arn if endswith(id, "dead-letters") }
}

output "hand_over_queue_url" {
  description = "Where data waits that a backend does not take in time; null where nothing is handed over."
  value       = try(aws_sqs_queue.this["hand-over"].url, null)
}

output "dead_letters" {
  description = "Where data is kept that backends refuse for good, for `amalgam dead-letters` and `amalgam replay`; null where there is none."
  value       = lookup(local.environment, "AMALGAM_DEAD_LETTERS", null)
}

output "state" {
  description = "Where components keep state; null where none does."
  value       = lookup(local.environment, "AMALGAM_STATE", null)
}

output "log_group_names" {
  description = "Where the functions write their own logs."
  value       = { for kind, each in aws_cloudwatch_log_group.this : kind => each.name }
}

output "log_group_subscriber" {
  description = "The function of log_group_selection, its log group, and the name of its subscriptions; null where there is none."
  value = one([
    for id, each in aws_lambda_function.subscriber : {
      function_name  = each.function_name
      log_group_name = aws_cloudwatch_log_group.subscriber[id].name
      filter_name    = each.function_name
    }
  ])
}

output "security_group_id" {
  description = "The security group that vpc_config makes, for rules of what the functions reach; null where there is none."
  value       = one([for each in aws_security_group.this : each.id])
}

output "alarm_arns" {
  description = "Alarms by name, such as for a composite alarm."
  value       = { for id, each in aws_cloudwatch_metric_alarm.this : id => each.arn }
}

output "dashboard_name" {
  description = "The dashboard in CloudWatch; null where none is made."
  value       = try(aws_cloudwatch_dashboard.this[var.name].dashboard_name, null)
}

output "kms_key_policy" {
  description = "Statements for the policy of the key in kms_key_arn, as JSON: services that encrypt or send use it in this account. It depends on no resource, so the key's own policy may take it as a source."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.key_statements })
}

output "notes" {
  description = "What the configuration does not say enough about, and differences from a running process."
  value       = local.plan.notes
}

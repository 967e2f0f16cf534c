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

output "notes" {
  description = "What the configuration does not say enough about, and differences from a running process."
  value       = local.plan.notes
}

variable "bundle" {
  description = "The folder that `amalgam bundle CONFIG --target aws --out FOLDER` has written. By default the one with this module, since bundle writes a copy of it."
  type        = string
  default     = null

  validation {
    condition     = try(fileexists("${var.bundle}/resources.json") && fileexists("${var.bundle}/function.zip"), var.bundle == null)
    error_message = "bundle should be a folder with resources.json and function.zip, which `amalgam bundle CONFIG --target aws --out FOLDER` writes."
  }
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "amalgam"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,32}$", var.name))
    error_message = "name should be 1 to 32 letters, digits, hyphens or underscores."
  }
}

variable "environment" {
  description = "Variables of the functions, which `sys.env` reads. Everyone who may see a function sees them: secrets belong into a secret store, see docs/deploy-aws.md."
  type        = map(string)
  default     = {}

  validation {
    condition     = !anytrue([for name in keys(var.environment) : can(regex("^(_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_))", name))])
    error_message = "environment should have no variable that Lambda sets itself."
  }
}

variable "triggers" {
  description = "Which kinds of trigger get resources, such as [\"http\", \"schedule\"]; all that the configuration has by default. An event source on a queue polls it, which SQS bills by request even when nothing arrives."
  type        = set(string)
  default     = null

  validation {
    condition     = var.triggers == null || length(coalesce(var.triggers, [])) > 0
    error_message = "triggers should name at least one kind of trigger, or be left out."
  }
}

variable "memory" {
  description = "Memory of each function in MB; its processor grows with it. By default what the plan says."
  type        = number
  default     = null

  validation {
    condition     = try(var.memory >= 128 && var.memory <= 10240, var.memory == null)
    error_message = "memory should be from 128 to 10240."
  }
}

variable "timeout" {
  description = "Seconds of one invocation; a queue's messages are hidden six times as long. By default what the plan says."
  type        = number
  default     = null

  validation {
    condition     = try(var.timeout >= 1 && var.timeout <= 900, var.timeout == null)
    error_message = "timeout should be from 1 to 900 seconds."
  }
}

variable "architecture" {
  description = "Processor of the functions."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture should be arm64 or x86_64."
  }
}

variable "reserved_concurrency" {
  description = "Invocations of each function at the same time, taken from those of the account; -1 is no limit but the account's."
  type        = number
  default     = -1

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "reserved_concurrency should be 1 or more, or -1."
  }
}

variable "maximum_concurrency" {
  description = "Invocations for a queue's messages at the same time, from 2 to 1000. By default what the plan says."
  type        = number
  default     = null

  validation {
    condition     = try(var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000, var.maximum_concurrency == null)
    error_message = "maximum_concurrency should be from 2 to 1000."
  }
}

variable "log_retention_days" {
  description = "How long the functions' own logs are kept."
  type        = number
  default     = 14

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days should be one that CloudWatch Logs has, such as 7, 14, 30, 90 or 365."
  }
}

variable "log_groups" {
  description = "Log groups to subscribe besides those that the configuration names, each with its filter pattern; an empty pattern is all events."
  type        = map(string)
  default     = {}
}

variable "queue_arns" {
  description = "Existing queues to take messages of, besides those that the configuration names. Their redrive policies are yours."
  type        = set(string)
  default     = []
}

variable "bucket_notifications" {
  description = "Has the buckets that the configuration names notify the queue of new objects. A bucket has one configuration of notifications: where it has others already, set this to false, and send events of S3 to the output objects_queue_arn yourself, also through SNS or EventBridge."
  type        = bool
  default     = true
}

variable "kafka_secret_arn" {
  description = "Secret of Secrets Manager with the user and the password for Kafka's brokers, where the configuration has authentication."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "Key for logs, queues and the functions' variables. Its policy must let CloudWatch Logs use it. By default AWS' own keys."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Keeps the table of state and the bucket of refused data from being deleted with the module."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of every resource that can have some."
  type        = map(string)
  default     = {}
}

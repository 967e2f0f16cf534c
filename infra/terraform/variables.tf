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
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", var.name))
    error_message = "name should be 1 to 32 letters, digits, hyphens or underscores, and begin with a letter or digit."
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

variable "functions" {
  description = "What differs for functions of some kinds, such as `{ objects = { memory = 3008 } }`; what is left out is as for all."
  type = map(object({
    memory               = optional(number)
    timeout              = optional(number)
    reserved_concurrency = optional(number)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for kind in keys(var.functions) : contains(["http", "log-subscription", "queue", "schedule", "stream", "topic", "firehose", "kafka", "bus", "objects", "hand-over"], kind)])
    error_message = "functions should have kinds of function, which are http, log-subscription, queue, schedule, stream, topic, firehose, kafka, bus, objects and hand-over."
  }
  validation {
    condition     = alltrue([for each in values(var.functions) : try(each.memory >= 128 && each.memory <= 10240, each.memory == null) && try(each.timeout >= 1 && each.timeout <= 900, each.timeout == null) && try(each.reserved_concurrency >= 1, each.reserved_concurrency == null)])
    error_message = "functions should have memory from 128 to 10240, timeout from 1 to 900 seconds, and reserved_concurrency of 1 or more."
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

variable "vpc_config" {
  description = "Where the functions of the configuration run, to reach what has no public address: `subnet_ids`, and `security_group_ids`, by default a new one that may reach everything, the output security_group_id. They then reach the internet only where the subnets have a way out, such as a NAT gateway. By default in no VPC."
  type = object({
    # not sets, of which nothing is known before all items are
    subnet_ids                  = list(string)
    security_group_ids          = optional(list(string))
    ipv6_allowed_for_dual_stack = optional(bool, false)
  })
  default = null

  validation {
    condition     = try(length(var.vpc_config.subnet_ids) > 0 && try(length(var.vpc_config.security_group_ids) > 0, true), var.vpc_config == null)
    error_message = "vpc_config should have at least one subnet, and at least one security group or no security_group_ids."
  }
}

variable "log_groups" {
  description = "Log groups to subscribe besides those that the configuration names, each with its filter pattern; an empty pattern is all events."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "account_logs" {
  description = "Subscribes all log groups of the account in this region, those to come, too, but not the collector's own and those that `except` names: `{}` is all. An account has one such subscription for each region."
  type        = object({ except = optional(set(string), []) })
  default     = null

  validation {
    condition     = alltrue([for name in try(var.account_logs.except, []) : can(regex("^[A-Za-z0-9_/.#-]{1,512}$", name))])
    error_message = "account_logs.except should have names of log groups, without patterns, since AWS selects only by name."
  }
}

variable "log_group_selection" {
  description = "Subscribes log groups by tags and names, those to come, too, with a function of its own: `tags` must all be there, and `*` is any value; `include` and `exclude` have names with `*` for any characters. `filter_pattern` is what CloudWatch sends, by default everything; `every` is how often all log groups are looked at, by default `1 day`; `events = false` is without news from CloudTrail. What to do before it goes: docs/log-groups.md."
  type = object({
    tags           = optional(map(string), {})
    include        = optional(set(string), [])
    exclude        = optional(set(string), [])
    filter_pattern = optional(string, "")
    every          = optional(string, "1 day")
    events         = optional(bool, true)
  })
  default = null

  validation {
    condition     = try(length(var.log_group_selection.tags) + length(var.log_group_selection.include) > 0, var.log_group_selection == null)
    error_message = "log_group_selection should have tags or include, which say which log groups are subscribed: include = [\"*\"] is all."
  }
  validation {
    condition     = alltrue([for name in try(concat(tolist(var.log_group_selection.include), tolist(var.log_group_selection.exclude)), []) : can(regex("^[A-Za-z0-9_./#*-]{1,512}$", name))])
    error_message = "log_group_selection should have names of letters, digits and _-/.#* in include and exclude."
  }
  validation {
    condition     = can(regex("^(1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))$", try(coalesce(var.log_group_selection.every), "1 day")))
    error_message = "log_group_selection.every should be a minute or more, such as 1 day or 12 hours."
  }
}

variable "queues" {
  description = "ARNs of existing queues to take messages of, besides those that the configuration names, each under a name of your choice. Their redrive policies are yours."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.queues) : can(regex("^arn:[^:]+:sqs:", arn))])
    error_message = "queues should have ARNs of SQS."
  }
}

variable "create_queue" {
  description = "Makes a queue for components that take messages and name none. Set this to false where `queues` has those to take."
  type        = bool
  default     = true
  nullable    = false
}

variable "streams" {
  description = "ARNs of streams of Kinesis to read, besides those that the configuration names, each under a name of your choice."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.streams) : can(regex("^arn:[^:]+:kinesis:", arn))])
    error_message = "streams should have ARNs of Kinesis."
  }
}

variable "parallelization" {
  description = "Batches of a stream's shard that are worked on at the same time, from 1 to 10; records of one partition key stay in order."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.parallelization >= 1 && var.parallelization <= 10
    error_message = "parallelization should be from 1 to 10."
  }
}

variable "topics" {
  description = "ARNs of topics of SNS to subscribe to, besides those that the configuration names, each under a name of your choice."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.topics) : can(regex("^arn:[^:]+:sns:", arn))])
    error_message = "topics should have ARNs of SNS."
  }
}

variable "delivery_stream_roles" {
  description = "Names of the roles of delivery streams of Firehose that have the function transform their records, each under a name of your choice. The output function_arns has the function for the stream's processor."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !anytrue([for role in values(var.delivery_stream_roles) : startswith(role, "arn:")])
    error_message = "delivery_stream_roles should have names of roles, not their ARNs."
  }
}

variable "buckets" {
  description = "Existing buckets whose new objects are read, besides those that the configuration names, each under a name of your choice; `prefix` and `suffix` select keys."
  type = map(object({
    bucket = string
    prefix = optional(string)
    suffix = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(distinct([for each in values(var.buckets) : each.bucket])) == length(var.buckets)
    error_message = "buckets should have each bucket once, since a bucket has one configuration of notifications."
  }
}

variable "bucket_notifications" {
  description = "Has the buckets that the configuration names, and those in `buckets`, notify the queue of new objects. A bucket has one configuration of notifications: where it has others already, set this to false, and send events of S3 to the output objects_queue_arn yourself, also through SNS or EventBridge."
  type        = bool
  default     = true
  nullable    = false
}

variable "schedules" {
  description = "More times at which components that work on a clock run once, besides their own, each under a name of your choice: `expression` is one of EventBridge Scheduler, such as `cron(0 6 * * ? *)`."
  type        = map(object({ component = string, expression = string }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, each in var.schedules : can(regex("^[A-Za-z0-9_.-]{1,20}$", name)) && can(regex("^(rate|cron|at)\\(.+\\)$", each.expression))])
    error_message = "schedules should have names of up to 20 letters, digits, dots, hyphens and underscores, and expressions with rate(), cron() or at()."
  }
}

variable "kafka" {
  description = "What the configuration does not know of Kafka's brokers: `cluster_arn` of MSK; `secret_arn` with the user and the password, or the client's certificate; `root_ca_secret_arn` where no public CA vouches for the brokers; `subnet_ids` and `security_group_ids` of brokers in a VPC outside of MSK; `pollers` that are always there, which are billed by the hour and bring single records again in the place of whole batches."
  type = object({
    cluster_arn        = optional(string)
    secret_arn         = optional(string)
    root_ca_secret_arn = optional(string)
    subnet_ids         = optional(set(string), [])
    security_group_ids = optional(set(string), [])
    pollers            = optional(object({ minimum = number, maximum = number }))
  })
  default  = {}
  nullable = false

  validation {
    condition     = try(length(regexall("^arn:[^:]+:kafka:[^:]*:[^:]*:cluster/", var.kafka.cluster_arn)) > 0, var.kafka.cluster_arn == null)
    error_message = "kafka.cluster_arn should be the ARN of a cluster in MSK."
  }
  validation {
    condition     = (length(var.kafka.subnet_ids) == 0) == (length(var.kafka.security_group_ids) == 0)
    error_message = "kafka should have subnet_ids and security_group_ids together."
  }
  validation {
    condition     = try(length(var.kafka.subnet_ids) == 0 || length(var.kafka.cluster_arn) == 0, true)
    error_message = "kafka should have subnet_ids only for brokers outside of MSK, whose clusters know their own."
  }
  validation {
    condition     = try(var.kafka.pollers.minimum >= 1 && var.kafka.pollers.minimum <= var.kafka.pollers.maximum && var.kafka.pollers.maximum <= 2000, var.kafka.pollers == null)
    error_message = "kafka.pollers should have a minimum of at least 1, and a maximum from that to 2000."
  }
}

variable "state_table" {
  description = "Name of an existing table of DynamoDB for what components keep, with the string keys `namespace` and `key` and the time to live `expires`. By default a new one, billed by request; AMALGAM_STATE in `environment` sets another place, such as `memory` or a Redis."
  type        = string
  default     = null
}

variable "dead_letters_bucket" {
  description = "Name of an existing bucket for what backends refuse for good, and what waits for them; keys begin with `name`. By default a new one that keeps them for 30 days."
  type        = string
  default     = null
}

variable "hand_over" {
  description = "Hands data over that a backend does not take in time: the trigger is answered, the data waits in a queue for up to two weeks, and a function of its own delivers it. The event source polls the queue, which SQS bills by request. With false, data goes back to its trigger."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "Alarms on data that is lost, refused, set aside or late, and on functions that fail: `{}` makes all that apply. `actions` has ARNs, such as of a topic, for the begin and the end of an alarm; `max_age_seconds` is how long data may wait in a queue or a stream, `max_lag_records` how many records of a topic of Kafka; `without` names those that are not wanted. CloudWatch bills each by the month. By default none."
  type = object({
    actions         = optional(list(string), [])
    max_age_seconds = optional(number, 900)
    max_lag_records = optional(number, 10000)
    without         = optional(set(string), [])
  })
  default = null

  validation {
    condition     = alltrue([for name in try(var.alarms.without, []) : contains(["dead-letters", "lost", "refused", "set-aside", "waiting", "lagging", "returned", "throttled", "failed"], name)])
    error_message = "alarms.without should name some of dead-letters, lost, refused, set-aside, waiting, lagging, returned, throttled and failed."
  }
  validation {
    condition     = try(var.alarms.max_age_seconds > 0 && var.alarms.max_lag_records > 0, var.alarms == null)
    error_message = "alarms should have max_age_seconds and max_lag_records above 0."
  }
}

variable "dashboard" {
  description = "Makes a dashboard in CloudWatch, which bills it by the month."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key for logs, queues, the table, the bucket, schedules, and the functions' code and variables. Its policy must let services use it: the output kms_key_policy has the statements. By default AWS' own keys."
  type        = string
  default     = null

  validation {
    condition     = try(length(regexall("^arn:[^:]+:kms:[^:]*:[^:]*:key/", var.kms_key_arn)) > 0, var.kms_key_arn == null)
    error_message = "kms_key_arn should be the ARN of a key, not of an alias."
  }
}

variable "source_kms_key_arns" {
  description = "Keys of existing queues, streams, buckets, tables and secrets that the functions read, so that they may decrypt with them."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "deletion_protection" {
  description = "Keeps the table of state and the bucket of refused data from being deleted with the module."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of every resource that can have some."
  type        = map(string)
  default     = {}
}

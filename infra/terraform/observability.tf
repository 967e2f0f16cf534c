# What tells of a collector when nobody looks, and when somebody does. CloudWatch bills both by the month, so they are made on wish.

locals {
  # Whose metrics there are, and the dimension that names it. Of functions and queues that are not made nothing is watched.
  watched = merge(
    { for kind, each in aws_lambda_function.this : "function ${kind}" => ["FunctionName", each.function_name] },
    { for id, each in aws_sqs_queue.this : "queue ${id}" => ["QueueName", each.name] },
  )
  watchable = concat(
    [for kind in keys(local.functions) : "function ${kind}"],
    [for id in keys(local.queues) : "queue ${id}"],
  )

  thresholds = var.alarms == null ? {} : { waiting = var.alarms.max_age_seconds, lagging = var.alarms.max_lag_records }
  alarms = {
    for each in local.plan.alarms : each.id => merge(each, {
      threshold = lookup(local.thresholds, each.name, each.threshold)
      metrics = [
        for i, metric in each.metrics : merge(metric, {
          id    = "m${i}"
          whose = can(metric.function) ? "function ${metric.function}" : "queue ${metric.queue}"
        })
      ]
    }) if var.alarms != null && !contains(try(var.alarms.without, []), each.name)
  }
  made_alarms = {
    for id, each in local.alarms : id => merge(each, {
      metrics = [for metric in each.metrics : metric if contains(local.watchable, metric.whose)]
      ids     = [for metric in each.metrics : can(metric.divisor) ? "s${metric.id}" : metric.id if contains(local.watchable, metric.whose)]
    }) if anytrue([for metric in each.metrics : contains(local.watchable, metric.whose)])
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.made_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${var.name}: ${replace(each.value.reason, "$${threshold}", each.value.threshold)}"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.evaluationPeriods
  datapoints_to_alarm = each.value.datapointsToAlarm
  treat_missing_data  = "notBreaching" # nothing arrives, nothing is wrong
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags

  metric_query {
    id          = "all"
    expression  = length(each.value.ids) == 1 ? each.value.ids[0] : "${upper(each.value.combine)}([${join(", ", each.value.ids)}])"
    label       = each.value.name
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics
    content {
      id          = metric_query.value.id
      return_data = false
      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        period      = each.value.periodSeconds
        stat        = metric_query.value.statistic
        dimensions  = { (local.watched[metric_query.value.whose][0]) = local.watched[metric_query.value.whose][1] }
      }
    }
  }

  dynamic "metric_query" {
    for_each = [for metric in each.value.metrics : metric if can(metric.divisor)]
    content {
      id          = "s${metric_query.value.id}"
      expression  = "${metric_query.value.id} / ${metric_query.value.divisor}"
      return_data = false
    }
  }
}

locals {
  # Only what is there; a graph that would have no line, and alarms where none is made, are left out.
  rows = [
    for row in local.plan.dashboard : [
      for widget in row : merge(widget, {
        series = [
          for i, series in concat(
            [for each in try(widget.left, []) : merge(each, { axis = "left" })],
            [for each in try(widget.right, []) : merge(each, { axis = "right" })],
            ) : merge(series, {
              id = "s${i}"
              metrics = [
                for metric in series.metrics : merge(metric, { whose = can(metric.function) ? "function ${metric.function}" : "queue ${metric.queue}" })
                if contains(local.watchable, can(metric.function) ? "function ${metric.function}" : "queue ${metric.queue}")
              ]
          })
        ]
      }) if widget.kind != "alarms" || length(local.made_alarms) > 0
    ] if var.dashboard && length(local.functions) > 0
  ]
  shown = [for row in local.rows : row if length(row) > 0]

  widgets = flatten([
    for y, row in local.shown : [
      for x, widget in row : {
        type       = { alarms = "alarm", metrics = "metric", log-query = "log" }[widget.kind]
        x          = sum(concat([0], [for before in slice(row, 0, x) : before.width]))
        y          = sum(concat([0], [for above in slice(local.shown, 0, y) : above[0].height]))
        width      = widget.width
        height     = widget.height
        properties = jsondecode(local.properties["${y} ${x}"])
      } if widget.kind != "metrics" || length(flatten([for series in widget.series : series.metrics])) > 0
    ]
  ])
  # As texts, since the three kinds of widget are of different types.
  properties = merge(concat([{}], [
    for y, row in local.shown : {
      for x, widget in row : "${y} ${x}" =>
      widget.kind == "alarms" ? jsonencode({
        title  = widget.title
        alarms = [for each in aws_cloudwatch_metric_alarm.this : each.arn]
        }) : widget.kind == "log-query" ? jsonencode({
        title  = widget.title
        region = local.region
        view   = "table"
        query  = join(" | ", concat([for each in aws_cloudwatch_log_group.this : "SOURCE '${each.name}'"], try(widget.query, [])))
        }) : jsonencode({
        title  = widget.title
        region = local.region
        view   = "timeSeries"
        metrics = concat(concat([[]], [
          for series in widget.series : concat(
            [
              for i, metric in series.metrics : concat([metric.namespace, metric.name], local.watched[metric.whose], [
                { for name, value in {
                  stat    = metric.statistic
                  yAxis   = series.axis
                  label   = can(series.combine) ? null : series.label
                  id      = can(series.combine) ? "${series.id}m${i}" : null
                  visible = can(series.combine) ? false : null
                } : name => value if value != null }
              ])
            ],
            [
              for how in compact([length(series.metrics) == 0 ? "" : try(series.combine, "")]) : [{
                expression = length(series.metrics) == 1 ? "${series.id}m0" : "${upper(how)}([${join(", ", [for i, metric in series.metrics : "${series.id}m${i}"])}])"
                id         = series.id
                label      = series.label
                yAxis      = series.axis
              }]
            ],
          )
        ])...)
      })
    }
  ])...)
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = length(local.shown) == 0 ? [] : toset([var.name])

  dashboard_name = each.key
  dashboard_body = jsonencode({ periodOverride = "auto", widgets = local.widgets })
}

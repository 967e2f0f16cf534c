# What a configuration does not know of its brokers: Lambda's poller reaches them, and shows who it is, with the function's role.

locals {
  kafka         = var.kafka
  kafka_pollers = local.kafka.pollers != null
  kafka_sources = [for each in local.plan.eventSources : each if each.service == "kafka" && contains(keys(local.functions), "kafka")]

  # As Lambda names them; a secret without a method in the configuration is of MSK, which knows one.
  kafka_methods = {
    none      = "SASL_SCRAM_512_AUTH"
    plain     = "BASIC_AUTH"
    scram_256 = "SASL_SCRAM_256_AUTH"
    scram_512 = "SASL_SCRAM_512_AUTH"
    mtls      = "CLIENT_CERTIFICATE_TLS_AUTH"
  }

  kafka_secrets = concat(
    local.kafka.secret_arn == null ? [] : [local.kafka.secret_arn],
    local.kafka.root_ca_secret_arn == null ? [] : [local.kafka.root_ca_secret_arn],
  )
  kafka_access = {
    for each in local.kafka_sources : each.from => concat(
      local.kafka.secret_arn == null ? [] : [
        { type = lookup(local.kafka_methods, each.kafka.authentication, "SASL_SCRAM_512_AUTH"), uri = local.kafka.secret_arn },
      ],
      local.kafka.root_ca_secret_arn == null ? [] : [
        { type = "SERVER_ROOT_CA_CERTIFICATE", uri = local.kafka.root_ca_secret_arn },
      ],
      [for id in sort(local.kafka.subnet_ids) : { type = "VPC_SUBNET", uri = "subnet:${id}" }],
      [for id in sort(local.kafka.security_group_ids) : { type = "VPC_SECURITY_GROUP", uri = "security_group:${id}" }],
    )
  }

  kafka_statements = concat(
    length(local.kafka_secrets) == 0 ? [] : [
      { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.kafka_secrets },
    ],
    # the poller asks MSK for the brokers
    local.kafka.cluster_arn == null ? [] : [
      { Effect = "Allow", Action = ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"], Resource = [local.kafka.cluster_arn] },
    ],
    # with a role in the place of a password
    flatten([
      for each in local.kafka_sources : [
        { Effect = "Allow", Action = ["kafka-cluster:Connect"], Resource = [local.kafka.cluster_arn] },
        {
          Effect   = "Allow"
          Action   = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
          Resource = ["${replace(local.kafka.cluster_arn, ":cluster/", ":group/")}/${each.kafka.groupId}"]
        },
        {
          Effect   = "Allow"
          Action   = ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"]
          Resource = ["${replace(local.kafka.cluster_arn, ":cluster/", ":topic/")}/${each.from}"]
        },
      ] if each.kafka.authentication == "iam" && local.kafka.cluster_arn != null
    ]),
    # the poller makes network interfaces to reach the brokers, for which AWS has no narrower resource than any
    local.kafka.cluster_arn == null && length(local.kafka.subnet_ids) == 0 ? [] : [
      {
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSecurityGroups",
          "ec2:DescribeSubnets",
          "ec2:DescribeVpcs",
        ]
        Resource = ["*"]
      },
    ],
  )
}

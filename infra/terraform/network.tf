# A security group for functions in a network, where the user brings none: they may reach everything, and nothing reaches them.

locals {
  # without try, which knows nothing of a group that is made in the same apply
  makes_security_group = var.vpc_config == null ? false : var.vpc_config.security_group_ids == null
  security_groups      = toset(local.makes_security_group ? ["functions"] : [])
  security_group_ids   = local.makes_security_group ? [for each in aws_security_group.this : each.id] : var.vpc_config == null ? null : var.vpc_config.security_group_ids
}

data "aws_subnet" "this" {
  for_each = local.security_groups

  id = var.vpc_config.subnet_ids[0]
}

resource "aws_security_group" "this" {
  for_each = local.security_groups

  name_prefix = "${var.name}-${each.key}-"
  description = "Functions of ${var.name}"
  vpc_id      = data.aws_subnet.this[each.key].vpc_id
  tags        = var.tags

  timeouts {
    delete = "45m" # Lambda takes its network interfaces away some time after the functions
  }

  lifecycle {
    create_before_destroy = true # functions leave one only for another
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = merge(
    { for each in local.security_groups : "${each} IPv4" => { group = each, ipv4 = "0.0.0.0/0", ipv6 = null } },
    { for each in local.security_groups : "${each} IPv6" => { group = each, ipv4 = null, ipv6 = "::/0" } if try(var.vpc_config.ipv6_allowed_for_dual_stack, false) },
  )

  security_group_id = aws_security_group.this[each.value.group].id
  description       = "Backends, and what functions read"
  ip_protocol       = "-1"
  cidr_ipv4         = each.value.ipv4
  cidr_ipv6         = each.value.ipv6
  tags              = var.tags
}

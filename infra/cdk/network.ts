/** What roles need for functions, and for Lambda's pollers, that reach into a network. */
import { type IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { explainWildcard } from "./permissions.ts";

const ofPollers = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeVpcs",
];

const ofFunctions = [
  "ec2:AssignPrivateIpAddresses",
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:UnassignPrivateIpAddresses",
];

/** Lets Lambda make the function's network interfaces. */
export const allowNetwork = (role: IRole): void =>
  allowAnywhere(role, ofFunctions, "Lambda makes network interfaces for the function, for which there is no narrower resource"); // biome-ignore format: a line

/** Lets Lambda's poller make network interfaces. */
export const allowPoller = (role: IRole): void =>
  allowAnywhere(role, ofPollers, "Lambda's poller makes network interfaces to reach the brokers, for which there is no narrower resource"); // biome-ignore format: a line

function allowAnywhere(role: IRole, actions: string[], reason: string): void {
  role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: ["*"] }));
  explainWildcard(role, "*", reason);
}

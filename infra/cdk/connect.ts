/** What a plan says of sources that a configuration does not name and the user brings. */
import { createHash } from "node:crypto";
import { Stack, Token } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { ConnectablePlan, PermissionPlan, ResourcePlan } from "../resources.ts";

export type Service = ConnectablePlan["service"];

/** What a service's source needs. */
export function connectableTo({ connectable }: ResourcePlan, service: Service): ConnectablePlan {
  const found = connectable.find(each => each.service === service);
  if (!found) throw new Error(`the plan should have components that take what ${service} brings, got none`);
  return found;
}

/** Permissions for one source; other names in a text are left for later. */
export const permissionsFor = (
  { permissions }: Pick<ConnectablePlan, "permissions">,
  source: string,
  prefix = "",
): PermissionPlan[] =>
  permissions.map(each => ({
    ...each,
    resource: each.resource.replaceAll("${source}", () => source).replaceAll("${prefix}", () => prefix),
  }));

/** An id for what a name or an ARN of the plan stands for: the name that the configuration has. */
export function idOf(scope: Construct, text: string): string {
  if (Token.isUnresolved(text))
    return `Of${createHash("sha1")
      .update(JSON.stringify(Stack.of(scope).resolve(text)))
      .digest("hex")
      .slice(0, 8)}`;
  return text.includes("${AWS::") ? text.replace(/^.*:(?:stream\/)?/, "") : text;
}

/** What a template of CloudFormation allows and denies, in texts that a person can read, and which wildcards need an explanation. */

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resource: string;
  /** Who may, where the statement is a resource's. */
  readonly principal: string;
  /** Ids of the roles that may, where it is a role's. */
  readonly roles: readonly string[];
  /** When, as `aws:SecureTransport false`. */
  readonly condition: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Statements of roles and of resources' own policies, and who may call functions. */
export function statementsOf(template: object): Statement[] {
  const { Resources } = template as { Resources: Record<string, { Type: string; Properties?: Json }> }; // of every template
  return Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
    if (Type === "AWS::Lambda::Permission") return [callerOf(Properties)];
    const document = Properties["PolicyDocument"] as { Statement: Json[] } | undefined; // as IAM has it
    const roles = [Properties["Roles"] ?? []].flat() as { Ref: string }[]; // of a policy
    return (document?.Statement ?? []).map(({ Effect, Action, Resource, Principal, Condition = {} }) => ({
      effect: String(Effect),
      actions: [Action].flat().map(String),
      resource: [Resource].flat().map(textOf).join(", "),
      principal: textOf(Principal ?? ""),
      roles: roles.map(({ Ref }) => Ref),
      condition: conditionOf(Object.values(Condition as Json).flatMap(keys => Object.entries(keys as Json))), // by operator
    }));
  });
}

/** What lets a service, or everyone, call a function. */
const callerOf = ({ Action, FunctionName, Principal, ...conditions }: Json): Statement => ({
  effect: "Allow",
  actions: [String(Action)],
  resource: textOf(FunctionName),
  principal: Principal === "*" ? "everyone" : textOf(Principal),
  roles: [],
  condition: conditionOf(Object.entries(conditions)),
});

const conditionOf = (entries: readonly (readonly [string, unknown])[]): string =>
  entries.map(([name, value]) => `${name} ${textOf(value)}`).join(" and ");

/** A value with CloudFormation's functions as one text. */
export function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  const [[name, of] = ["", undefined]] = Object.entries(value);
  if (name === "Fn::Join") {
    const [separator, parts] = of as [string, unknown[]]; // its arguments
    return parts.map(textOf).join(separator);
  }
  if (name === "Fn::GetAtt") return `\${${[of].flat().join(".")}}`;
  if (name === "Ref") return `\${${String(of)}}`;
  return `${name} ${textOf(of)}`;
}

/** Wildcards for which there is a reason, by what they look like. */
const explained: readonly { readonly action?: RegExp; readonly resource: RegExp; readonly reason: string }[] = [
  {
    resource: /:log-group:[^*]+:\*$/,
    reason: "streams of one log group: CloudWatch Logs has no other name for all of them",
  },
  {
    action: /^s3:(Delete|Get|Put)Object/,
    resource: /[^*]+\*$/,
    reason: "objects of one bucket below one prefix, which the configuration names",
  },
  {
    action: /^ssm:/,
    resource: /:parameter\/[^*]+\*$/,
    reason: "parameters below one path, which the configuration names",
  },
  {
    action: /^secretsmanager:/,
    resource: /:secret:[^*]+-\?{6}$/,
    reason: "a secret's ARN ends with six characters that Secrets Manager makes up",
  },
  { action: /^xray:/, resource: /^\*$/, reason: "X-Ray has no resources" },
];

/** Why a statement has a wildcard; nothing where it has none. */
export const wildcardReasons = ({ actions, resource }: Statement): readonly string[] => [
  ...new Set(
    explained
      .filter(each => actions.some(action => each.action?.test(action) ?? true) && each.resource.test(resource))
      .map(({ reason }) => reason),
  ),
];

/** Allowed statements with a wildcard that has no reason. */
export const unexplained = (template: object): Statement[] =>
  statementsOf(template).filter(
    ({ effect, actions, resource }) =>
      effect === "Allow" &&
      (actions.some(action => action.includes("*")) ||
        (/[*?]/.test(resource) && !actions.every(action => isExplained(action, resource)))),
  );

const isExplained = (action: string, resources: string): boolean =>
  resources
    .split(", ")
    .filter(resource => /[*?]/.test(resource))
    .every(resource => explained.some(each => (each.action?.test(action) ?? true) && each.resource.test(resource)));

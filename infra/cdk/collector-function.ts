/** One function of a collector: its role, its log group, and the code that all of them share. */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Grant, type IGrantable, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, type Code, Function as Lambda, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";

/** What all functions of a collector have in common. */
export interface CollectorFunctionProps {
  readonly code: Code;
  readonly graph: GraphDescription;
  readonly description: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly memory: number;
  readonly architecture: Architecture;
  readonly logRetention: RetentionDays;
  readonly reservedConcurrency: number | undefined;
}

/** Props that a user leaves out. */
export const defaults = {
  timeout: Duration.seconds(30),
  memory: 512,
  architecture: Architecture.ARM_64,
  logRetention: RetentionDays.TWO_WEEKS,
} as const;

export class CollectorFunction extends Construct {
  readonly function: Lambda;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: CollectorFunctionProps) {
    super(scope, id);
    const { code, graph, description, environment, timeout, memory, architecture, reservedConcurrency } = props;
    this.logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    this.logGroup.grantWrite(role); // only its own group; the managed policy would allow to create and write any
    for (const statement of statementsOf(graph, Stack.of(this))) role.addToPolicy(statement);
    this.function = new Lambda(this, "Resource", {
      description,
      runtime: Runtime.NODEJS_24_X,
      handler: "index.handler",
      code,
      role,
      architecture,
      memorySize: memory,
      timeout,
      environment: { ...environment },
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
    });
  }

  /** Lets a caller invoke the function, and no version or alias besides it. */
  grantInvoke(grantee: IGrantable): Grant {
    const resourceArns = [this.function.functionArn];
    return Grant.addToPrincipal({ grantee, actions: ["lambda:InvokeFunction"], resourceArns });
  }
}

/** The permissions that components ask of AWS, one statement a resource; those of other clouds are granted there. */
function statementsOf({ components }: GraphDescription, stack: Stack): PolicyStatement[] {
  const actions = new Map<string, Set<string>>();
  for (const { id, permissions } of components)
    for (const { action, resource } of permissions) {
      if (!/^[\w-]+:/.test(action)) continue;
      if (action.includes("*"))
        throw new Error(
          `${id} should need single actions, got ${action}: a function gets no permission with a wildcard`,
        );
      actions.set(resource, (actions.get(resource) ?? new Set()).add(action));
    }
  return [...actions].map(
    ([resource, names]) => new PolicyStatement({ actions: [...names].sort(), resources: [inStack(resource, stack)] }),
  );
}

/** A resource whose ARN leaves open what a stack knows: `arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a`. */
const inStack = (resource: string, { partition, region, account }: Stack): string =>
  resource
    .replaceAll("${AWS::Partition}", partition)
    .replaceAll("${AWS::Region}", region)
    .replaceAll("${AWS::AccountId}", account);

/** Where the components of a collector keep what outlives an invocation: a table, unless they keep nothing or it is elsewhere. */
import { Annotations, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, CfnTable, type ITable, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { Grant, type IGrantable } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { tableActions } from "../../lib/pipeline/state/dynamodb-actions.ts";

export interface StateProps {
  /**
   * A table for what components keep, with the string keys `namespace` and `key` and the time to live `expires`; or `memory`:
   * each instance of a function keeps its own until it ends. For a Redis, set `AMALGAM_STATE` in `environment` instead.
   * @default a new table, billed by request, where a component keeps something
   */
  readonly state?: ITable | "memory";
  /**
   * What becomes of the new table when the collector is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly stateRemovalPolicy?: RemovalPolicy;
}

export interface StateOptions extends StateProps {
  readonly graph: GraphDescription;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where the state is. */
export interface State {
  readonly table: ITable | undefined;
  /** Variables of the functions, the user's among them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Makes what a graph needs for its state. */
export function stateOf(scope: Construct, { graph, environment, state, stateRemovalPolicy }: StateOptions): State {
  const ids = graph.components.filter(each => each.state).map(({ id }) => id);
  const chosen = environment["AMALGAM_STATE"];
  if (chosen !== undefined && state !== undefined)
    throw new Error("state should not be set together with AMALGAM_STATE in environment, got both");
  if (!ids.length) return { table: undefined, environment };
  if (state === "memory" || chosen === "memory") {
    Annotations.of(scope).addWarningV2(
      "amalgam:memory-state",
      `state of ${ids.join(", ")} is kept in the memory of each instance of a function and ends with it`,
    );
    return { table: undefined, environment };
  }
  if (chosen !== undefined) return { table: undefined, environment };
  if (state) checkKeys(state);
  const table = state ?? createTable(scope, stateRemovalPolicy);
  return { table, environment: { ...environment, AMALGAM_STATE: `dynamodb:${table.tableName}` } };
}

const createTable = (scope: Construct, removalPolicy = RemovalPolicy.RETAIN): ITable =>
  new Table(scope, "State", {
    partitionKey: { name: "namespace", type: AttributeType.STRING },
    sortKey: { name: "key", type: AttributeType.STRING },
    timeToLiveAttribute: "expires",
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.AWS_MANAGED,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  }) as ITable; // it is one, but for exactOptionalPropertyTypes

/** What is known of a table that the user brought. */
function checkKeys(table: ITable): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable) || !Array.isArray(resource.keySchema)) return;
  const schema = resource.keySchema as readonly CfnTable.KeySchemaProperty[]; // a table of this app has no other
  const names = schema.map(({ attributeName }) => attributeName);
  if (names.join() !== "namespace,key")
    throw new Error(
      `state should be a table with the keys namespace and key, got ${table.node.path} with ${names.join(" and ")}`,
    );
}

/** Lets a function read and write items of the one table, and nothing else. */
export function grantState(table: ITable, grantee: IGrantable): void {
  Grant.addToPrincipal({ grantee, actions: [...tableActions], resourceArns: [table.tableArn] });
  table.encryptionKey?.grantEncryptDecrypt(grantee);
}

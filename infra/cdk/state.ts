/** Where the components of a collector keep what outlives an invocation: a table, unless they keep nothing or it is elsewhere. */
import { Annotations, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, BillingMode, CfnTable, type ITable, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { ResourcePlan, TablePlan } from "../resources.ts";
import type { Places } from "./places.ts";

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
  readonly plan: Pick<ResourcePlan, "tables">;
  readonly places: Places;
  /** Of the functions. */
  readonly environment: Readonly<Record<string, string>>;
  readonly encryptionKey?: IKey | undefined;
}

/** The table that the plan has for state: a new one, or the user's; `undefined` where there is none, or the state is elsewhere. */
export function stateOf(scope: Construct, options: StateOptions): ITable | undefined {
  const { plan, places, environment, state } = options;
  const chosen = environment["AMALGAM_STATE"];
  if (chosen !== undefined && state !== undefined)
    throw new Error("state should not be set together with AMALGAM_STATE in environment, got both");
  const [planned] = plan.tables;
  if (!planned) return undefined;
  if (state === "memory" || chosen === "memory")
    Annotations.of(scope).addWarningV2(
      "amalgam:memory-state",
      `state of ${planned.components.join(", ")} is kept in the memory of each instance of a function and ends with it`,
    );
  if (state === "memory" || chosen !== undefined) {
    for (const kind of ["table", "table-name"]) places.leaveOut(`${kind}:${planned.id}`);
    return undefined;
  }
  if (state) checkKeys(state, planned);
  const table = state ?? createTable(scope, planned, options);
  places.set(`table:${planned.id}`, table.tableArn, table.encryptionKey);
  places.set(`table-name:${planned.id}`, table.tableName);
  return table;
}

function createTable(
  scope: Construct,
  planned: TablePlan,
  { encryptionKey, stateRemovalPolicy }: StateOptions,
): ITable {
  return new Table(scope, "State", {
    partitionKey: { name: planned.partitionKey, type: AttributeType.STRING },
    sortKey: { name: planned.sortKey, type: AttributeType.STRING },
    timeToLiveAttribute: planned.timeToLive,
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey
      ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }
      : { encryption: TableEncryption.AWS_MANAGED }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: stateRemovalPolicy ?? RemovalPolicy.RETAIN,
  }) as ITable; // it is one, but for exactOptionalPropertyTypes
}

/** What is known of a table that the user brought. */
function checkKeys(table: ITable, { partitionKey, sortKey }: TablePlan): void {
  const resource = table.node.defaultChild;
  if (!(resource instanceof CfnTable) || !Array.isArray(resource.keySchema)) return;
  const schema = resource.keySchema as readonly CfnTable.KeySchemaProperty[]; // a table of this app has no other
  const names = schema.map(({ attributeName }) => attributeName);
  if (names.join() !== [partitionKey, sortKey].join())
    throw new Error(
      `state should be a table with the keys ${partitionKey} and ${sortKey}, got ${table.node.path} with ${names.join(" and ")}`,
    );
}

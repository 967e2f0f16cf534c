import { RemovalPolicy, Stack } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { AttributeType, type ITable, Table } from "aws-cdk-lib/aws-dynamodb";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import type { ComponentDescription } from "../../lib/pipeline/graph/describe.ts";
import { storePermissions } from "../resources/stores.ts";
import { planResources } from "../resources.ts";
import { allow } from "./permissions.ts";
import { Places } from "./places.ts";
import { type StateOptions, stateOf } from "./state.ts";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const scrape = `
prometheus.scrape "app" {
  targets    = [{ "__address__" = "app.example.com:80" }]
  forward_to = [prometheus.remote_write.out.receiver]
}
prometheus.remote_write "out" { endpoint { url = "https://mimir.example.com/api/v1/push" } }
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }
`;

const table = (properties: object = {}) => ({
  KeySchema: [
    { AttributeName: "namespace", KeyType: "HASH" },
    { AttributeName: "key", KeyType: "RANGE" },
  ],
  ...properties,
});

const statesOf = (template: Template): unknown[] =>
  Object.values(template.findResources("AWS::Lambda::Function")).map(
    ({ Properties }) => Properties.Environment?.Variables?.AMALGAM_STATE,
  );

const actions = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:DeleteItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
];

const ofDynamo = (template: Template) =>
  allowed(template).filter(({ Action }) => JSON.stringify(Action).includes("dynamodb:"));

describe("a configuration with a component that keeps state", () => {
  const { stack, collector } = synthesize(scrape);
  const template = Template.fromStack(stack);
  const id = idOf(stack, collector.stateTable as Table);

  test("has one table", () => {
    template.resourceCountIs("AWS::DynamoDB::Table", 1);
    expect(id).toMatch(/^CollectorState/);
  });

  test.for([
    {
      fact: "its keys are those of the store",
      properties: table({
        AttributeDefinitions: [
          { AttributeName: "namespace", AttributeType: "S" },
          { AttributeName: "key", AttributeType: "S" },
        ],
      }),
    },
    { fact: "it costs nothing while nobody asks", properties: { BillingMode: "PAY_PER_REQUEST" } },
    {
      fact: "what expires is deleted",
      properties: { TimeToLiveSpecification: { AttributeName: "expires", Enabled: true } },
    },
    { fact: "it is encrypted with a key of AWS", properties: { SSESpecification: { SSEEnabled: true } } },
    {
      fact: "it can be restored as it was at any time",
      properties: { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
    },
  ])("$fact", ({ properties }) => {
    template.hasResourceProperties("AWS::DynamoDB::Table", properties);
  });

  test("it stays when the collector is deleted", () => {
    template.hasResource("AWS::DynamoDB::Table", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
  });

  test("each function knows it and may do just what the store does, on this table only", () => {
    const name = { "Fn::Join": ["", ["dynamodb:", { Ref: id }]] };
    expect(statesOf(template)).toEqual([name, name, name, name]); // one delivers what waits
    const statement = { Action: actions, Effect: "Allow", Resource: { "Fn::GetAtt": [id, "Arn"] } };
    expect(ofDynamo(template)).toEqual([statement, statement, statement, statement]);
  });

  test("satisfies the checks of AWS Solutions, without a warning", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
    expect(Annotations.fromStack(stack).findWarning("*", Match.stringLikeRegexp("memory"))).toEqual([]);
  });
});

/** What is made for a graph, and for a role that may do what the plan says. */
function made(components: readonly Pick<ComponentDescription, "id" | "state">[], options: Partial<StateOptions> = {}) {
  const stack = options.state && options.state !== "memory" ? Stack.of(options.state) : emptyStack();
  const all = components.map(each => ({ ...each, name: "", label: "", triggers: [], permissions: [] }));
  const graph = { version: 1 as const, components: all, edges: [] };
  const places = new Places();
  const table = stateOf(stack, { plan: planResources(graph), places, environment: {}, ...options });
  const role = new Role(stack, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  allow(role, storePermissions(graph, "http"), places);
  const name = table && (stack.resolve(places.resolve("dynamodb:${table-name:state}", stack)) as unknown);
  return { stack, table, name, template: Template.fromStack(stack) };
}
const some = [
  { id: "prometheus.scrape.app", state: true },
  { id: "loki.write.out", state: false },
];
const memory =
  "state of prometheus.scrape.app is kept in the memory of each instance of a function and ends with it [ack: amalgam:memory-state]";

test.for([
  { it: "a graph that keeps nothing", components: [], options: {}, warnings: [] },
  {
    it: "memory by the prop",
    components: some,
    options: { state: "memory" },
    warnings: [memory],
  },
  {
    it: "memory by the variable",
    components: some,
    options: { environment: { AMALGAM_STATE: "memory" } },
    warnings: [memory],
  },
  {
    it: "a Redis",
    components: some,
    options: { environment: { AMALGAM_STATE: "rediss://cache.example.com" } },
    warnings: [],
  },
] as const)("no table is made for $it", ({ components, options, warnings }) => {
  const { stack, table, template } = made(components, options);
  template.resourceCountIs("AWS::DynamoDB::Table", 0);
  expect([table, ofDynamo(template)]).toEqual([undefined, []]);
  expect(Annotations.fromStack(stack).findWarning("*", Match.anyValue()).map(({ entry }) => entry.data)).toEqual(warnings); // biome-ignore format: a line
});

test("a new table goes with the collector if that is said", () => {
  const { template } = made(some, { stateRemovalPolicy: RemovalPolicy.DESTROY });
  template.hasResource("AWS::DynamoDB::Table", { DeletionPolicy: "Delete" });
});

describe("a table of one's own", () => {
  const partitionKey = { name: "namespace", type: AttributeType.STRING };
  const sortKey = { name: "key", type: AttributeType.STRING };

  test("is used in the place of a new one, its key too", () => {
    const stack = emptyStack();
    const encryptionKey = new Key(stack, "Key");
    const own = new Table(stack, "Own", { partitionKey, sortKey, encryptionKey });
    const { template, name } = made(some, { state: own as ITable });
    template.resourceCountIs("AWS::DynamoDB::Table", 1);
    const id = idOf(stack, own);
    expect(name).toEqual({ "Fn::Join": ["", ["dynamodb:", { Ref: id }]] });
    expect(ofDynamo(template)).toEqual([{ Action: actions, Effect: "Allow", Resource: { "Fn::GetAtt": [id, "Arn"] } }]);
    const key = { "Fn::GetAtt": [idOf(stack, encryptionKey), "Arn"] };
    expect(allowed(template).map(({ Resource }) => Resource)).toContainEqual(key);
  });

  test("may be known by its name only", () => {
    const { name } = made(some, { state: Table.fromTableName(emptyStack(), "Own", "shop-state") });
    expect(name).toBe("dynamodb:shop-state");
  });

  test("with other keys is refused", () => {
    const own = new Table(emptyStack(), "Own", { partitionKey: { name: "id", type: AttributeType.STRING } });
    expect(() => made(some, { state: own as ITable })).toThrow(
      new Error("state should be a table with the keys namespace and key, got Shop/Own with id"),
    );
  });
});

test("two choices are refused", () => {
  expect(() => made(some, { state: "memory", environment: { AMALGAM_STATE: "redis://cache" } })).toThrow(
    new Error("state should not be set together with AMALGAM_STATE in environment, got both"),
  );
});

test("an AMALGAM_STATE that means nothing is refused at synthesis", () => {
  expect(() => synthesize(scrape, { environment: { AMALGAM_STATE: "sqlite" } })).toThrow(
    'AMALGAM_STATE should be memory, dynamodb:TABLE, redis://HOST or rediss://HOST, got "sqlite"',
  );
});

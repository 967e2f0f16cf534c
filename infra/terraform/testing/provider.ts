/**
 * A stand-in for Terraform's AWS provider, for places where that can't be had: it speaks the plugin protocol with the real
 * provider's schema, so `terraform validate` checks every resource, argument, block and type, and plans and applies by filling in
 * what AWS would compute. It calls nobody and checks no values.
 */
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import awsSchema from "./aws-schema.json" with { type: "json" };
import { decodeMsgpack, encodeMsgpack, unknown } from "./msgpack.ts";
import type { BlockSchema, ProviderSchema } from "./schema.ts";

const { resource_schemas, data_source_schemas } = awsSchema as unknown as ProviderSchema; // written by reduce-schema.ts

/** What the protocol's version 5 has of messages that are used here. */
const messages = protobuf.parse(
  `
syntax = "proto3";
message DynamicValue { bytes msgpack = 1; bytes json = 2; }
message RawState { bytes json = 1; }
message Attribute { string name = 1; bytes type = 2; bool required = 4; bool optional = 5; bool computed = 6; }
message NestedBlock { string type_name = 1; Block block = 2; int32 nesting = 3; int64 min_items = 4; int64 max_items = 5; }
message Block { int64 version = 1; repeated Attribute attributes = 2; repeated NestedBlock block_types = 3; }
message Schema { int64 version = 1; Block block = 2; }
message Empty { }
message GetSchemaResponse { Schema provider = 1; map<string, Schema> resource_schemas = 2; map<string, Schema> data_source_schemas = 3; }
message PrepareProviderConfigRequest { DynamicValue config = 1; }
message PrepareProviderConfigResponse { DynamicValue prepared_config = 1; }
message UpgradeResourceStateRequest { string type_name = 1; RawState raw_state = 3; }
message UpgradeResourceStateResponse { DynamicValue upgraded_state = 1; }
message ReadResourceRequest { string type_name = 1; DynamicValue current_state = 2; }
message ReadResourceResponse { DynamicValue new_state = 1; }
message PlanResourceChangeRequest { string type_name = 1; DynamicValue prior_state = 2; DynamicValue proposed_new_state = 3; }
message PlanResourceChangeResponse { DynamicValue planned_state = 1; bool legacy_type_system = 5; }
message ApplyResourceChangeRequest { string type_name = 1; DynamicValue planned_state = 3; }
message ApplyResourceChangeResponse { DynamicValue new_state = 1; bool legacy_type_system = 4; }
message ReadDataSourceRequest { string type_name = 1; DynamicValue config = 2; }
message ReadDataSourceResponse { DynamicValue state = 1; }
`,
  { keepCase: true },
).root;

type Json = Record<string, unknown>;

/** Methods by their names; those that only check answer with nothing. */
const methods: Readonly<Record<string, (request: Json) => Json>> = {
  GetSchema: () => ({
    provider: schemaMessage({ attributes: { region: { type: "string", optional: true } }, block_types: {} }),
    resource_schemas: mapValues(resource_schemas, schemaMessage),
    data_source_schemas: mapValues(data_source_schemas, schemaMessage),
  }),
  PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
  UpgradeResourceState: ({ raw_state }) => ({ upgraded_state: { json: (raw_state as { json: Uint8Array }).json } }),
  ReadResource: ({ current_state }) => ({ new_state: current_state }),
  PlanResourceChange: ({ type_name, prior_state, proposed_new_state }) => ({
    planned_state: read(prior_state)
      ? proposed_new_state // has what is known since it was made
      : write(withComputed(String(type_name), read(proposed_new_state), () => unknown)),
    legacy_type_system: true,
  }),
  ApplyResourceChange: ({ type_name, planned_state }) => ({
    new_state: write(made(String(type_name), read(planned_state))),
    legacy_type_system: true,
  }),
  ReadDataSource: ({ type_name, config }) => ({ state: write(made(String(type_name), read(config))) }),
};

const mapValues = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

const schemaMessage = (block: BlockSchema): Json => ({ version: 0, block: blockMessage(block) });

const nestingModes = { single: 1, list: 2, set: 3 };

const blockMessage = ({ attributes, block_types }: BlockSchema): Json => ({
  attributes: Object.entries(attributes).map(([name, { type, ...flags }]) => ({
    name,
    type: Buffer.from(JSON.stringify(type)),
    ...flags,
  })),
  block_types: Object.entries(block_types).map(([type_name, { nesting_mode, block, min_items, max_items }]) => ({
    type_name,
    block: blockMessage(block),
    nesting: nestingModes[nesting_mode],
    min_items: min_items ?? 0,
    max_items: max_items ?? 0,
  })),
});

/** The protocol's values are MessagePack. */
const read = (dynamic: unknown): Json | null =>
  decodeMsgpack((dynamic as { msgpack: Uint8Array }).msgpack) as Json | null;

const write = (value: Json | null): Json => ({ msgpack: encodeMsgpack(value) });

const account = "123456789012";
const region = "eu-central-1";

/** Services in the ARNs of resources, and what stands before the name there. */
const arns: Readonly<Record<string, string>> = {
  aws_cloudwatch_event_rule: `arn:aws:events:${region}:${account}:rule/`,
  aws_cloudwatch_log_group: `arn:aws:logs:${region}:${account}:log-group:`,
  aws_cloudwatch_metric_alarm: `arn:aws:cloudwatch:${region}:${account}:alarm:`,
  aws_dynamodb_table: `arn:aws:dynamodb:${region}:${account}:table/`,
  aws_iam_role: `arn:aws:iam::${account}:role/`,
  aws_lambda_function: `arn:aws:lambda:${region}:${account}:function:`,
  aws_s3_bucket: "arn:aws:s3:::",
  aws_security_group: `arn:aws:ec2:${region}:${account}:security-group/`,
  aws_sqs_queue: `arn:aws:sqs:${region}:${account}:`,
};

/** What AWS would say of a resource after its creation; `null` is a resource that goes. */
function made(type: string, value: Json | null): Json | null {
  if (!value) return null;
  const names = ["name", "function_name", "bucket", "alarm_name", "name_prefix"].map(each => value[each]);
  const name = names.find(each => typeof each === "string") ?? "made";
  const known: Json = {
    id: type === "aws_sqs_queue" ? `https://sqs.${region}.amazonaws.com/${account}/${name}` : name,
    arn: `${arns[type] ?? `arn:aws:none:${region}:${account}:`}${name}`,
    url: `https://sqs.${region}.amazonaws.com/${account}/${name}`,
    function_url: `https://${name}.lambda-url.${region}.on.aws/`,
    account_id: account,
    partition: "aws",
    region,
    vpc_id: "vpc-1",
    ...(type.startsWith("aws_region") && { name: region }),
  };
  return withComputed(type, value, key => known[key] ?? null);
}

/** Fills in what the user does not say and AWS would; before something is made, that is not known. */
function withComputed(type: string, value: Json | null, fill: (key: string) => unknown): Json | null {
  if (!value) return null;
  const attributes = (resource_schemas[type] ?? data_source_schemas[type])?.attributes ?? {};
  const filled = Object.entries(attributes)
    .filter(([key, { computed }]) => computed && (value[key] == null || value[key] === unknown))
    .map(([key]) => [key, fill(key)]);
  return { ...value, ...Object.fromEntries(filled) };
}

function answer(path: string, body: Uint8Array): Buffer | undefined {
  const method = path.slice(path.lastIndexOf("/") + 1);
  if (!path.startsWith("/tfplugin5.Provider/") || method === "GetMetadata" || method.startsWith("GetResourceIdentity"))
    return undefined;
  const handle = methods[method] ?? (() => ({}));
  const request = messages.get(`${method}Request`)
    ? messages.lookupType(`${method}Request`)
    : messages.lookupType("Empty");
  const response = messages.get(`${method}Response`)
    ? messages.lookupType(`${method}Response`)
    : messages.lookupType("Empty");
  const reply = response.encode(response.fromObject(handle(request.decode(body) as unknown as Json))).finish();
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(reply.length, 1);
  return Buffer.concat([frame, reply]);
}

export interface StandIn {
  /** Makes Terraform use it in the place of the real provider. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Serves Terraform on a port of this computer until it is closed. */
export async function startProvider(): Promise<StandIn> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on("session", session => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {}); // Terraform hangs up when it has what it wanted
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      if (stream.destroyed) return;
      const reply = answer(String(headers[":path"]), Buffer.concat(chunks).subarray(5));
      const status = reply ? "0" : "12"; // unimplemented
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
      stream.end(reply ?? Buffer.alloc(0));
    });
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on a port
  const reattach = {
    Protocol: "grpc",
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: "tcp", String: `127.0.0.1:${port}` },
  };
  return {
    environment: { TF_REATTACH_PROVIDERS: JSON.stringify({ "registry.terraform.io/hashicorp/aws": reattach }) },
    close() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/**
 * Writes the schemas of the resources that the module uses, as `terraform providers schema -json` would print them, from the
 * package @cdktf/provider-aws, which is generated from the whole schema of Terraform's AWS provider. Run it when the module uses
 * another resource:
 *
 *     npm pack @cdktf/provider-aws@21.22.1 && tar xzf cdktf-provider-aws-*.tgz
 *     node infra/terraform/testing/reduce-schema.ts package && npm run format
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { AttributeSchema, BlockSchema, ProviderSchema } from "./schema.ts";

const resources = [
  "cloudwatch_dashboard",
  "cloudwatch_event_rule",
  "cloudwatch_event_target",
  "cloudwatch_log_account_policy",
  "cloudwatch_log_group",
  "cloudwatch_log_subscription_filter",
  "cloudwatch_metric_alarm",
  "dynamodb_table",
  "iam_role",
  "iam_role_policy",
  "kinesis_stream_consumer",
  "lambda_event_source_mapping",
  "lambda_function",
  "lambda_function_event_invoke_config",
  "lambda_function_url",
  "lambda_permission",
  "s3_bucket",
  "s3_bucket_lifecycle_configuration",
  "s3_bucket_notification",
  "s3_bucket_policy",
  "s3_bucket_public_access_block",
  "s3_bucket_server_side_encryption_configuration",
  "scheduler_schedule",
  "security_group",
  "sns_topic_subscription",
  "sqs_queue",
  "sqs_queue_policy",
  "sqs_queue_redrive_policy",
  "vpc_security_group_egress_rule",
];
const dataSources = ["caller_identity", "partition", "region", "subnet"];

/** The TypeScript that a file of the package was compiled from: its comments say what is computed, optional and required. */
function sourceOf(folder: string, name: string): string {
  const text = readFileSync(path.join(folder, "lib", name.replaceAll("_", "-"), "index.js"), "utf8");
  const map = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(text)?.[1];
  if (!map) throw new Error(`${name} should have a source map, got none`);
  const { sourcesContent } = JSON.parse(Buffer.from(map, "base64").toString()) as { sourcesContent: string[] }; // of every source map
  return sourcesContent[0] ?? "";
}

/** What stands between a line that starts with the text and the next one that ends a function or a class. */
function section(source: string, start: string): string {
  const from = source.indexOf(start);
  if (from < 0) throw new Error(`the source should have ${start}, got none`);
  return source.slice(from, source.indexOf("\n}", from));
}

const simpleTypes: Readonly<Record<string, AttributeSchema["type"]>> = {
  string: "string",
  number: "number",
  boolean: "bool",
  stringList: ["list", "string"],
  numberList: ["list", "number"],
  stringMap: ["map", "string"],
  getStringAttribute: "string",
  getNumberAttribute: "number",
  getNumberListAttribute: ["list", "number"],
  getBooleanAttribute: "bool",
  getListAttribute: ["list", "string"],
  getStringMapAttribute: ["map", "string"],
  StringMap: ["map", "string"],
};

interface Entry {
  readonly mapper: string;
  readonly isBlock: boolean;
  readonly kind: string;
  readonly storage: string;
}

/** Arguments by their names, from the function that writes them as HCL. */
function entriesOf(text: string): Map<string, Entry> {
  const pattern =
    /\n\s+(\w+): \{\n\s+value: (.+),\n\s+isBlock: (\w+),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)",/g;
  return new Map(
    [...text.matchAll(pattern)].map(([, name = "", mapper = "", isBlock, kind = "", storage = ""]) => [
      name,
      { mapper, isBlock: isBlock === "true", kind, storage },
    ]),
  );
}

/** One block: the class says what is required, the function which types its arguments have. */
function blockOf(source: string, classText: string, entriesText: string): BlockSchema {
  const entries = entriesOf(entriesText);
  const attributes: Record<string, AttributeSchema> = {};
  const blocks: Record<string, BlockSchema["block_types"][string]> = {};
  for (const [whole, name = "", computed, optional, required] of classText.matchAll(
    /\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)/g,
  )) {
    const entry = entries.get(name);
    const flags = {
      ...(required === "true" && { required: true }),
      ...(optional === "true" && { optional: true }),
      ...(computed === "true" && { computed: true }),
    };
    if (!entry || !entry.isBlock) {
      const getter =
        /(?:this\.|new cdktf\.)(get\w+|StringMap)\(/.exec(classText.slice(classText.indexOf(whole)))?.[1] ?? "";
      const type = simpleTypes[entry?.storage ?? getter];
      if (entry && !type) throw new Error(`${name} should have a simple type, got ${entry.storage}`);
      if (type)
        attributes[name] = { type: entry?.kind === "set" && Array.isArray(type) ? ["set", type[1]] : type, ...flags };
      continue;
    }
    const inner = /(\w+)ToHclTerraform/.exec(entry.mapper)?.[1];
    if (!inner) throw new Error(`${name} should name the function that writes it, got ${entry.mapper}`);
    const className = `${inner.charAt(0).toUpperCase()}${inner.slice(1)}OutputReference`;
    const block = blockOf(
      source,
      section(source, `export class ${className} `),
      section(source, `export function ${inner}ToHclTerraform(`),
    );
    const many = entry.mapper.includes("listMapper");
    blocks[name] = {
      nesting_mode: entry.kind === "struct" ? "single" : entry.kind === "set" ? "set" : "list",
      block,
      ...(required === "true" && entry.kind !== "struct" && { min_items: 1 }),
      ...(!many && entry.kind !== "struct" && { max_items: 1 }),
    };
  }
  return { attributes, block_types: blocks };
}

function resourceOf(folder: string, file: string): BlockSchema {
  const source = sourceOf(folder, file);
  const classText = section(
    source,
    source.match(/export class \w+ extends cdktf\.Terraform(Resource|DataSource)/)?.[0] ?? "?",
  );
  return blockOf(source, classText, classText);
}

const folder = process.argv[2] ?? "package";
const { version, cdktf } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
const schema: ProviderSchema = {
  made_from: `@cdktf/provider-aws ${version}`,
  provider_version: cdktf.provider.version,
  resource_schemas: Object.fromEntries(resources.map(name => [`aws_${name}`, resourceOf(folder, name)])),
  data_source_schemas: Object.fromEntries(
    dataSources.map(name => [`aws_${name}`, resourceOf(folder, `data-aws-${name}`)]),
  ),
};
writeFileSync(path.join(import.meta.dirname, "aws-schema.json"), `${JSON.stringify(schema)}\n`);

/** What pages show of the construct compiles: one run of the compiler for all blocks, spans and props. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { blocksOf, root, type Snippet, spansOf } from "./snippets.ts";

const pages = [
  "README.md",
  "docs/dead-letters.md",
  "docs/deploy-aws.md",
  "docs/hand-over.md",
  "docs/log-groups.md",
  "docs/remote-configuration.md",
  "docs/s3-objects.md",
];

/** What readers have already, where a snippet does not say. */
const given = `
import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { type Connections, Port, type Vpc } from "aws-cdk-lib/aws-ec2";
import type { IRole, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IStream } from "aws-cdk-lib/aws-kinesis";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import type { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { IQueue } from "aws-cdk-lib/aws-sqs";
import { Amalgam, type AmalgamProps, LogGroupSubscriber, type LogGroupSubscriberProps } from "amalgam/cdk";
declare const stack: Stack, vpc: Vpc, role: IRole, statement: PolicyStatement, stream: IStream, group: ILogGroup, bucket: Bucket;
declare const secret: Secret, topic: ITopic, queue: IQueue, redis: { readonly connections: Connections };
`;
const made = `
declare const collector: import("amalgam/cdk").Amalgam, subscriber: import("amalgam/cdk").LogGroupSubscriber;
`;

/** Those with imports are whole files, others go on from there. */
function moduleOf({ text }: Snippet): string {
  if (/^export /m.test(text)) return text;
  const imported = [...text.matchAll(/^import \{(.*?)\}/gm)].flatMap(([, names = ""]) =>
    names.split(",").map(each => each.trim()),
  );
  const lines = given
    .split("\n")
    .filter(line => !imported.some(name => line.startsWith("import") && line.includes(name)));
  const imports = [...text.matchAll(/^import .*$/gm)].map(([line]) => line);
  const statements = text.replaceAll(/^import .*$/gm, "");
  const known = /\bconst collector\b/.test(text) ? "" : made;
  return [...lines, ...imports, known, "export class App extends Stack { made() {", statements, "} }"].join("\n");
}

/** A call or a property of what is made, or props of the construct. */
function statementOf({ text }: Snippet): string | undefined {
  if (text.includes("…")) return undefined;
  if (/^(collector|subscriber|redis|Amalgam|ScheduleExpression|RemovalPolicy)\.[a-zA-Z]/.test(text)) {
    return /\.(zip|mjs)$/.test(text) ? undefined : `void ${text};`;
  }
  if (/^\w+: (true|false|"|\[|\{|\w+$)/.test(text))
    return `void ({ ${text} } satisfies Partial<AmalgamProps> | Partial<LogGroupSubscriberProps>);`;
  return undefined;
}

/** Names in the first column of the table of props. */
function propsIn(page: string): string[] {
  const [, table = ""] = /^## Props\n(.*?)^## /ms.exec(readFileSync(path.join(root, page), "utf8")) ?? [];
  return [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
  );
}

test("pages show what compiles, and all props of the construct", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-snippets-"));
  try {
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
    const files = new Map<string, string>();
    const add = ({ page, line }: Pick<Snippet, "page" | "line">, kind: string, text: string) =>
      files.set(`${page.replaceAll(/\W/g, "-")}-${line}-${kind}.ts`, text);
    for (const page of pages) {
      for (const block of blocksOf(page, "ts")) add(block, "block", moduleOf(block));
      const statements = spansOf(page).flatMap(each => {
        const statement = statementOf(each);
        return statement === undefined ? [] : [`    ${statement} // ${each.page}:${each.line}`];
      });
      if (statements.length)
        add(
          { page, line: 0 },
          "spans",
          [given, made, "export class App extends Stack { made() {", ...statements, "} }"].join("\n"),
        );
    }
    const props = propsIn("docs/deploy-aws.md");
    expect(props).toContain("config");
    const table = props.map(name => `${name}: true`).join(", ");
    add(
      { page: "docs/deploy-aws.md", line: 0 },
      "props",
      `import type { AmalgamProps } from "amalgam/cdk";\nexport const props: Record<keyof AmalgamProps, true> = { ${table} };\n`,
    );
    expect(files.size).toBeGreaterThan(pages.length);
    for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
    const tsconfig = {
      extends: path.join(root, "tsconfig.json"),
      compilerOptions: {
        noUnusedLocals: false,
        paths: { "amalgam/cdk": [path.join(root, "infra/cdk/amalgam.ts")] },
        typeRoots: [path.join(root, "node_modules/@types")],
      },
      include: ["*.ts"],
      exclude: ["node_modules"],
    };
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const compiler = path.join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
    const ofPages = stdout
      .split("\n")
      .filter(line => /^\S*?(README|docs)-/.test(path.basename(line.split("(")[0] ?? "")) || /^error/.test(line));
    const explained = ofPages.map(line => {
      const [, name = "", at = ""] = /([^/]+\.ts)\((\d+)/.exec(line) ?? [];
      return `${line}\n    ${files.get(name)?.split("\n")[Number(at) - 1] ?? ""}`;
    });
    expect(explained).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);

/** Stacks for tests, in folders that vanish. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { App, type CfnElement, Stack } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import { afterAll, vi } from "vitest";
import { Amalgam, type AmalgamProps } from "./amalgam.ts";
import { Places } from "./places.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-cdk-"));
vi.setConfig({ testTimeout: 120_000 }); // each collector is bundled by a process of its own
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** A file with a configuration. */
export function write(text: string, name = `${files++}.alloy`): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** An empty stack. */
export function emptyStack(): Stack {
  const app = new App({ outdir: path.join(folder, `${files++}.out`), analyticsReporting: false });
  return new Stack(app, "Shop");
}

/** A stack with the collector of a configuration. */
export function synthesize(text: string, props: Partial<AmalgamProps> = {}, stack = emptyStack()) {
  return { stack, collector: new Amalgam(stack, "Collector", { config: write(text), ...props }) };
}

/** What a collector knows before its functions. */
export function placesForTests(): Places {
  const places = new Places();
  places.set("log-group-names:functions", "/aws/lambda/a,/aws/lambda/b");
  return places;
}

interface L2 {
  readonly node: { readonly defaultChild?: unknown };
}

/** The logical id of the resource that a construct is around. */
export function idOf(stack: Stack, construct: L2 | undefined): string {
  if (!construct) throw new Error("the construct should exist, got none");
  return stack.resolve(stack.getLogicalId(construct.node.defaultChild as CfnElement)) as string; // an L2 construct is around one resource
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** Statements of roles that allow something. */
export const allowed = (template: Template): Statement[] =>
  Object.values(template.findResources("AWS::IAM::Policy"))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]) // what a policy document is made of
    .filter(({ Effect }) => Effect === "Allow");

/** Who may call functions besides roles that are allowed to: principals of their own policies. */
export const invokers = (template: Template): unknown[] =>
  Object.values(template.findResources("AWS::Lambda::Permission")).map(({ Properties }) => Properties.Principal);

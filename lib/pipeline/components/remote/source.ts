/** What every value source does: the first read at the load, the next ones when the value is older than its period. */
import { messageOf } from "../../delivery/errors.ts";
import { type ExportType, map, secret } from "../../eval/types.ts";
import { Secret } from "../../eval/value.ts";
import type { Host, Instance, Needs } from "../../graph/component.ts";

/** Bytes that a value may have. */
export const maxValueBytes = 16 * 1024 * 1024;

export interface ValueSource<Exports> {
  readonly read: () => Promise<Exports>;
  /** Age at which a value is read again; 0: never. A function is asked after the first read. */
  readonly everyMs: number | (() => number);
  /** What the health says after a read, and before the reason of one that failed. */
  readonly healthy: string;
  readonly failed: string;
  readonly needs?: Needs;
  /** Exported where nothing may be read. */
  readonly standIn: Exports;
  /** Exported where the first read fails, which then does not fail the load. */
  readonly orElse?: Exports;
  readonly close?: () => Promise<void>;
}

/** Reads for the first time; a failure fails the load. A later one keeps the last value and is in the health. */
export async function startSource<Exports>(host: Host, source: ValueSource<Exports>): Promise<Instance<Exports>> {
  const { healthy, failed, needs, standIn, orElse, close } = source;
  const rest = { ...(needs && { needs }), ...(close && { close }) };
  if (host.offline) return { exports: standIn, ...rest };
  const read = async (): Promise<Exports> => {
    try {
      return await source.read();
    } catch (cause) {
      throw new Error(failed ? `${failed}: ${messageOf(cause)}` : messageOf(cause), { cause });
    }
  };
  const run = async () => {
    host.setExports(await read());
    host.reportHealth("healthy", healthy);
  };
  const refresh = () => {
    const everyMs = typeof source.everyMs === "number" ? source.everyMs : source.everyMs();
    return everyMs > 0 ? { refresh: { everyMs, run } } : {};
  };
  try {
    const exports = await read();
    host.reportHealth("healthy", healthy);
    return { exports, ...refresh(), ...rest };
  } catch (error) {
    if (orElse) {
      host.reportHealth("unhealthy", messageOf(error));
      return { exports: orElse, ...refresh(), ...rest };
    }
    await close?.();
    throw error;
  }
}

/** Fields that are secrets; a map is a value of the language already, so that stand-ins stay what they are. */
export const secretFields: ExportType<ReadonlyMap<string, Secret>> = { ...map(secret), encode: fields => fields };

/** The fields of a secret whose text is a JSON object; none where it is not. What is no string keeps its spelling in JSON. */
export function fieldsOf(text: string): ReadonlyMap<string, Secret> {
  if (!/^\s*\{/.test(text)) return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return new Map(); // any text may be a secret
  }
  if (typeof parsed !== "object" || parsed === null) return new Map();
  const spelled = ([name, value]: [string, unknown]) =>
    [name, new Secret(typeof value === "string" ? value : JSON.stringify(value))] as const;
  return new Map(Object.entries(parsed).map(spelled));
}

/** A recorded case: its configuration, what is sent and served, and what must arrive. */
import { readFileSync } from "node:fs";
import path from "node:path";

export interface CaseInput {
  readonly send?: readonly Send[];
  readonly pages?: Readonly<Record<string, Page | readonly Page[]>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly none?: boolean;
  readonly all?: boolean;
  readonly relTs?: boolean;
  readonly distinct?: boolean;
  readonly ignoreMetadata?: boolean;
  readonly seen?: readonly string[];
  readonly sinkSeen?: readonly string[];
  readonly sinkStatus?: readonly number[];
  /** Requests at the sink after which a case with pages is over. */
  readonly requests?: number;
  /** Milliseconds without a request after which it is over, and after which it is over in any case. */
  readonly quiet?: number;
  readonly most?: number;
}

export interface Send {
  readonly url: string;
  readonly method?: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
  readonly rw?: object;
  readonly rw2?: object;
  readonly raw?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pause?: number;
}

export interface Page {
  readonly text?: string;
  readonly base64?: string;
  readonly type?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly hang?: boolean;
}

/** The ports that a case's files name: those that it sends to, the sink's and the pages'. */
export function portsOf(input: CaseInput): readonly number[] {
  const sent = (input.send ?? []).map(({ url }) => Number(new URL(url).port));
  return [...new Set([...sent, 19_000, 19_001])];
}

/** Replaces whole numbers by others. */
export function replacePorts(text: string, ports: ReadonlyMap<number, number>): string {
  return text.replace(/\d{4,5}/g, (digits, at: number) => {
    const alone = !/[\d.]/.test(text[at - 1] ?? "") && !/\d/.test(text[at + digits.length] ?? "");
    return alone ? String(ports.get(Number(digits)) ?? digits) : digits;
  });
}

export const readJson = (folder: string, name: string): unknown =>
  JSON.parse(readFileSync(path.join(folder, name), "utf8"));

/** `{{NOW}}`, `{{NOW-5000}}` in milliseconds and `{{NOWS+60}}` in seconds become times. */
export const fillTimes = (text: string): string =>
  text.replace(/\{\{NOW(S?)([+-]\d+)?\}\}/g, (_, seconds: string, offset = "0") =>
    String(seconds ? Math.floor(Date.now() / 1000) + Number(offset) : Date.now() + Number(offset)),
  );

/**
 * Where a writer sends a letter again.
 *
 *     replay: letter => replayTo(host.id, writers, letter),
 */

import type { DeadLetter, LetterFormat } from "../delivery/dead-letters.ts";
import type { Replay } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import type { Signal } from "../graph/trigger.ts";

/** One place that a component sends to. */
export interface ReplayEndpoint {
  readonly destination: string;
  /** Reads a letter; throws where it can't. */
  replay(letter: DeadLetter): { readonly items: number; send(invocation: Invocation): Promise<void> };
}

/**
 * Sends a letter where it was to go. A letter of another component goes to all endpoints, as data does, if none is its own; so
 * does one whose component has a single endpoint, which may have got another URL.
 */
export function replayTo(id: string, endpoints: readonly ReplayEndpoint[], letter: DeadLetter): Replay {
  const same = endpoints.filter(({ destination }) => destination === letter.destination).slice(0, 1);
  const chosen = same.length ? same : endpoints;
  const names = endpoints.map(({ destination }) => destination).join(", ");
  if (!chosen.length) throw new Error(`${id} should have an endpoint, got none`);
  if (chosen.length > 1 && letter.component === id)
    throw new Error(`${id} should have an endpoint at ${letter.destination}, got ${names}`);
  const parts = chosen.map(each => each.replay(letter));
  return {
    destinations: chosen.map(({ destination }) => destination),
    items: parts.reduce((most, { items }) => Math.max(most, items), 0),
    send: async invocation => {
      const settled = await Promise.allSettled(parts.map(part => part.send(invocation)));
      for (const each of settled) if (each.status === "rejected") throw each.reason;
    },
  };
}

/** A body is larger than any request that a writer makes. */
export const letterLimit = { maxBytes: 256 * 1024 * 1024 };

/** What a letter's body is; of old letters by who wrote them. */
export function formatOf({ format, component, contentType, destination }: DeadLetter): LetterFormat | undefined {
  if (format) return format;
  const name = component.slice(component.lastIndexOf("/") + 1);
  if (name.startsWith("loki.write.")) return "loki";
  if (name.startsWith("prometheus.remote_write."))
    return contentType.includes("v2.Request") ? "remote_write_v2" : "remote_write_v1";
  const [, signal] = /\/v1\/(logs|metrics|traces)$/.exec(destination) ?? [];
  if (!name.startsWith("otelcol.") || !signal) return undefined;
  const kind = `otlp_${signal as Signal}` as const; // by the expression
  return contentType === "application/json" ? `${kind}_json` : kind;
}

/** The error of a letter that a component can't read. */
export const notA = (what: string, letter: DeadLetter): Error =>
  new Error(`the letter should be ${what}, got ${formatOf(letter) ?? letter.contentType} of ${letter.component}`);

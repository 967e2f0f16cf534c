/** Which components go together: one exports what another takes. */
import { type Bodies, reachable } from "./model.ts";
import type { Neighbours } from "./page.ts";
import type { ReferenceComponent } from "./reference.ts";

/** Types that lead from one component to another, with what they carry. */
const flows: Readonly<Record<string, { readonly gives: string; readonly takes: string }>> = {
  "any(loki.LogsReceiver)": { gives: "Sends log entries to", takes: "Gets log entries from" },
  "any(storage.Appendable)": { gives: "Sends samples to", takes: "Gets samples from" },
  "any(otelcol.Consumer)": { gives: "Sends telemetry to", takes: "Gets telemetry from" },
};

/** Values that are exported and used, against the direction of data. */
const values: Readonly<Record<string, { readonly exported: string; readonly used: string }>> = {
  "capsule(discovery.Target)": { exported: "Targets for", used: "Targets from" },
  "capsule(relabel.Rules)": { exported: "Rules for", used: "Rules from" },
  "capsule(*auth.Handler)": { exported: "Authentication for", used: "Authentication by" },
  "capsule(alloytypes.OptionalSecret)": {
    exported: "Content for any argument that takes a text or a secret",
    used: "",
  },
};

export function neighboursOf(own: ReferenceComponent, all: readonly ReferenceComponent[]): readonly Neighbours[] {
  const taking = (type: string) => names(all.filter(each => each.name !== own.name && takes(each).has(type)));
  const giving = (type: string) => names(all.filter(each => each.name !== own.name && gives(each).has(type)));
  const ownTakes = takes(own);
  const ownGives = gives(own);
  return [
    ...Object.entries(flows).flatMap(([type, words]) => [
      ...(ownGives.has(type) ? [{ text: words.takes, names: taking(type) }] : []),
      ...(ownTakes.has(type) ? [{ text: words.gives, names: giving(type) }] : []),
    ]),
    ...Object.entries(values).flatMap(([type, words]) => [
      ...(ownGives.has(type) && words.used !== "" ? [{ text: words.exported, names: taking(type) }] : []),
      ...(ownTakes.has(type) ? [{ text: words.used, names: giving(type) }] : []),
    ]),
  ];
}

const names = (list: readonly ReferenceComponent[]): string[] => list.map(({ name }) => name);

/** The types inside of lists and maps. */
const core = (type: string): string =>
  type.replace(/^(?:(?:list|map)\()+(.+?)\)*$/, (_, inner: string) => balanced(inner));

/** Closes what the list's own brackets left open. */
const balanced = (text: string): string => text + ")".repeat(text.split("(").length - text.split(")").length);

const takes = ({ bodies }: ReferenceComponent): ReadonlySet<string> => typesIn(bodies ?? {});

function typesIn(bodies: Bodies): ReadonlySet<string> {
  const usable = reachable(bodies).flatMap(([, body]) => body.arguments);
  return new Set(usable.filter(({ refused }) => refused === undefined).map(({ type }) => core(type)));
}

const gives = ({ exports }: ReferenceComponent): ReadonlySet<string> =>
  new Set((exports ?? []).map(({ type }) => core(type)));

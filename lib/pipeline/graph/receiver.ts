/** Receivers in the language: the capsules through which one component hands batches to another. */
import { at, mismatch } from "../eval/convert.ts";
import { Mismatch, type ObjectSchema, type Type } from "../eval/schema.ts";
import { type ExportType, encode } from "../eval/types.ts";
import { Capsule, type Value } from "../eval/value.ts";
import type { Consumer } from "./component.ts";

/** What the graph must know of the telemetry behind a receiver. */
export interface ReceiverKind<Batch> {
  /** As in the language: `loki.LogsReceiver`. */
  readonly type: string;
  /** Entries, samples, spans, records, points. */
  count(batch: Batch): number;
  /** An independent copy for a consumer that writes; absent where batches are readonly. */
  fork?(batch: Batch): Batch;
}

export interface ReceiverType<Batch> extends Type<Consumer<Batch>> {
  readonly receiverKind: ReceiverKind<Batch>;
}

/** A component's way in. */
export const receiver = <Batch>(kind: ReceiverKind<Batch>): ReceiverType<Batch> => ({
  name: `any(${kind.type})`,
  receiverKind: kind,
  decode(value) {
    if (value instanceof Capsule && value.type === kind.type) return value.value as Consumer<Batch>; // the type's name stands for the batch
    if (value instanceof Capsule)
      throw new Mismatch(`expected capsule(${JSON.stringify(kind.type)}), got capsule(${JSON.stringify(value.type)})`);
    throw mismatch(value, "capsule");
  },
});

/** Puts a gate in front of a receiver that is exported under a name. */
export type GateFactory = <Batch>(
  name: string,
  kind: ReceiverKind<Batch>,
  consumer: Consumer<Batch>,
) => Consumer<Batch>;

/** A component's exports as the object that expressions see. */
export function encodeExports(
  schema: ObjectSchema<unknown>,
  exports: unknown,
  gate: GateFactory,
): ReadonlyMap<string, Value> {
  const given = exports as Readonly<Record<string, unknown>>; // built by the component from this schema
  const result = new Map<string, Value>();
  for (const [name, field] of Object.entries(schema.fields)) {
    const value = given[name];
    if (field.kind !== "attribute" || value === undefined) continue;
    const type = field.type as ExportType<unknown> | ReceiverType<unknown>; // exports are made of these two
    if ("receiverKind" in type) {
      const consumer = gate(name, type.receiverKind, value as Consumer<unknown>); // typed by the schema
      result.set(name, new Capsule(type.receiverKind.type, consumer));
    } else
      result.set(
        name,
        at(name, () => encode(type, value)),
      );
  }
  return result;
}

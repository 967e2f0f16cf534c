/** `array.*`: lists of objects joined and grouped; parts keep their identity, so messages point at what the user wrote. */
import { boundComparisons, boundParts } from "../bounds.ts";
import { fieldsOf, mismatch } from "../convert.ts";
import { partMismatch, UnplacedError } from "../explain.ts";
import { madeOf } from "../parts.ts";
import { Mismatch } from "../schema.ts";
import { Capsule, FunctionValue, type Kind, kindOf, OptionalSecret, Secret, type Value } from "../value.ts";
import { namespace } from "./define.ts";

function expectKind<K extends Kind>(args: readonly Value[], index: number, kind: K): void {
  const value = args[index] ?? null;
  if (kindOf(value) !== kind) throw new Mismatch(mismatch(value, kind).message, [index]);
}

export const concat = new FunctionValue("concat", args => {
  for (let i = 0; i < args.length; i++) expectKind(args, i, "array");
  const lists = args as readonly (readonly Value[])[]; // checked above
  if (lists.length === 1) return lists[0] ?? [];
  boundParts(lists.reduce((sum, list) => sum + list.length, 0));
  return madeOf(lists.flat(1), step => {
    let index = Number(step);
    for (const container of lists) {
      if (index < container.length) return { container, step: index };
      index -= container.length;
    }
    return undefined;
  });
});

/** The fields of each item of a list that is an argument. */
function objects(args: readonly Value[], index: number): readonly ReadonlyMap<string, Value>[] {
  const list = args[index] as readonly Value[]; // checked by the caller
  return list.map((item, i) => {
    const fields = fieldsOf(item);
    if (!fields) throw partMismatch(mismatch(item, "object").message, [index, i]);
    return fields;
  });
}

export const combineMaps = new FunctionValue("combine_maps", args => {
  if (args.length !== 3 && args.length !== 4) {
    throw new UnplacedError(`combine_maps: expected 3 or 4 arguments, got ${args.length}`);
  }
  expectKind(args, 0, "array");
  const left = objects(args, 0);
  expectKind(args, 1, "array");
  const right = objects(args, 1);
  expectKind(args, 2, "array");
  const keys = joinKeys(args);
  if (args.length === 4) expectKind(args, 3, "bool");
  const passThrough = args[3] === true;
  const originals = args[0] as readonly Value[]; // checked above
  const result: Value[] = [];
  let parts = 0;
  boundComparisons(left.length * right.length * keys.length);
  left.forEach((fields, i) => {
    for (const others of right) {
      const joins = keys.every(key => identical(fields.get(key), others.get(key)));
      if (!joins && !passThrough) continue;
      parts += joins ? 1 + fields.size + others.size : 1;
      boundParts(parts);
      result.push(joins ? new Map([...fields, ...others]) : (originals[i] ?? null));
    }
  });
  return result;
});

function joinKeys(args: readonly Value[]): readonly string[] {
  const keys = args[2] as readonly Value[]; // checked by the caller
  if (!keys.length) throw new Mismatch("combine_maps: merge conditions must not be empty", [2]);
  return keys.map((key, i) => {
    if (typeof key !== "string") throw new Mismatch(mismatch(key, "string").message, [2, i]);
    return key;
  });
}

/** Stricter than `==`: integers and floats differ, lists and objects are never the same, what is missing matches nothing. */
function identical(left: Value | undefined, right: Value | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (left instanceof Secret) return right instanceof Secret && left.reveal() === right.reveal();
  if (left instanceof OptionalSecret) {
    return right instanceof OptionalSecret && left.isSecret === right.isSecret && left.reveal() === right.reveal();
  }
  if (left instanceof Capsule) return right instanceof Capsule && left.value === right.value;
  return (left === null || typeof left !== "object") && left === right;
}

export const groupBy = new FunctionValue("group_by", args => {
  if (args.length !== 3) throw new UnplacedError(`group_by: expected 3 arguments, got ${args.length}`);
  expectKind(args, 0, "array");
  expectKind(args, 1, "string");
  expectKind(args, 2, "bool");
  const key = args[1] as string; // checked above
  const list = args[0] as readonly Value[]; // as above
  const groups = new Map<string, Value[]>();
  list.forEach((item, i) => {
    const fields = fieldsOf(item);
    if (!fields) throw partMismatch(mismatch(item, "object").message, [0, i]);
    const value = fields.get(key);
    if (value === undefined && args[2] === true) return;
    if (value !== undefined && typeof value !== "string") {
      throw partMismatch(mismatch(value, "string").message, [0, i, key]);
    }
    const group = groups.get(value ?? "");
    const object = item instanceof Map ? item : new Map(fields);
    if (group) group.push(object);
    else groups.set(value ?? "", [object]);
  });
  return Array.from(
    groups,
    ([value, items]) =>
      new Map<string, Value>([
        [key, value],
        ["items", items],
      ]),
  );
});

export const array = namespace({ concat, combine_maps: combineMaps, group_by: groupBy });

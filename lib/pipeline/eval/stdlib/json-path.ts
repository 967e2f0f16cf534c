/** `json_path`: the JSONPath dialect of Go's ojg, which Alloy uses. */

import { at, toText } from "../convert.ts";
import { FunctionValue, type Value } from "../value.ts";
import { expectCount } from "./define.ts";
import { holds } from "./json-path-equation.ts";
import { type Fragment, parsePath } from "./json-path-parser.ts";
import { parseOj } from "./oj.ts";

export const jsonPath = new FunctionValue("json_path", args => {
  expectCount(args, 2);
  const text = at(0, () => toText(args[0] ?? null));
  const path = parsePath(at(1, () => toText(args[1] ?? null)));
  const data = parseOj(text);
  return select(path, data);
});

const maxFound = 1_000_000;

/** Stands on the stack above the values that the fragment with this number comes next for. */
class Mark {
  readonly fragment: number;
  /** Whether `..` has looked into the value already, and whether it came there from above. */
  readonly opened: boolean;
  readonly inner: boolean;
  constructor(fragment: number, opened = false, inner = false) {
    this.fragment = fragment;
    this.opened = opened;
    this.inner = inner;
  }
}

/**
 * All that a path leads to, by ojg's own way over a stack: behind a fragment that finds several values, `..` looks into the
 * first of them only.
 */
function select(path: readonly Fragment[], data: Value): Value[] {
  const found: Value[] = [];
  if (path.length === 0) return found;
  const stack: (Value | Mark)[] = [data, new Mark(0)];
  let number = 0;
  while (stack.length > 1) {
    const value = stack.at(-2) ?? null;
    const mark = stack.pop();
    if (value instanceof Mark) {
      number = value.fragment;
      continue;
    }
    stack[stack.length - 1] = mark as Mark; // a mark stands above each value
    const fragment = path[number];
    if (!fragment) continue;
    const last = number === path.length - 1;
    if (fragment.kind === "descent") descend(value, last, stack, found);
    else {
      const parts = partsBy(fragment, value, data);
      if (last) for (const part of parts) found.push(part);
      else for (const part of parts.toReversed()) if (goesOn(fragment, part)) stack.push(part);
    }
    if (found.length > maxFound || stack.length > maxFound)
      throw new Error(`the path finds more than ${maxFound} values`);
    if (!last && !(stack.at(-1) instanceof Mark)) stack.push(new Mark(++number));
  }
  return found;
}

const isContainer = (value: Value | Mark): boolean => Array.isArray(value) || value instanceof Map;

/** Scalars have no parts, so most fragments leave them behind. */
const goesOn = ({ kind }: Fragment, part: Value): boolean =>
  kind === "root" || kind === "current" || kind === "filter" || isContainer(part);

function partsBy(fragment: Exclude<Fragment, { kind: "descent" }>, value: Value, root: Value): readonly Value[] {
  switch (fragment.kind) {
    case "root":
      return [root];
    case "current":
      return [value];
    case "key":
      return pick(fragment.name, value);
    case "index":
      return pick(fragment.index, value);
    case "union":
      return fragment.members.flatMap(each => pick(each, value));
    case "wildcard":
      return partsOf(value);
    case "slice":
      return Array.isArray(value) ? slice(value, fragment.bounds) : [];
    case "filter":
      return partsOf(value).filter(part => holds(fragment.equation, part, root, (path, from) => select(path, from)));
    default:
      return fragment satisfies never;
  }
}

function pick(member: string | number, value: Value): readonly Value[] {
  if (typeof member === "string") {
    const field = value instanceof Map ? value.get(member) : undefined;
    return field === undefined ? [] : [field];
  }
  const item = Array.isArray(value) ? value.at(member) : undefined;
  return item === undefined ? [] : [item];
}

function partsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  return value instanceof Map ? [...value.values()] : [];
}

/** Inner containers come before the ones around them. At the end of a path `..` means all parts, and then the whole. */
function descend(value: Value, last: boolean, stack: (Value | Mark)[], found: Value[]): void {
  const mark = stack.at(-1) as Mark; // select has just put it there
  if (mark.opened) {
    if (!last) stack.push(value);
    else if (!mark.inner) found.push(value);
    return;
  }
  stack[stack.length - 1] = value;
  stack.push(new Mark(mark.fragment, true, mark.inner));
  const parts = partsOf(value);
  if (last) for (const part of parts) found.push(part);
  for (const part of parts.toReversed()) if (isContainer(part)) stack.push(part, new Mark(mark.fragment, false, true));
}

/** Start and end may be missing, count from the end, or lie outside. */
function slice(list: readonly Value[], [from, to, by = 1]: readonly (number | undefined)[]): readonly Value[] {
  const size = list.length;
  const backwards = by < 0;
  let start = from ?? (backwards ? size - 1 : 0);
  if (start < 0) start = Math.max(0, size + start);
  else if (start >= size) {
    if (!backwards) return [];
    start = size - 1;
  }
  let end = to ?? (backwards ? 0 : size - 1);
  if (to !== undefined) {
    // given ends are not part of the slice, but those that lie before a list that is walked backwards are
    const given = to < 0 ? size + to : to;
    if (given < 0 && !backwards) return [];
    if (given < 0) end = 0;
    else if (given >= size) end = size - 1;
    else end = backwards ? given + 1 : given - 1;
    if (end >= size) return [];
  }
  const out: Value[] = [];
  if (by > 0) for (let i = start; i <= end; i += by) out.push(list[i] ?? null);
  else if (by < 0) for (let i = start; i >= end; i += by) out.push(list[i] ?? null);
  return out;
}

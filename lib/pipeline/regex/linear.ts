/**
 * The engine of linear time: explores a pattern's instructions so that none is run twice at one place of the input. Short
 * inputs go to a backtracker that marks where it was (as Go's bit-state one), long ones to Pike's simulation, whose memory
 * does not grow with the input. Both find the match that a backtracking search would find first.
 */
import { contains } from "./charset.ts";
import { type CharTest, opAssert, opMatch, opSave, opSet, opSplit, type Program } from "./program.ts";

/** Positions of the match and its groups, `[start, end, …]`, -1 where a group took no part. */
export type Slots = Int32Array;

export interface LinearRegex {
  /** The leftmost match that begins at `from` or after it. */
  run(text: string, from: number): Slots | undefined;
}

/** Bits that the backtracker may mark: 1 MiB. */
const defaultMarks = 1 << 23;

export interface LinearOptions {
  /** What a match may begin with; `undefined` where it may be empty. */
  readonly first: CharTest | undefined;
  /** What a match must begin with; may be empty. */
  readonly prefix: string;
  /** A match begins at the start of the text only. */
  readonly anchored: boolean;
  /** How many bits the backtracker may mark. */
  readonly maxMarks?: number;
}

export function linearRegex(program: Program, options: LinearOptions): LinearRegex {
  const { maxMarks = defaultMarks } = options;
  return {
    run: (text, from) => {
      if (options.anchored && from > 0) return undefined;
      const marks = program.ops.length * (text.length - from + 1);
      return marks <= maxMarks ? backtrack(program, options, text, from) : simulate(program, options, text, from);
    },
  };
}

const isWord = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;

/** Assertions by their code in program.ts. */
function holds(code: number, text: string, at: number): boolean {
  switch (code) {
    case 0:
      return at === 0;
    case 1:
      return at === text.length;
    case 2:
      return at === 0 || text.charCodeAt(at - 1) === 10;
    case 3:
      return at === text.length || text.charCodeAt(at) === 10;
    default:
      return (isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at))) === (code === 4); // NaN beyond the ends is no word
  }
}

const accepts = (test: CharTest, code: number): boolean =>
  code < 128 ? test.ascii[code] === 1 : contains(test.set, code);

/** The code point at a place; 0xD800 and above needs the slower reading for surrogate pairs. */
function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 0xd800 || code > 0xdbff ? code : (text.codePointAt(at) as number); // at is within the text
}

let marks = new Uint32Array(1024);
let stack = new Int32Array(1024);

function backtrack(program: Program, options: LinearOptions, text: string, from: number): Slots | undefined {
  const words = ((program.ops.length * (text.length - from + 1)) >>> 5) + 1;
  if (marks.length < words) marks = new Uint32Array(2 * words);
  else marks.fill(0, 0, words);
  const slots = new Int32Array(program.slots).fill(-1);
  const { first, prefix, anchored } = options;
  for (let start = from; start <= text.length; start++) {
    if (prefix !== "" && !anchored) {
      start = text.indexOf(prefix, start);
      if (start < 0) return undefined;
    }
    const code = start < text.length ? codeAt(text, start) : -1;
    if (!first || (code >= 0 && accepts(first, code))) {
      if (explore(program, text, from, start, slots)) return slots;
    }
    if (anchored) return undefined;
    if (code > 0xffff) start++;
  }
  return undefined;
}

/** Follows the first choices and comes back to the others, restoring the slots on the way. */
function explore(program: Program, text: string, base: number, start: number, slots: Slots): boolean {
  const { ops, xs, ys, sets } = program;
  const width = text.length - base + 1;
  let top = 0;
  const push = (a: number, b: number) => {
    if (top + 2 > stack.length) {
      const larger = new Int32Array(2 * stack.length);
      larger.set(stack);
      stack = larger;
    }
    stack[top++] = a;
    stack[top++] = b;
  };
  push(program.start, start);
  while (top > 0) {
    let at = stack[--top] as number; // below top
    let pc = stack[--top] as number;
    if (pc < 0) {
      slots[~pc] = at;
      continue;
    }
    for (;;) {
      const bit = pc * width + at - base;
      const mask = 1 << (bit & 31);
      const word = marks[bit >>> 5] as number; // sized for all
      if (word & mask) break;
      marks[bit >>> 5] = word | mask;
      const x = xs[pc] as number; // pc is an instruction
      const op = ops[pc];
      if (op === opSet) {
        if (at >= text.length) break;
        const code = codeAt(text, at);
        if (!accepts(sets[x] as CharTest, code)) break; // x is a set
        at += code > 0xffff ? 2 : 1;
      } else if (op === opSplit) {
        push(ys[pc] as number, at);
        pc = x;
        continue;
      } else if (op === opSave) {
        push(~x, slots[x] as number); // x is a slot
        slots[x] = at;
      } else if (op === opAssert) {
        if (!holds(x, text, at)) break;
      } else return true;
      pc = ys[pc] as number;
    }
  }
  return false;
}

/** Threads at one place of the input, in order of priority, each with its own slots. */
class Threads {
  readonly list: Int32Array;
  readonly #places: Int32Array;
  readonly slots: Int32Array;
  size = 0;

  constructor(program: Program) {
    this.list = new Int32Array(program.ops.length);
    this.#places = new Int32Array(program.ops.length);
    this.slots = new Int32Array(program.ops.length * program.slots);
  }

  /** Adds an instruction, false if it is there already. */
  add(pc: number): boolean {
    const place = this.#places[pc] as number; // pc is an instruction
    if (place < this.size && this.list[place] === pc) return false;
    this.#places[pc] = this.size;
    this.list[this.size++] = pc;
    return true;
  }
}

function simulate(program: Program, options: LinearOptions, text: string, from: number): Slots | undefined {
  const { ops, xs, ys, sets, slots: width } = program;
  let current = new Threads(program);
  let next = new Threads(program);
  let found: Slots | undefined;
  const scratch = new Int32Array(width);
  for (let at = from; at <= text.length; ) {
    if (current.size === 0 && options.prefix !== "" && !options.anchored) {
      at = text.indexOf(options.prefix, at);
      if (at < 0) break;
    }
    const code = at < text.length ? codeAt(text, at) : -1;
    const mayStart = !found && (!options.anchored || at === 0);
    if (mayStart && (!options.first || (code >= 0 && accepts(options.first, code)))) {
      scratch.fill(-1);
      follow(program, current, program.start, text, at, scratch);
    }
    if (current.size === 0 && (found || options.anchored)) break;
    const step = code > 0xffff ? 2 : 1;
    next.size = 0;
    for (let i = 0; i < current.size; i++) {
      const pc = current.list[i] as number; // below the size
      if (ops[pc] === opMatch) {
        found = current.slots.slice(pc * width, (pc + 1) * width);
        break; // what comes after has less priority
      }
      if (ops[pc] !== opSet || code < 0 || !accepts(sets[xs[pc] as number] as CharTest, code)) continue; // x is a set
      scratch.set(current.slots.subarray(pc * width, (pc + 1) * width));
      follow(program, next, ys[pc] as number, text, at + step, scratch);
    }
    [current, next] = [next, current];
    at += step;
  }
  return found;
}

/** Adds an instruction and all that it leads to without taking a character. */
function follow(
  program: Program,
  threads: Threads,
  start: number,
  text: string,
  at: number,
  scratch: Int32Array,
): void {
  const { ops, xs, ys, slots: width } = program;
  const pending = [start, 0];
  while (pending.length > 0) {
    const value = pending.pop() as number; // pushed in pairs
    let pc = pending.pop() as number;
    if (pc < 0) {
      scratch[~pc] = value;
      continue;
    }
    for (;;) {
      if (!threads.add(pc)) break;
      const x = xs[pc] as number; // pc is an instruction
      const op = ops[pc];
      if (op === opSplit) {
        pending.push(ys[pc] as number, 0);
        pc = x;
        continue;
      }
      if (op === opSave) {
        pending.push(~x, scratch[x] as number); // x is a slot
        scratch[x] = at;
      } else if (op === opAssert) {
        if (!holds(x, text, at)) break;
      } else {
        threads.slots.set(scratch, pc * width);
        break;
      }
      pc = ys[pc] as number;
    }
  }
}

/** What the schemas of blocks that configure the process have in common. */
import { formatDuration } from "../eval/duration.ts";
import type { ObjectSchema } from "../eval/schema.ts";
import type { WordType } from "../eval/types.ts";
import type { Block } from "../syntax/ast.ts";
import type { Problem } from "./component.ts";
import { locateInBlock } from "./locate.ts";

/** Empty text is the same as no attribute. */
export const orEmpty = <W extends string>(type: WordType<W>): WordType<W> => ({
  ...type,
  decode: value => (value === "" ? (undefined as unknown as W) : type.decode(value)), // a field that may be undefined anyway
});

/** Adds what a schema can't say. Where values are not known, as when a file is only checked, nothing is said of them. */
export const checked = <T>(schema: ObjectSchema<T>, check: (args: T) => Iterable<Problem>): ObjectSchema<T> => ({
  ...schema,
  decodeBody(body, owner, context) {
    if (context.inspect) return schema.decodeBody(body, owner, context);
    let complete = true;
    const args = schema.decodeBody(body, owner, {
      report: (...found) => {
        complete = false;
        context.report(...found);
      },
      reportMismatch: (...found) => {
        complete = false;
        context.reportMismatch(...found);
      },
      evaluate: expr => {
        const value = context.evaluate(expr);
        complete &&= value !== undefined;
        return value;
      },
    });
    if (!complete) return args;
    for (const { path, message } of check(args)) context.report(locateInBlock(owner as Block, path), message); // of a block's body
    return args;
  },
});

/** As Go writes it: `1m30s`. */
export const goDuration = (ms: number): string => formatDuration(BigInt(Math.round(ms * 1e6)));

/** Ids from bytes or hex text. */

import type { Getter } from "../context.ts";
import { fail } from "../error.ts";
import { any } from "../params.ts";
import { Id, type OttlValue, typeName } from "../value.ts";
import { define, type FunctionTable } from "./define.ts";

const idOf = (kind: "TraceID" | "SpanID" | "ProfileID", size: number) => {
  const read = (value: OttlValue): Id => {
    if (value instanceof Uint8Array) {
      if (value.length === size) return new Id(kind, Buffer.from(value).toString("hex"));
      return fail(`${kind} should have ${size} bytes, got ${value.length}`);
    }
    if (typeof value !== "string") return fail(`${kind} should be made of bytes or hex text, got ${typeName(value)}`);
    if (value.length !== size * 2 || !/^[0-9a-fA-F]*$/.test(value))
      return fail(`${kind} should have ${size * 2} hex digits, got ${JSON.stringify(value)}`);
    return new Id(kind, value.toLowerCase());
  };
  return define({
    params: { bytes: any },
    pure: "strict",
    build:
      ({ bytes }): Getter =>
      context =>
        read(bytes(context)),
  });
};

export const ids: FunctionTable = {
  TraceID: idOf("TraceID", 16),
  SpanID: idOf("SpanID", 8),
  ProfileID: idOf("ProfileID", 16),
};

/** `file.*`. */
import { posix } from "node:path";
import { boundText } from "../bounds.ts";
import { toText } from "../convert.ts";
import { FunctionValue } from "../value.ts";
import { argument, namespace } from "./define.ts";

/** Empty parts are skipped; a later absolute part does not start anew. */
export const pathJoin = new FunctionValue("path_join", args => {
  const parts = args.map((_, i) => argument(args, i, toText)).filter(part => part !== "");
  if (!parts.length) return "";
  boundText(parts.reduce((sum, part) => sum + part.length + 1, -1));
  const path = posix.normalize(parts.join("/"));
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
});

export const file = namespace({ path_join: pathJoin });

/** What readers of JSON over HTTP have in common. */
import type { HttpResponse } from "../../delivery/http.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export type Fields = Readonly<Record<string, unknown>>;

export const isHttpUrl = (text: string): boolean => /^https?:\/\/./i.test(text) && URL.canParse(text);

/** The object that an answer is; `undefined` for anything else. */
export function objectOf({ body }: Pick<HttpResponse, "body">): Fields | undefined {
  try {
    return fieldsIn(JSON.parse(Buffer.from(body).toString()));
  } catch {
    return undefined; // the caller tells; the body may hold secrets
  }
}

/** The fields of what may be an object. */
export const fieldsIn = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined; // just looked at

/** `: first: second`, of those parts that are texts; only their first lines. */
export const reasonOf = (...parts: readonly unknown[]): string =>
  parts
    .filter(part => typeof part === "string" && part !== "")
    .map(part => `: ${String(part).split("\n")[0]}`)
    .join("");

export interface Token {
  readonly text: string;
  /** Until it ends. */
  readonly seconds: number;
}

/** Keeps a token until half a minute before its end. Gives the value of the `Authorization` header. */
export function keepToken(fetch: () => Promise<Token>, now: () => number): () => Promise<string> {
  let known = { header: "", until: 0 };
  return async () => {
    if (now() < known.until) return known.header;
    const asked = now();
    const { text, seconds } = await fetch();
    known = { header: `Bearer ${text}`, until: asked + (seconds - 30) * 1000 };
    return known.header;
  };
}

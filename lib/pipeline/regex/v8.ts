/** A pattern in V8's hands, with the bounds in which it may stay there. */
import { leadingLoop, maxNativeLength } from "./cost.ts";
import { type Translation, translate } from "./native.ts";
import type { RegexMatch } from "./regex.ts";
import type { Node } from "./syntax.ts";

/** A pattern that V8 runs on some texts: which ones depends on their length and on whether they are a single line. */
export class V8Regex {
  readonly maxLength: number;
  readonly #general: V8Program;
  readonly #generalLength: number;
  readonly #line: V8Program;

  /** `undefined` where V8 would find something else, take too long on short texts already, or refuses the pattern. */
  static from(root: Node): V8Regex | undefined {
    const translation = translate(root);
    const regex = translation && new V8Regex(root, translation);
    return regex && regex.maxLength > 0 && regex.#general.compiles() ? regex : undefined;
  }

  private constructor(root: Node, translation: Translation) {
    const loop = leadingLoop(root);
    const sticky = loop === "any";
    const stickyLine = loop !== undefined;
    this.#generalLength = maxNativeLength(root, { singleLine: false, sticky });
    this.maxLength = maxNativeLength(root, { singleLine: true, sticky: stickyLine });
    this.#general = new V8Program(translation, sticky);
    this.#line = sticky === stickyLine ? this.#general : new V8Program(translation, stickyLine);
  }

  forText(text: string): V8Program | undefined {
    const { length } = text;
    if (length <= this.#generalLength && (this.#line === this.#general || length < 64)) return this.#general;
    if (length <= this.maxLength && !text.includes("\n")) return this.#line;
    return length <= this.#generalLength ? this.#general : undefined;
  }
}

class V8Program {
  readonly #source: string;
  readonly #flags: string;
  readonly #sticky: boolean;
  readonly #search: RegExp;
  #from: RegExp | undefined;
  #indexed: RegExp | undefined;

  constructor({ source, flags }: Translation, sticky: boolean) {
    this.#source = source;
    this.#flags = flags;
    this.#sticky = sticky;
    // Sticky at the start of the text is the same as an anchor, and V8 is faster without `lastIndex`.
    this.#search = new RegExp(sticky ? `^(?:${source})` : source, flags);
  }

  /** False where V8 finds the pattern too large. */
  compiles(): boolean {
    try {
      this.#search.test("");
      return true;
    } catch {
      return false;
    }
  }

  test(text: string): boolean {
    return this.#search.test(text);
  }

  exec(text: string, from: number): RegexMatch | null {
    // V8's array has all that a RegexMatch has; its type does not know of groups that take no part.
    if (from === 0) return this.#search.exec(text) as RegexMatch | null;
    this.#from ??= new RegExp(this.#source, this.#flags + (this.#sticky ? "y" : "g"));
    this.#from.lastIndex = from;
    return this.#from.exec(text) as RegexMatch | null; // as above
  }

  indices(text: string, from: number): number[] | null {
    this.#indexed ??= new RegExp(this.#source, `${this.#flags}d${this.#sticky ? "y" : "g"}`);
    this.#indexed.lastIndex = from;
    const found = this.#indexed.exec(text);
    if (!found) return null;
    const slots: number[] = [];
    for (const pair of found.indices ?? []) slots.push(pair?.[0] ?? -1, pair?.[1] ?? -1); // a group may be missing
    return slots;
  }
}

/** The W3C trace state, with OpenTelemetry's member `ot=rv:…;th:…` read. */
import { type Bits56, isLess, randomnessText, readRandomness, readThreshold, thresholdText } from "./threshold.ts";

const maxLength = 1024;
const maxMembers = 32;
const simpleKey = /^[a-z][a-z0-9_\-*/]*$/;
const tenantKey = /^[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}$/;
const memberValue = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const ownMember = /^[a-z][a-z0-9]*:[a-zA-Z0-9._-]*(?:;[a-z][a-z0-9]*:[a-zA-Z0-9._-]*)*$/;

/** What is written to items that come without a state, `ot=rv:…;th:…`: encoded once, but for the digits of `rv`. */
export class OwnState {
  readonly #bytes: Uint8Array;

  constructor(threshold: Bits56) {
    this.#bytes = new Uint8Array(Buffer.from(`ot=rv:${randomnessText(threshold)};th:${thresholdText(threshold)}`));
  }

  /** The state for a randomness; the next one is written over it. */
  with({ high, low }: Bits56): Uint8Array {
    this.#write(6, high);
    this.#write(13, low);
    return this.#bytes;
  }

  /** Seven hex digits. */
  #write(at: number, value: number): void {
    const bytes = this.#bytes;
    for (let i = at + 6; i >= at; i--, value >>>= 4) bytes[i] = hexDigits[value & 15] as number; // has sixteen
  }
}

const hexDigits = new Uint8Array(Buffer.from("0123456789abcdef"));

export class TraceState {
  randomness: Bits56 | undefined;
  threshold: Bits56 | undefined;
  #randomnessText = "";
  #thresholdText = "";
  /** Other values in `ot`. */
  readonly #own: string[] = [];
  /** Other members. */
  readonly #others: string[] = [];

  /** Reads a state; `undefined` for one that can't be read. */
  static read(text: string): TraceState | undefined {
    const state = new TraceState();
    if (text === "") return state;
    if (text.length > maxLength) return undefined;
    const members = text.split(",").map(member => member.replace(/^[ \t]+|[ \t]+$/g, ""));
    if (members.length >= maxMembers) return undefined;
    return members.every(member => member === "" || state.#readMember(member)) ? state : undefined;
  }

  #readMember(member: string): boolean {
    const equals = member.indexOf("=");
    const key = member.slice(0, Math.max(equals, 0));
    const value = member.slice(equals + 1);
    if (!(simpleKey.test(key) && key.length <= 256) && !tenantKey.test(key)) return false;
    if (!memberValue.test(value)) return false;
    if (key === "ot") return this.#readOwn(value);
    this.#others.push(member);
    return true;
  }

  #readOwn(text: string): boolean {
    if (text.length > 256 || !ownMember.test(text)) return false;
    for (const pair of text.split(";")) {
      const colon = pair.indexOf(":");
      const value = pair.slice(colon + 1);
      switch (pair.slice(0, colon)) {
        case "rv":
          this.randomness = readRandomness(value);
          if (!this.randomness) return false;
          this.#randomnessText = value;
          break;
        case "th":
          this.threshold = readThreshold(value);
          if (!this.threshold) return false;
          this.#thresholdText = value;
          break;
        default:
          this.#own.push(pair);
      }
    }
    return true;
  }

  setRandomness(randomness: Bits56): void {
    this.randomness = randomness;
    this.#randomnessText = randomnessText(randomness);
  }

  clearThreshold(): void {
    this.threshold = undefined;
    this.#thresholdText = "";
  }

  /** Raises the threshold; it never goes down, as what was not sampled before can't come back. */
  raiseThreshold(threshold: Bits56): void {
    if (this.threshold && isLess(threshold, this.threshold)) return;
    this.threshold = threshold;
    this.#thresholdText = thresholdText(threshold);
  }

  toString(): string {
    const own = [
      ...(this.#randomnessText !== "" ? [`rv:${this.#randomnessText}`] : []),
      ...(this.#thresholdText !== "" ? [`th:${this.#thresholdText}`] : []),
      ...this.#own,
    ];
    return [...(own.length ? [`ot=${own.join(";")}`] : []), ...this.#others].join(",");
  }
}

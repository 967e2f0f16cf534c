/**
 * Remembers that a destination takes nothing now, so that what comes meanwhile need not find out by waiting, too: it is let
 * through again after a while, each time a longer one.
 */
import { DeliveryError } from "./errors.ts";

const firstMs = 1000;
const mostMs = 60_000;

export class Outage {
  #error: DeliveryError | undefined;
  #waitMs = 0;
  #until = 0;
  #seenIn = "";

  /** Whether the last delivery failed. */
  get lasts(): boolean {
    return this.#error !== undefined;
  }

  /** Why nothing should be sent at this time. */
  blocks(now: number): DeliveryError | undefined {
    return now < this.#until ? this.#again(this.#until - now) : undefined;
  }

  /** Why nothing else of an invocation should be sent in which a delivery failed, since it would come before that. */
  blocksRestOf(invocation: string): DeliveryError | undefined {
    return this.#seenIn === invocation ? this.#again(this.#waitMs) : undefined;
  }

  failed(error: DeliveryError, now: number, invocation: string): void {
    this.#error = error;
    this.#seenIn = invocation;
    if (now < this.#until) return; // others that were under way
    this.#waitMs = Math.min(mostMs, Math.max(this.#waitMs * 2, firstMs, error.retryAfterMs ?? 0));
    this.#until = now + this.#waitMs;
  }

  ended(): void {
    this.#error = undefined;
    this.#waitMs = this.#until = 0;
    this.#seenIn = "";
  }

  #again(retryAfterMs: number): DeliveryError | undefined {
    if (!this.#error) return undefined;
    const { message, status, cause } = this.#error;
    return new DeliveryError(message, { kind: "retry", status, cause, retryAfterMs });
  }
}

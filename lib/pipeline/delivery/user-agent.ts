/** How requests name their sender; a file of its own, as it is all that some need of the clients. */
export const userAgent = "Amalgam/0.1.0";

/** In requests of writers in functions: which function sent them, by which it knows its own again. */
export const senderHeader = "amalgam-sender";

let sender: string | undefined;

/** The name of the function that runs this, as far as it is known; `undefined` elsewhere. */
export const senderName = (): string | undefined => sender;

/** Names this function by its ARN: other accounts and regions may have one of the same name, and a backend need not learn the account. */
export function nameSender(arn: string): void {
  const [name = "", ...rest] = arn.split(":").slice(0, 7).reverse(); // without an alias
  let hash = 0x811c9dc5; // FNV-1a
  for (const letter of rest.join()) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  sender = `${name}-${(hash >>> 0).toString(16)}`;
}

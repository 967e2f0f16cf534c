/** Recognises messages of CloudWatch Logs that hold the function's own log. */

/** How many events a message has, if it is of an own log; otherwise 0. Looks closer only where a name occurs. */
export function ownLogEvents(body: Uint8Array): number {
  const { AWS_LAMBDA_LOG_GROUP_NAME: own = "", AMALGAM_OWN_LOG_GROUPS: others = "" } = process.env;
  const groups = [own, ...others.split(",")].filter(Boolean);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!groups.some(group => bytes.includes(JSON.stringify(group)))) return 0;
  try {
    const { logGroup, logEvents } = JSON.parse(bytes.toString("utf8")) as Readonly<Record<string, unknown>>;
    return groups.some(group => group === logGroup) && Array.isArray(logEvents) ? logEvents.length : 0;
  } catch {
    return 0; // the component says what is wrong with it
  }
}

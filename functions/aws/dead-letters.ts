/** Where a function puts what backends refuse for good, as `AMALGAM_DEAD_LETTERS` says; unset, it goes back to the trigger. */
import { environmentCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import { configurationHash, type DeadLetterSink, withConfiguration } from "../../lib/pipeline/delivery/dead-letters.ts";
import { letterPlace, letterPlaces } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import { cloudSink } from "../../lib/pipeline/delivery/dead-letters-send.ts";

/** The store, which is opened when the first letter comes. `configuration` names the configuration, or is its texts. */
export function functionLetters(
  configuration: string | readonly string[],
  text = process.env["AMALGAM_DEAD_LETTERS"],
): { readonly deadLetters?: DeadLetterSink } {
  if (!text) return {};
  const place = letterPlace(text);
  if (!place) throw new Error(`AMALGAM_DEAD_LETTERS should be ${letterPlaces}, got ${JSON.stringify(text)}`);
  let opened: DeadLetterSink | undefined;
  const put: DeadLetterSink["put"] = letter => {
    opened ??= cloudSink(place, environmentCredentials);
    return opened.put(letter);
  };
  const name = typeof configuration === "string" ? configuration : configurationHash(configuration);
  return { deadLetters: withConfiguration({ put }, name) };
}

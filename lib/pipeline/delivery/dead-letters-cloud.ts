/** Opens the stores of letters that are in a cloud. In a function it comes later: most never write a letter. */
import type { LetterBox } from "./dead-letters.ts";
import type { LetterPlace } from "./dead-letters-place.ts";
import { s3DeadLetters } from "./dead-letters-s3.ts";
import { type SqsLettersOptions, sqsDeadLetters } from "./dead-letters-sqs.ts";

/** `marks` remembers what was replayed from a queue. Nothing is connected before the first call. */
export function openCloudLetters(place: LetterPlace, marks?: SqsLettersOptions["marks"]): LetterBox {
  if (place.kind === "s3") return s3DeadLetters(place);
  const { queueUrl, larger } = place;
  return sqsDeadLetters({ queueUrl, larger: larger && s3DeadLetters(larger), marks });
}

/** Opens stores of letters in a cloud to look into them and to replay from them. */
import { awsCredentials } from "./aws-credentials.ts";
import { endpointOf, regionOf } from "./aws-endpoints.ts";
import type { LetterBox } from "./dead-letters.ts";
import type { LetterPlace } from "./dead-letters-place.ts";
import { s3DeadLetters } from "./dead-letters-s3.ts";
import { type LetterMarks, sqsDeadLetters } from "./dead-letters-sqs.ts";

/** `marks` remembers what was replayed from a queue. Nothing is connected before the first call. */
export function openCloudLetters(place: LetterPlace, marks?: LetterMarks): LetterBox {
  const stsUrl = endpointOf("", "STS");
  const credentials = awsCredentials({ region: regionOf(""), ...(stsUrl !== undefined && { stsUrl }) });
  return place.kind === "s3" ? s3DeadLetters(place, credentials) : sqsDeadLetters(place, { credentials, marks });
}

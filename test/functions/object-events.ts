/** Recorded events that tell of objects of S3: `functions/aws/objects.test.ts` and an example of the reference show them. */
export const objectEvents: readonly string[] = [
  "eventbridge-s3",
  "malformed/s3-no-key",
  "s3",
  "s3-new-fields",
  "s3-removed",
  "s3-several",
  "s3-test",
  "sns-s3",
  "sqs-eventbridge-s3",
  "sqs-s3",
  "sqs-s3-handed-on",
  "sqs-s3-otlp",
  "sqs-s3-test",
  "sqs-sns-s3",
];

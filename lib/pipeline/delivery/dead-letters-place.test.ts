import { expect, test } from "vitest";
import { letterPlace } from "./dead-letters-place.ts";

const queueUrl = "https://sqs.eu-central-1.amazonaws.com/123456789012/letters";

test.for([
  { it: "a bucket", text: "s3://letters", place: { kind: "s3", bucket: "letters", prefix: "" } },
  { it: "a prefix", text: "s3://letters/shop/eu", place: { kind: "s3", bucket: "letters", prefix: "shop/eu" } },
  { it: "slashes around it", text: "s3://letters//shop/", place: { kind: "s3", bucket: "letters", prefix: "shop" } },
  { it: "a queue", text: `sqs:${queueUrl}`, place: { kind: "sqs", queueUrl, larger: undefined } },
  {
    it: "a queue with a bucket",
    text: `sqs:${queueUrl},s3://letters/large`,
    place: { kind: "sqs", queueUrl, larger: { bucket: "letters", prefix: "large" } },
  },
  { it: "a queue in order, whose groups would wait for each other", text: `sqs:${queueUrl}.fifo`, place: undefined },
  { it: "a queue by its name", text: "sqs:letters", place: undefined },
  { it: "a queue without its name", text: "sqs:https://sqs.eu-central-1.amazonaws.com/", place: undefined },
  { it: "a queue with something else", text: `sqs:${queueUrl},letters`, place: undefined },
  { it: "no bucket", text: "s3://", place: undefined },
  { it: "two buckets", text: "s3://a,s3://b", place: undefined },
  { it: "a folder", text: "letters", place: undefined },
  { it: "another scheme", text: "gs://letters", place: undefined },
])("$it", ({ text, place }) => {
  expect(letterPlace(text)).toEqual(place);
});

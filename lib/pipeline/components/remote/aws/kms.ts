/** Decrypts a text with a key of AWS KMS, so that a secret may stand in a configuration: who can't use the key can't read it. */
import { defaultBlock, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { duration, map, secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import { fieldsOf, secretFields } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import { account, arnRegion, awsClientArgs, partition } from "./client.ts";
import { awsValueInFunctions, awsValueProblems, startAwsValue } from "./value.ts";

const args = object({
  ciphertext: required(string, "What `aws kms encrypt` gives, in base64."),
  key_id: required(string, "ARN or id of the key. An alias names no key that a permission could be for."),
  encryption_context: optional(map(string), {}, "What was given when it was encrypted."),
  poll_frequency: optional(duration, "1h", "Age at which it is decrypted again; 0 decrypts it once."),
  client: defaultBlock(awsClientArgs, "How to reach AWS."),
});
type Args = Infer<typeof args>;

const service = { name: "kms", variable: "KMS", target: "TrentService" };

export const remoteAwsKms = defineComponent({
  name: "remote.aws.kms",
  summary: "Decrypts a text with a key of AWS KMS and exports it and its fields.",
  stability: "generally-available",
  ours: true,
  inFunctions: awsValueInFunctions,
  args,
  exports: object({
    content: required(secret, "What was encrypted."),
    data: required(secretFields, "The fields of a JSON object; what is no string as JSON."),
  }),
  check: problemsOf,
  build(args, host) {
    const { ciphertext, key_id, encryption_context: context } = args;
    const input = {
      CiphertextBlob: ciphertext.replace(/\s/g, ""),
      KeyId: key_id,
      ...(context.size > 0 && { EncryptionContext: Object.fromEntries(context) }),
    };
    return startAwsValue(
      host,
      { ...args, kms_key: key_id.startsWith("arn:") ? key_id : keyArn(args) },
      {
        service,
        id: key_id,
        read: async client => exportsOf((await client.call("Decrypt", input))["Plaintext"]),
        permissions: [], // that of the key is all
        healthy: "decrypted",
        failed: `the text can't be decrypted with key ${JSON.stringify(key_id)}`,
        standIn: { content: new Secret(standInText), data: new StandInFields() },
      },
    );
  },
});

const keyArn = ({ key_id, client: { region } }: Args): string =>
  `arn:${partition}:kms:${arnRegion(region)}:${account}:key/${key_id}`;

function* problemsOf({ ciphertext, key_id, ...shared }: Args): Iterable<Problem> {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(ciphertext))
    yield { path: ["ciphertext"], message: "ciphertext should be base64 as aws kms encrypt gives it" };
  if (!/^arn:[^:]*:kms:[^:]*:[^:]*:key\/[\w-]+$|^[\w-]+$/.test(key_id))
    yield { path: ["key_id"], message: `key_id should be the ARN or the id of a key, got ${JSON.stringify(key_id)}` };
  yield* awsValueProblems({ ...shared, kms_key: "" });
}

function exportsOf(plaintext: unknown) {
  if (typeof plaintext !== "string") throw new Error("the answer should have a Plaintext, got none");
  const bytes = Buffer.from(plaintext, "base64");
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) throw new Error("it is binary, and should be text");
  return { content: new Secret(text), data: fieldsOf(text) };
}

import { expect, test } from "vitest";
import { hideCredentials } from "./credentials.ts";

test.for([
  {
    it: "hides a bearer token",
    headers: { authorization: "Bearer abc-123" },
    body: "invalid token abc-123, abc-123",
    out: "invalid token *******, *******",
  },
  { it: "hides a token without a scheme", headers: { authorization: "abc-123" }, body: "abc-123", out: "*******" },
  {
    it: "hides a password, plain and as it is sent",
    headers: { authorization: "Basic YWRhOnNlY3JldA==" },
    body: "ada:secret YWRhOnNlY3JldA==",
    out: "ada:****** ****************",
  },
  {
    it: "hides keys of other headers, each value",
    headers: { "x-api-key": ["key-one", "key-two"] },
    body: "key-two key-one",
    out: "******* *******",
  },
  {
    it: "keeps what other headers say",
    headers: { "x-scope-orgid": "tenant", "content-type": "text/plain" },
    body: "no tenant",
    out: "no tenant",
  },
  {
    it: "keeps what is too short to be secret",
    headers: { authorization: "Bearer no" },
    body: "nobody knows",
    out: "nobody knows",
  },
  {
    it: "hides characters of several bytes byte by byte",
    headers: { authorization: "Bearer schlüssel" },
    body: "der schlüssel",
    out: "der **********",
  },
])("$it", ({ headers, body, out }) => {
  expect(Buffer.from(hideCredentials(Buffer.from(body), headers)).toString()).toBe(out);
});

test("an answer without credentials is the same bytes", () => {
  const body = Buffer.from("too many requests");
  expect(hideCredentials(body, { "content-type": "text/plain" })).toBe(body);
});

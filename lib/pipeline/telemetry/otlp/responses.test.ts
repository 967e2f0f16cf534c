import { expect, test } from "vitest";
import { exportResponse, readExportResponse, statusResponse } from "./responses.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("a request that was taken as a whole is answered with an empty partial success", () => {
  expect(hex(exportResponse("traces", "protobuf"))).toBe("0a00");
  expect(text(exportResponse("traces", "json"))).toBe('{"partialSuccess":{}}');
});

test("what was rejected is counted under the signal's own name", () => {
  const partial = { rejected: 2n, errorMessage: "late" };
  expect(hex(exportResponse("logs", "protobuf", partial))).toBe("0a08080212046c617465");
  expect(text(exportResponse("traces", "json", partial))).toBe(
    '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"late"}}',
  );
  expect(text(exportResponse("logs", "json", partial))).toBe(
    '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"late"}}',
  );
  expect(text(exportResponse("metrics", "json", partial))).toBe(
    '{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"late"}}',
  );
});

test("a refusal is a status", () => {
  expect(hex(statusResponse("protobuf", 3, "bad"))).toBe("08031203626164");
  expect(text(statusResponse("json", 3, 'bad "x"'))).toBe('{"code":3,"message":"bad \\"x\\""}');
});

test("a backend's answer is read in either encoding", () => {
  const partial = { rejected: 5n, errorMessage: "too old" };
  for (const encoding of ["protobuf", "json"] as const) {
    expect(readExportResponse(encoding, exportResponse("metrics", encoding, partial))).toEqual(partial);
    expect(readExportResponse(encoding, exportResponse("logs", encoding))).toEqual({ rejected: 0n, errorMessage: "" });
    expect(readExportResponse(encoding, new Uint8Array(0))).toEqual({ rejected: 0n, errorMessage: "" });
  }
});

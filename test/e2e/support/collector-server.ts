/** A server of remote configurations, made with Connect's own library from the messages that grafana/alloy-remote-config publishes. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { create, createFileRegistry, type DescMessage, type DescService, toJson } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";

type FieldSpec = readonly [name: string, number: number, type: string];

const text = "string";
/** A map is a repeated message of its own, as protobuf writes it. */
const mapEntry = (name: string, value: string) =>
  message(
    name,
    [
      ["key", 1, text],
      ["value", 2, value],
    ],
    true,
  );
const file = ".collector.v1.";

function message(name: string, fields: readonly FieldSpec[], isMap = false, nested: object[] = []): object {
  return {
    name,
    field: fields.map(([field, number, type]) => fieldOf(field, number, type)),
    nestedType: nested,
    ...(isMap && { options: { mapEntry: true } }),
  };
}

function fieldOf(name: string, number: number, type: string): object {
  const simple = { string: Type.STRING, bool: Type.BOOL, bytes: Type.BYTES }[type];
  const repeated = type.startsWith("repeated ");
  const typeName = type.replace("repeated ", "");
  const kind = typeName.startsWith(`${file}RemoteConfigStatuses`) ? Type.ENUM : Type.MESSAGE;
  return {
    name,
    jsonName: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    number,
    label: repeated ? Label.REPEATED : Label.OPTIONAL,
    ...(simple === undefined ? { type: kind, typeName } : { type: simple }),
  };
}

const attributesOf = (owner: string): FieldSpec => [
  "local_attributes",
  4,
  `repeated ${file}${owner}.LocalAttributesEntry`,
];
const attributesEntry = mapEntry("LocalAttributesEntry", text);

const descriptors = create(FileDescriptorSetSchema, {
  file: [
    {
      name: "collector.proto",
      package: "collector.v1",
      syntax: "proto3",
      enumType: [
        {
          name: "RemoteConfigStatuses",
          value: ["UNSET", "APPLIED", "APPLYING", "FAILED"].map((name, number) => ({
            name: `RemoteConfigStatuses_${name}`,
            number,
          })),
        },
      ],
      messageType: [
        message(
          "GetConfigRequest",
          [
            ["id", 1, text],
            ["hash", 3, text],
            attributesOf("GetConfigRequest"),
            ["remote_config_status", 5, `${file}RemoteConfigStatus`],
            ["effective_config", 6, `${file}EffectiveConfig`],
          ],
          false,
          [attributesEntry],
        ),
        message("RemoteConfigStatus", [
          ["status", 1, `${file}RemoteConfigStatuses`],
          ["error_message", 2, text],
        ]),
        message("EffectiveConfig", [["config_map", 1, `${file}AgentConfigMap`]]),
        message("AgentConfigMap", [["config_map", 1, `repeated ${file}AgentConfigMap.ConfigMapEntry`]], false, [
          mapEntry("ConfigMapEntry", `${file}AgentConfigFile`),
        ]),
        message("AgentConfigFile", [
          ["body", 1, "bytes"],
          ["content_type", 2, text],
        ]),
        message("GetConfigResponse", [
          ["content", 1, text],
          ["hash", 2, text],
          ["not_modified", 3, "bool"],
        ]),
        message(
          "RegisterCollectorRequest",
          [["id", 1, text], ["name", 3, text], attributesOf("RegisterCollectorRequest")],
          false,
          [attributesEntry],
        ),
        message("RegisterCollectorResponse", []),
        message("UnregisterCollectorRequest", [["id", 1, text]]),
        message("UnregisterCollectorResponse", []),
      ],
      service: [
        {
          name: "CollectorService",
          method: ["GetConfig", "RegisterCollector", "UnregisterCollector"].map(name => ({
            name,
            inputType: `${file}${name}Request`,
            outputType: `${file}${name}Response`,
          })),
        },
      ],
    },
  ],
});

const registry = createFileRegistry(descriptors);
const service = registry.getService("collector.v1.CollectorService") as DescService; // described above

/** A call as JSON has it: `{ method: "GetConfig", id: "a", localAttributes: { … } }`. */
export interface Call {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
}

export interface CollectorServer {
  readonly url: string;
  readonly calls: readonly Call[];
  /** What is sent from now on; its hash is the text's own. */
  content: string;
  /** Refuses every call, as a server that has no database. */
  down: boolean;
  close(): Promise<void>;
}

/** Listens on a free port until the test is over, or on one that was freed. */
export async function startCollectorServer(content: string, port = 0): Promise<CollectorServer> {
  const calls: Call[] = [];
  let headers: IncomingHttpHeaders = {};
  const server: CollectorServer = { url: "", calls, content, down: false, close: () => closed() };
  const seen = (method: string, schema: DescMessage, request: never) => {
    calls.push({ method, request: toJson(schema, request) as Record<string, unknown>, headers }); // messages are objects
    if (server.down) throw new ConnectError("no database", Code.Unavailable);
  };
  const handlers = Object.fromEntries(
    service.methods.map(method => [
      method.localName,
      (request: { readonly hash?: string }) => {
        seen(method.name, method.input, request as never); // of this very schema
        if (method.name !== "GetConfig") return {};
        const hash = `hash of ${server.content}`;
        return request.hash === hash ? { notModified: true } : { content: server.content, hash };
      },
    ]),
  );
  const routes = (router: ConnectRouter) => router.service(service, handlers as never); // as the methods are named
  const answer = connectNodeAdapter({ routes });
  const http = createServer((request, response) => {
    headers = request.headers;
    answer(request, response);
  });
  await new Promise<void>(resolve => http.listen(port, "127.0.0.1", resolve));
  const closed = () =>
    new Promise<void>(resolve => {
      http.closeAllConnections();
      http.close(() => resolve());
    });
  Object.assign(server, { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` }); // listens on TCP
  onTestFinished(() => closed());
  return server;
}

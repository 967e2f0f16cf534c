/** The `http` and `grpc` blocks of components that listen as Loki's own server does. */
import { block, type Infer, object, optional, refusedBlock } from "../../../eval/schema.ts";
import { bool, duration, int, secret, string } from "../../../eval/types.ts";
import type { Problem } from "../../../graph/component.ts";
import type { Route, TlsListener } from "../../../graph/trigger.ts";
import { listenerTls, listenerTlsProblems } from "../../listener-tls.ts";

const tls = object({
  cert_pem: optional(string, undefined, "Server certificate in PEM."),
  key_pem: optional(secret, undefined, "Key of the certificate in PEM."),
  cert_file: optional(string, undefined, "File with the certificate."),
  key_file: optional(string, undefined, "File with the key."),
  client_auth_type: optional(
    string,
    undefined,
    "Whether clients must show a certificate, as Go names it: `RequireAndVerifyClientCert`.",
  ),
  client_ca_file: optional(string, undefined, "File with the CA certificates of clients."),
  client_ca: optional(string, undefined, "CA certificates of clients in PEM."),
  cipher_suites: optional(string, undefined, "Accepted; the runtime's secure suites are used."),
  min_version: optional(string, undefined, "Accepted; TLS 1.2 is the lowest that is spoken."),
});

const http2 = object({
  enabled: optional(bool, false, "Accepted; HTTP/1.1 is spoken."),
  max_handlers: optional(int, 0, "Accepted; HTTP/1.1 is spoken."),
  max_concurrent_streams: optional(int, 100, "Accepted; HTTP/1.1 is spoken."),
  max_decoder_header_table_size: optional(int, 4096, "Accepted; HTTP/1.1 is spoken."),
  max_encoder_header_table_size: optional(int, 4096, "Accepted; HTTP/1.1 is spoken."),
  max_read_frame_size: optional(int, 0, "Accepted; HTTP/1.1 is spoken."),
  permit_prohibited_ciphers: optional(bool, false, "Accepted; HTTP/1.1 is spoken."),
  idle_timeout: optional(duration, undefined, "Accepted; HTTP/1.1 is spoken."),
  read_idle_timeout: optional(duration, undefined, "Accepted; HTTP/1.1 is spoken."),
  ping_timeout: optional(duration, "15s", "Accepted; HTTP/1.1 is spoken."),
  write_byte_timeout: optional(duration, undefined, "Accepted; HTTP/1.1 is spoken."),
  max_upload_buffer_per_connection: optional(int, 0, "Accepted; HTTP/1.1 is spoken."),
  max_upload_buffer_per_stream: optional(int, 0, "Accepted; HTTP/1.1 is spoken."),
});

const http = object({
  listen_address: optional(string, "", "Address to listen on; empty is all."),
  listen_port: optional(int, 8080, "Port to listen on."),
  conn_limit: optional(int, 0, "Accepted; connections are not limited."),
  server_read_timeout: optional(duration, "30s", "Accepted; bodies are bounded by their size."),
  server_write_timeout: optional(duration, "30s", "Time until an answer must be given."),
  server_idle_timeout: optional(duration, "2m", "Accepted; the runtime closes idle connections."),
  tls: block(tls, "TLS of the listener."),
  http2: block(http2, "HTTP/2, which is not spoken."),
});

const forever = "2562047h47m16.854775807s";
const grpc = object({
  listen_address: optional(string, "", "Address to listen on."),
  listen_port: optional(int, 0, "Port to listen on."),
  conn_limit: optional(int, 0, "Most connections."),
  max_connection_age: optional(duration, forever, "Age of a connection."),
  max_connection_age_grace: optional(duration, forever, "Time to finish after that."),
  max_connection_idle: optional(duration, forever, "Idle time of a connection."),
  server_max_recv_msg_size: optional(int, 4194304, "Largest message."),
  server_max_send_msg_size: optional(int, 4194304, "Largest answer."),
  server_max_concurrent_streams: optional(int, 100, "Most streams of a connection."),
  tls: block(tls, "TLS of the listener."),
});

export const serverFields = {
  http: block(http, "The HTTP listener."),
  grpc: refusedBlock(grpc, "can't be served: functions answer HTTP only, push over HTTP", "The gRPC listener."),
  graceful_shutdown_timeout: optional(duration, "30s", "Accepted; requests that are under way are always finished."),
};

export type HttpServerArgs = Infer<typeof http>;
export const httpServer = http;

/** What is wrong with the `http` block, if there is one. */
export function* serverProblems({ http }: { readonly http: HttpServerArgs | undefined }): Iterable<Problem> {
  if (http?.tls) yield* listenerTlsProblems(http.tls, ["http", "tls"]);
  if (http && (http.listen_port < 0 || http.listen_port > 65_535))
    yield { path: ["http", "listen_port"], message: `listen_port should be from 0 to 65535, got ${http.listen_port}` };
}

/** Certificate and key of a listener, or nothing where it speaks plain HTTP. */
export const serverTls = ({ tls }: HttpServerArgs, directory: string): TlsListener | undefined =>
  tls && listenerTls(tls, directory, ["http", "tls"]);

/** The time for an answer; 0 is without limit, for which the listener has its own. */
export const answerTime = (ms: number): Pick<Route, "answerWithinMs"> => (ms > 0 ? { answerWithinMs: ms } : {});

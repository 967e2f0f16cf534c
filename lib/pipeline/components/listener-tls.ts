/** TLS of components that listen: certificates as text or from files, and what is asked of clients. */
import { messageOf } from "../delivery/errors.ts";
import { textReader } from "../delivery/secret-text.ts";
import type { Secret } from "../eval/value.ts";
import { type Problem, ProblemError } from "../graph/component.ts";
import type { ClientCertificates, TlsListener } from "../graph/trigger.ts";

export interface ListenerTlsArgs {
  readonly cert_pem: string | undefined;
  readonly cert_file: string | undefined;
  readonly key_pem: Secret | undefined;
  readonly key_file: string | undefined;
  readonly client_ca?: string | undefined;
  readonly client_ca_file: string | undefined;
  /** As Go names it. */
  readonly client_auth_type?: string | undefined;
}

type Path = readonly (string | number)[];

/** What Go calls the ways to treat clients' certificates. */
const clientAuthTypes: Readonly<Record<string, ClientCertificates | "none">> = {
  "": "none",
  NoClientCert: "none",
  RequestClientCert: "request",
  RequireAnyClientCert: "require-any",
  RequireClientCert: "require-any",
  VerifyClientCertIfGiven: "verify-if-given",
  RequireAndVerifyClientCert: "require-and-verify",
};

/** What can be told without reading a file; `path` leads to the `tls` block. */
export function* listenerTlsProblems(tls: ListenerTlsArgs, path: Path): Iterable<Problem> {
  const { cert_pem, cert_file, key_pem, key_file, client_ca, client_ca_file, client_auth_type: type } = tls;
  if (!cert_pem && !cert_file)
    yield { path, message: "tls should have a certificate, got neither cert_pem nor cert_file" };
  if (cert_pem && cert_file)
    yield { path, message: "tls should have one certificate, got both cert_pem and cert_file" };
  if (!key_pem?.reveal() && !key_file)
    yield { path, message: "tls should have a key, got neither key_pem nor key_file" };
  if (key_pem?.reveal() && key_file) yield { path, message: "tls should have one key, got both key_pem and key_file" };
  if (client_ca && client_ca_file)
    yield { path, message: "tls should have the clients' CA once, got both client_ca and client_ca_file" };
  if (type === undefined) return;
  const mode = Object.hasOwn(clientAuthTypes, type) ? clientAuthTypes[type] : undefined;
  if (mode === undefined) {
    const message = `client_auth_type should be one of ${Object.keys(clientAuthTypes).slice(1).join(", ")}, got ${JSON.stringify(type)}`;
    yield { path: [...path, "client_auth_type"], message };
  } else if (mode === "none" && (client_ca || client_ca_file)) {
    const message = "client CA's have been configured without a Client Auth Policy";
    yield { path: [...path, "client_auth_type"], message };
  }
}

/** Reads what valid arguments name; a file that can't be read is a problem at its argument. */
export function listenerTls(tls: ListenerTlsArgs, directory: string, path: Path): TlsListener {
  const read = (text: string | Secret | undefined, file: string | undefined, argument: string): string => {
    try {
      return textReader({ text, file, argument, directory })?.() ?? "";
    } catch (error) {
      throw new ProblemError(messageOf(error), [...path, argument]);
    }
  };
  const clientCa = read(tls.client_ca, tls.client_ca_file, "client_ca_file");
  // without a type of its own a CA is there to check clients with
  const mode = tls.client_auth_type ? clientAuthTypes[tls.client_auth_type] : clientCa && "require-and-verify";
  return {
    cert: read(tls.cert_pem, tls.cert_file, "cert_file"),
    key: read(tls.key_pem, tls.key_file, "key_file"),
    ...(clientCa !== "" && { clientCa }),
    ...(mode && mode !== "none" && { clientCertificates: mode }),
  };
}

/** What a function needs to read its configuration from where `AMALGAM_CONFIG` says; for the infrastructure. */
import { isAddress, remotePlace } from "./place.ts";

/** As plans of resources have permissions. */
export interface ConfigurationPermission {
  readonly actions: readonly string[];
  readonly resource: string;
  /** For a condition `StringEquals` on `s3:prefix`: nothing else of the bucket may be listed. */
  readonly prefix?: string;
  readonly reason: string;
}

/** Exactly the object, or the folder's objects and their list; nothing for a path, or for a server. Throws what is wrong with an address. */
export function configurationPermissions(text: string): readonly ConfigurationPermission[] {
  const place = isAddress(text) ? remotePlace(text) : undefined;
  if (place?.kind !== "s3") return [];
  const { bucket, key, folder, name } = place;
  const arn = `arn:\${AWS::Partition}:s3:::${bucket}`;
  const reason = `the configuration is read from ${name}`;
  if (!folder) return [{ actions: ["s3:GetObject"], resource: `${arn}/${key}`, reason }];
  return [
    { actions: ["s3:GetObject"], resource: `${arn}/${key}*.alloy`, reason },
    { actions: ["s3:ListBucket"], resource: arn, prefix: key, reason: `the files of ${name} are listed` },
  ];
}
